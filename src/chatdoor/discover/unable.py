"""Sites that no site file can describe, known by the marks of their stacks.

There the answer is a change of the page or a form of its own, and not a message: Phoenix LiveView, Livewire, Blazor,
Streamlit, Vaadin, SignalR, Next.js, older AI SDKs, protobuf and gRPC. Each mark follows from the stack's own protocol.
"""

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from chatdoor.discover.recording import Exchange


class Mark(NamedTuple):
    """What tells a stack: its URL, the type of what is sent or comes, a frame, or how the answer begins."""

    because: str
    url: str = ""
    type: str = ""
    frame: str = ""
    answer: str = ""


_OF_PAGE: Final = "sends changes of its page and not messages"

MARKS: Final = (
    Mark(f"this site (Phoenix LiveView) {_OF_PAGE}", frame=r'\["\d*",\s*"\d+",\s*"lv:'),
    Mark(f"this site (Livewire) {_OF_PAGE}", url=r"/livewire(?:-\w+)?/(?:update|message)"),
    Mark(f"this site (Blazor) {_OF_PAGE}", url=r"/_blazor(?:[?/]|$)"),
    Mark(f"this site (Streamlit) {_OF_PAGE}", url=r"/_stcore/stream"),
    Mark(f"this site (Vaadin) {_OF_PAGE}", url=r"[?&]v-r=uidl"),
    Mark("this site (SignalR) ends each frame with a sign that no site file can add", frame=r"\}\x1e$"),
    Mark("this site (Socket.IO) talks in a namespace of its own", frame=r"4[02]/[^,]"),
    Mark("this site (Next.js, server actions) answers in a form of its own", type=r"text/x-component"),
    Mark(
        "this site (Vercel's AI SDK, versions 3 and 4) streams lines of a form of its own",
        answer=r"(?:f:\{.*\n)?(?:0:\".*\"\n)+",
    ),
    Mark("this site talks in protobuf", type=r"application/(?:grpc|x-protobuf|protobuf|vnd\.google\.protobuf)"),
)


def unable(exchanges: Iterable[Exchange]) -> str:
    """Why no site file can describe these exchanges; empty where nothing says so."""
    found = (mark.because for exchange in exchanges for mark in MARKS if _fits(mark, exchange))
    return next(found, "")


def _fits(mark: Mark, exchange: Exchange) -> bool:
    if mark.url:
        return bool(re.search(mark.url, exchange.request.url))
    if mark.type:
        types = (exchange.request.body.type, exchange.request.header("content-type"), exchange.answer.body.type)
        return any(re.match(mark.type, each) for each in types)
    if mark.answer:
        return bool(re.match(mark.answer, exchange.answer.body.text))
    texts = (frame.content for frame in exchange.frames if frame.sent and isinstance(frame.content, str))
    return any(re.search(mark.frame, text[:200]) or re.search(mark.frame, text[-2:]) for text in texts)
