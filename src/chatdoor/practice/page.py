"""The pages of the practice site, for a person with a browser."""

from collections.abc import Mapping, Sequence
from functools import cache
from html import escape
from pathlib import Path
from typing import Protocol

from chatdoor.practice.behaviour import Behaviour
from chatdoor.practice.eliza import reply
from chatdoor.practice.tokens import CARRIERS, shown

_FILES = Path(__file__).with_name("pages")

TURNS_SHOWN = 10
"""How many turns of a conversation a page shows, the last ones."""

ASSETS: Mapping[str, str] = {
    "/chat.css": "text/css; charset=utf-8",
    "/chat.js": "text/javascript; charset=utf-8",
}
"""The paths of the files that a page loads, and their types."""

_POLICY = (
    "default-src 'none'; base-uri 'none'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; "
    "img-src data:; script-src 'self'; style-src 'self'"
)

PAGE_HEADERS = (
    ("Cache-Control", "no-store"),  # a token stands in it
    ("Vary", "Cookie"),
    ("Referrer-Policy", "same-origin"),
    ("Content-Security-Policy", _POLICY),
)


class Talk(Protocol):
    """What a page shows of a conversation."""

    @property
    def text(self) -> str:
        """The reply to the last turn."""

    @property
    def turns(self) -> Sequence[str]:
        """What the visitor said."""

    @property
    def error(self) -> str:
        """What comes in place of the reply."""


def chat_page(behaviour: Behaviour, token: str, talk: Talk | None = None) -> bytes:
    """The chat page, with the token where the behaviour shows it in a page, and the conversation so far."""
    carrier = CARRIERS[behaviour.token]
    token = shown(behaviour.token, token)
    slots = {
        "<!-- head -->": carrier.head.format(token=token),
        "<!-- form -->": carrier.form.format(token=token),
        "@options": ", ".join(f"{name} {getattr(behaviour, name)}" for name in SHOWN),
        **{f"@{name}": getattr(behaviour, name) for name in SHOWN},
        "<!-- talk -->": _items(talk) if talk else "",  # the last: what visitors say is no slot
    }
    return _filled("chat.html", slots)


SHOWN = ("token", "login", "body", "history", "reply")
"""The options that a page tells of."""


def login_page(behaviour: Behaviour, token: str, notice: str = "") -> bytes:
    """The page to sign in on. `notice` is never the visitor's text."""
    carrier = CARRIERS[behaviour.token]
    token = shown(behaviour.token, token)
    field = CARRIERS["input"].form.format(token=token) if behaviour.token != "none" else ""
    slots = {"<!-- head -->": carrier.head.format(token=token), "<!-- form -->": field, "@notice": notice}
    return _filled("login.html", slots)


def _items(talk: Talk) -> str:
    """The conversation as items of a list. Replies follow from the turns, so that nobody has to keep them."""
    turns = talk.turns[-TURNS_SHOWN:]
    items = []
    for at, turn in enumerate(turns):
        items.append(_item("user", turn))
        is_last = at == len(turns) - 1
        if is_last and talk.error:
            items.append(_item("error", talk.error))
        else:
            items.append(_item("assistant", talk.text if is_last else reply(talk.turns[: at - len(turns) + 1])))
    return "\n".join(items)


def _item(role: str, text: str) -> str:
    return f'<li class="{role}">{escape(text)}</li>'


def forbidden_page(reason: str) -> bytes:
    """What Django says when a token is not good. `reason` is not escaped: it is never the visitor's text."""
    return _text("forbidden.html").replace("@reason", reason).encode()


def server_error_page() -> bytes:
    """What Django says when a view fails."""
    return _text("error.html").encode()


def asset(path: str) -> tuple[str, bytes]:
    """The type and the bytes of a file that a page loads, by its path in `ASSETS`."""
    return ASSETS[path], _text(path.removeprefix("/")).encode()


def _filled(name: str, slots: Mapping[str, str]) -> bytes:
    page = _text(name)
    for slot, text in slots.items():
        page = page.replace(slot, text)
    return page.encode()


@cache
def _text(name: str) -> str:
    return (_FILES / name).read_text("utf-8")
