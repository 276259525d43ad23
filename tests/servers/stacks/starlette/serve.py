"""The site: ``python -m tests.servers.stacks.starlette.serve``.

Source: https://github.com/frankie567/starlette-csrf ("Usage", "Customize cookie name and header name").
"""

import json
import secrets
from collections.abc import Iterator

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette_csrf import CSRFMiddleware

from tests.servers.stacks.chat_page import chat_page
from tests.servers.stacks.ledger import LEDGER
from tests.servers.stacks.serving import Event, Receive, Send, serve

JOBS: dict[str, str] = {}


def page(_request: Request) -> Response:
    """The chat page. Whoever has no token yet gets one as a cookie."""
    LEDGER.count("pages")
    LEDGER.count("tokens")
    return HTMLResponse(chat_page("starlette"))


async def submit(request: Request) -> Response:
    """``{"turns": [["user", text], ...]}`` gets ``{"job": {"id": id}}``."""
    turns = (await request.json())["turns"]
    job = secrets.token_hex()
    JOBS[job] = LEDGER.answer([text for who, text in turns if who == "user"])
    return JSONResponse({"job": {"id": job}}, 202)


def events(request: Request) -> Response:
    """The reply, each event with all of it so far."""
    return StreamingResponse(_events(JOBS.pop(request.path_params["job"])), media_type="text/event-stream")


def _events(text: str) -> Iterator[str]:
    yield ": the job has begun\r\n\r\n"
    words = text.split(" ")
    for number in range(1, len(words) + 1):
        yield f"event: progress\r\ndata: {json.dumps({'so_far': ' '.join(words[:number])})}\r\n\r\n"
    yield "event: end\r\ndata: {}\r\n\r\n"


class Renewed:
    """The site as it is since the last `expire`."""

    def __init__(self) -> None:
        self._site = Starlette(
            routes=[Route("/", page), Route("/jobs", submit, methods=["POST"]), Route("/jobs/{job}", events)]
        )
        self.expire()

    def expire(self) -> None:
        """A new key: no token that was signed before is good."""
        self._protected = CSRFMiddleware(
            self._site, secret=secrets.token_hex(), cookie_name="XSRF-TOKEN", header_name="X-XSRF-TOKEN"
        )

    async def __call__(self, scope: Event, receive: Receive, send: Send) -> None:
        await self._protected(scope, receive, send)


if __name__ == "__main__":
    site = Renewed()
    serve(site, refused={403}, expire=site.expire)
