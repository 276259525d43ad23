"""A small web chat that is particular about its requests: which headers it wants, and after how many it has enough."""

import http.server
import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from tests.discover.chats import ASKED, SAID, TOKEN, got, page, recorded

PAGE = f'<html><head><meta name="csrf-token" content="{TOKEN}"></head><body><h1>Bot</h1></body></html>'
CAPTCHA = "<html><head><title>Just a moment</title></head><body><script>window._cf_chl_opt={}</script></body></html>"
UUID = "3f0c9a52-7f3e-4c39-9d0a-6c1f0b7f5a11"
Answer = tuple[int, dict[str, str], str]
Trouble = Callable[[int], Answer | None]


@dataclass
class Picky:
    """The site. `wants` are headers that a message needs, with their beginnings.

    `trouble` is what comes instead of the n-th answer.
    """

    wants: Mapping[str, str] = field(default_factory=dict)
    trouble: Trouble = lambda _count: None
    remembers: bool = True
    url: str = ""
    requests: list[tuple[str, str]] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)

    def answer(self, method: str, path: str, headers: Any, body: bytes) -> Answer:
        """The answer to one request."""
        self.requests.append((method, path))
        if answer := self.trouble(len(self.requests)):
            return answer
        if method == "GET":
            cookie = {"Set-Cookie": f"sid={len(self.requests):08d}; Path=/"}
            return 200, {"Content-Type": "text/html", **cookie}, PAGE
        if not all(headers.get(name, "").startswith(value) and name in headers for name, value in self.wants.items()):
            return 400, {"Content-Type": "application/json"}, json.dumps({"error": "a header is not as it should be"})
        said = {"answer": self._reply(headers, body), "conversation": UUID}
        return 200, {"Content-Type": "application/json"}, json.dumps(said)

    def _reply(self, headers: Any, body: bytes) -> str:
        text, visitor = json.loads(body)["q"], headers.get("Cookie", "")
        self.messages.append(text)
        if name := re.search(r"My name is (\w+)", text):
            self.names[visitor] = name[1]
        known = self.names.get(visitor, "") if self.remembers else ""
        return f"You are {known}, I believe." if known else "I do not know you yet, sorry."

    def recording(self, *, named: bool = False, **headers: str) -> bytes:
        """Two turns, as a browser exports them; `named`: the second one sends the conversation's id."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        ids = (None, UUID) if named else ()
        turns = [
            got(
                "POST",
                f"{self.url}/ask",
                {"answer": SAID[at], "conversation": UUID},
                body={"q": ASKED[at], **({"conversation": ids[at]} if ids else {})},
                sent=sent,
            )
            for at in range(2)
        ]
        return recorded(page(PAGE, f"{self.url}/"), *turns)


@contextmanager
def serving(site: Picky) -> Iterator[Picky]:
    """The site on a port of its own, for the length of a block."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._serve("GET")

        def do_POST(self) -> None:
            self._serve("POST")

        def _serve(self, method: str) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, headers, text = site.answer(method, self.path, self.headers, body)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(text.encode())))
            with suppress(BrokenPipeError):  # a visitor who did not wait
                self.end_headers()
                self.wfile.write(text.encode())

        def log_message(self, *_said: object) -> None:
            """Says nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        site.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield site
        finally:
            server.shutdown()
            thread.join()


def after(count: int, status: int, text: str = "", **headers: str) -> Trouble:
    """Trouble from the n-th request on."""
    named = {"Content-Type": "text/html", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return lambda seen: (status, named, text) if seen >= count else None
