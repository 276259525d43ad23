"""The site: ``python -m tests.servers.stacks.fastapi.serve``.

Source: https://github.com/aekasitt/fastapi-csrf-protect ("Example Usage").
"""

import secrets
from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends, FastAPI, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent
from fastapi_csrf_protect import CsrfProtect
from fastapi_csrf_protect.exceptions import CsrfProtectError
from pydantic import BaseModel

from tests.servers.stacks.chat_page import chat_page
from tests.servers.stacks.ledger import LEDGER
from tests.servers.stacks.serving import serve

app = FastAPI()


class Message(BaseModel):
    role: str
    content: str


class Talk(BaseModel):
    messages: list[Message]


@app.get("/")
def page() -> HTMLResponse:
    """The chat page, whose script gets the token by itself."""
    LEDGER.count("pages")
    return HTMLResponse(chat_page("fastapi"))


@app.get("/csrf")
def token(response: Response, protect: Annotated[CsrfProtect, Depends()]) -> dict[str, str]:
    """The token as JSON, and signed as a cookie."""
    LEDGER.count("tokens")
    plain, signed = protect.generate_csrf_tokens()
    protect.set_csrf_cookie(signed, response)
    return {"csrf_token": plain}


async def protected(request: Request, protect: Annotated[CsrfProtect, Depends()]) -> None:
    """What the chat depends on: cookie and header have to fit."""
    await protect.validate_csrf(request)


@app.post("/chat", response_class=EventSourceResponse, dependencies=[Depends(protected)])
def chat(talk: Talk) -> Iterator[ServerSentEvent]:
    """A status, the reply's pieces, and all of it once more at the end."""
    text = LEDGER.answer([message.content for message in talk.messages if message.role == "user"])
    yield ServerSentEvent(event="status", data={"text": "thinking"})
    for piece in _pieces(text):
        yield ServerSentEvent(event="delta", data={"text": piece})
    yield ServerSentEvent(event="final", data={"text": text})


@app.exception_handler(CsrfProtectError)
def refuse(_request: Request, error: CsrfProtectError) -> JSONResponse:
    """The package's own status and words."""
    LEDGER.count("refused")
    return JSONResponse({"detail": error.message}, error.status_code)


def expire() -> None:
    """A new key: no cookie that was signed before is good."""
    CsrfProtect.load_config(lambda: [("secret_key", secrets.token_hex())])


def _pieces(text: str) -> Iterator[str]:
    for number, word in enumerate(text.split(" ")):
        yield f" {word}" if number else word


if __name__ == "__main__":
    expire()
    serve(app, expire=expire)
