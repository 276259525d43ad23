"""What a site file may say of websockets, and what goes together."""

from collections.abc import Sequence
from typing import Final

from msgspec import UNSET

from chatdoor.site import file, model
from chatdoor.site.lines import KeyPath
from chatdoor.site.outgoing import each_step
from chatdoor.site.parts import given
from chatdoor.site.problem import Problem

SOCKETS: Final = ("websocket", "socketio")
"""Keys of a step that speak over a websocket, and the formats of replies that are read from one."""

IN_FRAMES: Final = ("json", "text")
"""Bodies that a frame can be."""

IN_PAGES: Final = ("meta", "input", "css")
"""Places of values that no frame has."""


def as_http(url: str) -> str:
    """The URL with the scheme that requests have: ws is http, wss is https (RFC 6455, section 3)."""
    return f"http{url[2:]}" if url.startswith(("ws://", "wss://")) else url


def check_framing(table: file.StepTable, path: KeyPath) -> None:
    """Raises Problem for what only Socket.IO has, in another step."""
    for key in ("auth", "emit"):
        if getattr(table, key) is not UNSET and table.socketio is UNSET:
            raise Problem((*path, key), "goes with socketio")


def check_socket(table: file.StepTable, path: KeyPath, method: str) -> None:
    """Raises Problem where a step that speaks over a websocket says what makes no sense there."""
    if path[0] == "session":
        raise Problem((*path, method), "belongs to a conversation: write it into `start` or `chat`")
    bodies = IN_FRAMES if method == "websocket" else ()
    for key in file.BODIES:
        if getattr(table, key) is not UNSET and key not in bodies:
            said = "a frame is json or text" if bodies else "an event is written as emit"
            raise Problem((*path, key), said)
    if table.every is not UNSET:
        raise Problem((*path, "every"), "frames are read as they come; until needs no pause")
    if isinstance(table.emit, list) and not (table.emit and isinstance(table.emit[0], str)):
        raise Problem((*path, "emit"), "begins with the name of the event")
    for name, source in (given(table.take) or {}).items():
        for place in IN_PAGES:
            if getattr(source, place) is not UNSET:
                raise Problem((*path, "take", name, place), "is looked for in pages, and a frame is none")


def check_replies(table: file.SiteTable, chat: Sequence[model.Step], reply: str) -> None:
    """Raises Problem where the last chat step and the format of the reply do not speak the same way."""
    path, last = each_step(table.chat, ("chat",))[-1]
    method = chat[-1].method.lower()
    if reply in SOCKETS and reply != method:
        raise Problem(("reply", reply), f"is read from the frames of a {reply} step, and the last chat step is none")
    if method in SOCKETS and reply != method:
        raise Problem((*path, method), f"its frames are read by {method} in [reply]")
    for key in ("until", "expect"):
        if method in SOCKETS and getattr(last, key) is not UNSET:
            raise Problem((*path, key), "the frames of this step are the reply: see `where` and `done` in [reply]")
