"""What comes in and what goes out: one request, one answer, as plain values."""

from collections.abc import Mapping

import msgspec
from msgspec import Struct

JSON = "application/json"
HTML = "text/html; charset=utf-8"

CHAT_PATH = "/generate_response/"
SESSION_PATH = "/session"
LOGIN_PATH = "/login"
START_PATH = "/conversations"
JOBS_PATH = "/jobs/"
WEBSOCKET = "WEBSOCKET"
"""The method of a request that is a frame. No HTTP request has it."""
CONVERSATION_HEADER = "X-Conversation-Id"


class Request(Struct, frozen=True, kw_only=True):
    """One whole HTTP request. Header names are lower-case; of several headers of one name the last counts.

    `port` is the one that it came to; 0 where that is not known.
    """

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str]
    body: bytes = b""
    peer: str = ""
    port: int = 0

    @property
    def media_type(self) -> str:
        """The type of the body, lower-case and without parameters; empty where it is not said."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def cookies(self) -> dict[str, str]:
        """The cookies, as sent (RFC 6265, section 4.2.1). Of several with one name the first counts."""
        found: dict[str, str] = {}
        for pair in self.headers.get("cookie", "").split(";"):
            name, is_pair, value = pair.partition("=")
            if is_pair:
                found.setdefault(name.strip(), value.strip())
        return found


class Answer(Struct, frozen=True, kw_only=True):
    """One HTTP answer, and how it goes out.

    `body` is sent chunk by chunk, `pause` seconds apart, after `wait` seconds. `broken`: the connection is dropped
    after the last chunk, with no proper end.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    body: tuple[bytes, ...]
    wait: float = 0.0
    pause: float = 0.0
    broken: bool = False


def see_other(path: str, *headers: tuple[str, str]) -> Answer:
    """An answer that leads to another page of the site."""
    return document(303, "text/plain; charset=utf-8", b"", ("Location", path), ("Cache-Control", "no-store"), *headers)


def document(status: int, media_type: str, body: bytes, *headers: tuple[str, str]) -> Answer:
    """An answer whose length is known."""
    about = (("Content-Type", media_type), ("Content-Length", str(len(body))), ("X-Content-Type-Options", "nosniff"))
    return Answer(status=status, headers=(*about, *headers), body=(body,))


def json_document(status: int, value: object, *headers: tuple[str, str]) -> Answer:
    """A value as a JSON document, never stored by a cache."""
    return document(status, JSON, msgspec.json.encode(value), ("Cache-Control", "no-store"), *headers)


def problem(status: int, text: str, *headers: tuple[str, str]) -> Answer:
    """An error as a short JSON object."""
    return json_document(status, {"error": text}, *headers)
