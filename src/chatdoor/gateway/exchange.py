"""One request and its answer, on their way through the gateway."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Final, Protocol, TypeAlias

from chatdoor.gateway.ids import fresh_id
from chatdoor.gateway.keys import Key
from chatdoor.gateway.note import Note
from chatdoor.gateway.openai.errors import MESSAGES, busy, envelope
from chatdoor.gateway.problem import Header, Problem
from chatdoor.gateway.room import Room

Scope: TypeAlias = MutableMapping[str, Any]
Event: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Event]]
Send: TypeAlias = Callable[[Event], Awaitable[None]]

CONNECTION: Final = "chatdoor.connection"
"""Our extension of the scope: the connection, which is a Connection."""

JSON: Final[tuple[Header, ...]] = ((b"content-type", b"application/json"),)
SSE: Final[tuple[Header, ...]] = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),  # nginx in front of us holds nothing back
)

CUT_SECONDS: Final = 5.0
"""How long the rest of a cut answer may take to reach its reader."""

_SANE: Final = re.compile(rb"[A-Za-z0-9._:-]{1,128}").fullmatch


class Connection(Protocol):
    """What a connection can do besides what ASGI says."""

    ready: bool
    """It takes a whole answer at once: it waits for this one, and for no slow reader."""

    def respond(self, status: int, headers: Sequence[Header], body: bytes) -> None:
        """Sends a whole answer: what ASGI does in two events, and in twice the time."""

    def watch(self, gone: Callable[[], object]) -> None:
        """Calls `gone` as soon as the client has left."""

    def cut(self) -> None:
        """Ends the connection after what was sent, so that the client sees that the answer is not whole."""


class Exchange:
    """The request's head, and the answer. `common` are headers that every answer has."""

    __slots__ = (
        "common", "connection", "error_frame", "field", "gone", "headers", "id", "key", "method", "note", "path",
        "receive", "room", "route", "scope", "send", "sent", "status", "tail", "taken", "unsent",
    )  # fmt: skip

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope
        self.receive = receive
        self.send = send
        self.method: str = scope["method"]
        self.path: bytes = scope["raw_path"]
        self.note = Note()
        """What is noted of it for metrics and the log."""
        self.route = ""
        """The path of its route; empty where it has none."""
        self.tail = b""
        """What the path has between the beginning and the end of its route."""
        self.headers: Mapping[bytes, bytes] = dict(scope["headers"])
        given = self.headers.get(b"x-request-id", b"")
        self.id = given if _SANE(given) else fresh_id("req_").encode()
        self.common: list[Header] = [(b"x-request-id", self.id)]
        self.key: Key | None = None
        self.status = 0
        """The status of the answer; 0 until it has begun."""
        self.sent = 0
        """Bytes of the answer's body."""
        self.error_frame: Callable[[Problem], bytes] = _error_frame
        """How a stream that has begun says what went wrong."""
        self.field = MESSAGES
        """Which field of the request holds what is said: what an error of the site's names."""
        self.gone = False
        """True where the client has left before its answer was whole."""
        self.room: Room | None = None
        """What bodies may hold, where that is bounded; `taken` is this one's part of it."""
        self.taken = 0
        self.unsent = False
        """True where it has failed before a site could hear of it, so that asking again repeats nothing."""
        self.connection: Connection | None = (scope.get("extensions") or {}).get(CONNECTION)

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
        """From now on, this task is cancelled where the client leaves."""
        if self.connection is not None and (task := asyncio.current_task()) is not None:
            self.connection.watch(partial(self._leave, task))

    def _leave(self, task: "asyncio.Task[Any]") -> None:
        self.gone = task.cancel()

    async def answer(self, status: int, body: bytes, headers: Sequence[Header] = JSON) -> None:
        """Sends a whole answer."""
        if self.connection is not None and self.connection.ready:
            self.connection.respond(status, (*headers, *self.common), body)
            self.status, self.sent = status, len(body)
            return
        await self.begin(status, (*headers, (b"content-length", b"%d" % len(body))))
        self.sent = len(body)
        await self.send({"type": "http.response.body", "body": body})

    async def begin(self, status: int, headers: Sequence[Header]) -> None:
        """Sends the head of an answer."""
        self.status = status
        await self.send({"type": "http.response.start", "status": status, "headers": [*headers, *self.common]})

    async def write(self, data: bytes) -> None:
        """Sends a part of the body, as soon as the reader is ready for it."""
        self.sent += len(data)
        await self.send({"type": "http.response.body", "body": data, "more_body": True})

    async def end(self, data: bytes = b"") -> None:
        """Sends the end of the body."""
        self.sent += len(data)
        await self.send({"type": "http.response.body", "body": data, "more_body": False})

    async def fail(self, problem: Problem) -> None:
        """Says what went wrong: as the answer, or in one that has begun, which then has no clean end."""
        self.note.problem = problem
        if not self.status:
            await self.answer(problem.status, envelope(problem), (*JSON, *problem.headers))
            return
        await self.write(self.error_frame(problem))
        await self.cut()

    async def cut(self) -> None:
        """Ends an answer that is not whole: its reader gets what was sent, and no clean end."""
        if self.connection is None:  # another server ends it, since the answer has no end
            return
        self.connection.watch(_nothing)
        self.connection.cut()
        with suppress(TimeoutError):
            async with asyncio.timeout(CUT_SECONDS):
                while (await self.receive())["type"] != "http.disconnect":
                    pass


def _nothing() -> None:
    """There is nothing left to cancel."""


def _error_frame(problem: Problem) -> bytes:
    return b"data: " + envelope(problem) + b"\n\n"
