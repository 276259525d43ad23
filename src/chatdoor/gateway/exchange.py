"""One request and its answer, on their way through the gateway."""

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

from chatdoor.gateway.header import Header, header
from chatdoor.gateway.ids import fresh_number
from chatdoor.gateway.keys import Key
from chatdoor.gateway.note import Note
from chatdoor.gateway.openai.errors import MESSAGES, busy, envelope
from chatdoor.gateway.problem import Problem
from chatdoor.gateway.request import Request
from chatdoor.gateway.room import Room

if TYPE_CHECKING:
    from chatdoor.drive.gate import Gate
    from chatdoor.gateway.ending import Ending

JSON: Final[tuple[Header, ...]] = (header(b"content-type", b"application/json"),)
SSE: Final[tuple[Header, ...]] = (
    header(b"content-type", b"text/event-stream; charset=utf-8"),
    header(b"cache-control", b"no-cache"),
    header(b"x-accel-buffering", b"no"),  # nginx in front of us holds nothing back
)

_SANE: Final = re.compile(rb"[A-Za-z0-9._:-]{1,128}").fullmatch


Leave: TypeAlias = Callable[["asyncio.Task[None]"], None]
"""Ends the task of an answer that nobody waits for."""


class Carrier(Protocol):
    """What brings the body of a request, and takes its answer away."""

    @property
    def ready(self) -> bool:
        """True where an answer can be sent without `drain` before."""

    def take(self) -> bytes | None:
        """The body, where all of it has come; else None."""

    async def read(self) -> bytes:
        """The next bytes of the body; none at its end. Raises Gone."""

    async def drain(self) -> None:
        """Waits until the reader of the answer keeps up, or is gone."""

    def respond(self, status: int, headers: Sequence[Header], body: bytes) -> None:
        """Sends a whole answer."""

    def begin(self, status: int, headers: Sequence[Header]) -> None:
        """Sends the head of an answer that comes in parts."""

    async def write(self, data: bytes) -> None:
        """Sends a part, once the reader keeps up."""

    async def end(self, data: bytes) -> None:
        """Sends the last part, and the clean end."""

    async def cut(self) -> None:
        """Ends an answer that is not whole: its reader gets what was sent, and no clean end."""

    def watch(self, leave: "Leave") -> None:
        """From now on `leave` is called with the task that answers where the client leaves."""


class Exchange:
    """The request, and what becomes of it.

    What most requests never change stands in the class: a request pays for what is its own.
    """

    route = ""
    """The path of its route; empty where it has none."""
    tail = b""
    """What the path has between the beginning and the end of its route."""
    key: Key | None = None
    gate: "Gate | None" = None
    """Whether it may be asked, where that is known elsewhere."""
    ending: "Ending | None" = None
    """What the end of its answer waits for, besides the reply."""
    status = 0
    """The status of the answer; 0 until it has begun."""
    sent = 0
    """Bytes of the answer's body."""
    field = MESSAGES
    """Which field of the request holds what is said: what an error of the site's names."""
    gone = False
    """True where the client has left before its answer was whole."""
    room: Room | None = None
    """What bodies may hold, where that is bounded; `taken` is this one's part of it."""
    taken = 0
    unsent = False
    """True where it has failed before a site could hear of it, so that asking again repeats nothing."""

    def __init__(self, request: Request, carrier: Carrier) -> None:
        self.request = request
        self.carrier = carrier
        self.method = request.method
        self.path = request.path
        self.headers: Mapping[bytes, bytes] = request.headers
        self.note = Note()
        """What is noted of it for metrics and the log."""
        given = self.headers.get(b"x-request-id")
        self.number = fresh_number()
        """What its id and that of its answer have in common, so that one is found by the other."""
        self.id = given if given is not None and _SANE(given) else b"req_" + self.number.encode()
        self.common: list[Header] = [b"x-request-id: %b\r\n" % self.id]
        """Headers that every answer has."""
        self.error_frame: Callable[[Problem], bytes] = _error_frame
        """How a stream that has begun says what went wrong."""

    def take_room(self, size: int) -> None:
        """Takes room for a part of the body. Raises Problem (503) where all bodies together are too large."""
        if self.room is not None:
            self.taken += size
            self.room.left -= size
            if self.room.left < 0:
                raise busy()  # not one for all: an error that is raised holds what was there

    def give_room_back(self) -> None:
        """The body is not needed any more."""
        if self.room is not None:
            self.room.left += self.taken
            self.taken = 0

    def watch(self) -> None:
        """From now on, the task that answers is cancelled where the client leaves."""
        self.carrier.watch(self._leave)

    def _leave(self, task: "asyncio.Task[None]") -> None:
        self.gone = task.cancel()

    def end_unheard(self) -> None:
        """Notes that the client had left, whatever was answered. What came of it is noted by who has joined."""
        note, self.note = self.note, Note()
        self.note.began, self.note.site, self.note.model = note.began, note.site, note.model
        self.gone, self.status, self.sent = True, 0, 0

    async def answer(self, status: int, body: bytes, headers: Sequence[Header] = JSON) -> None:
        """Sends a whole answer."""
        if self.ending is not None:
            await self.ending.whole(status, (*headers, *self.common), body, unsent=self.unsent)
        if not self.carrier.ready:
            await self.carrier.drain()
        self.carrier.respond(status, (*headers, *self.common), body)
        self.status = status
        self.sent = len(body)

    async def begin(self, status: int, headers: Sequence[Header]) -> None:
        """Sends the head of an answer that comes in parts."""
        if not self.carrier.ready:
            await self.carrier.drain()
        self.carrier.begin(status, (*headers, *self.common))
        self.status = status

    async def write(self, data: bytes) -> None:
        """Sends a part of the body, as soon as the reader is ready for it."""
        if self.ending is not None:
            await self.ending.heard()
        self.sent += len(data)
        await self.carrier.write(data)

    async def end(self, data: bytes = b"") -> None:
        """Sends the end of the body."""
        if self.ending is not None:
            await self.ending.rest(data)
        self.sent += len(data)
        await self.carrier.end(data)

    async def fail(self, problem: Problem) -> None:
        """Says what went wrong: as the answer, or in one that has begun, which then has no clean end."""
        self.note.problem = problem
        if not self.status:
            await self.answer(problem.status, envelope(problem), (*JSON, *problem.headers))
            return
        if self.ending is not None:
            self.ending.cut(unsent=self.unsent)
        await self.write(self.error_frame(problem))
        await self.carrier.cut()


def _error_frame(problem: Problem) -> bytes:
    return b"data: " + envelope(problem) + b"\n\n"
