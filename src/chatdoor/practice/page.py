"""The pages of the practice site, for a person with a browser."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from chatdoor.practice.behaviour import Behaviour
from chatdoor.practice.tokens import CARRIERS

_FILES = Path(__file__).with_name("pages")

ASSETS: Mapping[str, str] = {
    "/chat.css": "text/css; charset=utf-8",
    "/chat.js": "text/javascript; charset=utf-8",
}
"""The paths of the files that a page loads, and their types."""

_POLICY = (
    "default-src 'none'; base-uri 'none'; connect-src 'self'; form-action 'none'; frame-ancestors 'none'; "
    "img-src data:; script-src 'self'; style-src 'self'"
)

PAGE_HEADERS = (
    ("Cache-Control", "no-store"),  # a token stands in it
    ("Vary", "Cookie"),
    ("Referrer-Policy", "same-origin"),
    ("Content-Security-Policy", _POLICY),
)


def chat_page(behaviour: Behaviour, token: str) -> bytes:
    """The chat page, with the token where the behaviour shows it in a page."""
    carrier = CARRIERS[behaviour.token]
    slots = {
        "<!-- head -->": carrier.head.format(token=token),
        "<!-- form -->": carrier.form.format(token=token),
        "@token": behaviour.token,
        "@body": behaviour.body,
        "@history": behaviour.history,
        "@shape": behaviour.reply,
    }
    page = _text("chat.html")
    for slot, text in slots.items():
        page = page.replace(slot, text)
    return page.encode()


def forbidden_page(reason: str) -> bytes:
    """What Django says when a token is not good. `reason` is not escaped: it is never the visitor's text."""
    return _text("forbidden.html").replace("@reason", reason).encode()


def server_error_page() -> bytes:
    """What Django says when a view fails."""
    return _text("error.html").encode()


def asset(path: str) -> tuple[str, bytes]:
    """The type and the bytes of a file that a page loads, by its path in `ASSETS`."""
    return ASSETS[path], _text(path.removeprefix("/")).encode()


@cache
def _text(name: str) -> str:
    return (_FILES / name).read_text("utf-8")
