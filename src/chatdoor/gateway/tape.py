"""The answer of one try as it is sent, held so that several readers can follow it, each from its start."""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Final

from chatdoor.gateway.exchange import Exchange
from chatdoor.gateway.openai.errors import NO_RETRY
from chatdoor.gateway.problem import Header, Problem
from chatdoor.gateway.room import Room

TAPE_BYTES: Final = 2_000_000
"""How much of one answer is held. A reader who is behind by more is cut off."""

AHEAD_BYTES: Final = 65_536
"""How far an answer goes on before its fastest reader. Then its site has to wait."""

LEAST_BYTES: Final = 2 * AHEAD_BYTES
"""How much of one answer is held where there is no more room."""


class Tape:
    """What was sent so far. It is the Carrier of the exchange that is recorded, whose body is `body`.

    The fastest reader sets the pace, so a slow one does not slow the others. The recorded one's client never leaves.
    """

    ready = True

    def __init__(self, room: Room, body: bytes = b"") -> None:
        self.status = 0
        """The status of the answer; 0 until it has begun."""
        self.headers: tuple[Header, ...] = ()
        self.over = False
        """True once nothing more comes."""
        self.whole = False
        """True once it has ended as it should."""
        self.size = 0
        """How many bytes are held."""
        self.readers = 0
        """How many follow it now."""
        self.told = False
        """True once a reader has it all."""
        self._body = body
        self._at_once = False
        """True for an answer that came in one."""
        self._room = room
        self._frames: deque[bytes] = deque()
        self._dropped = 0
        self._sent = 0
        self._read = 0
        self._change = asyncio.Event()

    async def read(self) -> bytes:
        """The body of the request."""
        body, self._body = self._body, b""
        return body

    async def drain(self) -> None:
        """Nothing: there is room for an answer."""

    def respond(self, status: int, headers: Sequence[Header], body: bytes) -> None:
        """Takes a whole answer."""
        self.begin(status, headers)
        self._at_once = self.whole = True
        self._hold(body)
        self._tell()

    def begin(self, status: int, headers: Sequence[Header]) -> None:
        """Takes the head of an answer."""
        self.status, self.headers = status, tuple(headers)

    async def write(self, data: bytes) -> None:
        """Takes the next part, and waits where it is far ahead of all readers."""
        self._hold(data)
        self._tell()
        while self._sent - self._read > AHEAD_BYTES:
            await self._change.wait()

    async def end(self, data: bytes) -> None:
        """Takes the last part, and the clean end."""
        if data:
            self._hold(data)
        self.whole = True
        self._tell()

    async def cut(self) -> None:
        """Nothing: what has no clean end is not whole."""

    def watch(self) -> None:
        """Nothing: this one's client never leaves."""

    def close(self) -> None:
        """Says that nothing more comes."""
        self.over = True
        self._tell()

    def release(self) -> None:
        """Gives its room back. Who reads it still may go on."""
        self._room.left += self.size

    async def play(self, exchange: Exchange) -> None:
        """Sends all of it to a reader, as it comes. Raises Problem where its start is not held any more."""
        self.readers += 1
        try:
            await self._follow(exchange)
        finally:
            self.readers -= 1

    async def _follow(self, exchange: Exchange) -> None:
        at, read = 0, 0
        while True:
            if at < self._dropped:
                raise _too_long()
            if at - self._dropped < len(self._frames):
                frame = self._frames[at - self._dropped]
                at, read = at + 1, read + len(frame)
                await self._pass_on(exchange, frame)
                self._has_read(read)
            elif self.whole or self.over:
                break
            else:
                await self._change.wait()
        await self._finish(exchange)

    async def _pass_on(self, exchange: Exchange, frame: bytes) -> None:
        if self._at_once:
            await exchange.answer(self.status, frame, self.headers)
            return
        if not exchange.status:
            await exchange.begin(self.status, self.headers)
        await exchange.write(frame)

    async def _finish(self, exchange: Exchange) -> None:
        if not self.status:
            raise _given_up()
        if self._at_once:
            self.told = True
            return
        if not exchange.status:
            await exchange.begin(self.status, self.headers)
        if self.whole:
            await exchange.end()
            self.told = True
        else:
            await exchange.carrier.cut()

    def _hold(self, frame: bytes) -> None:
        self._frames.append(frame)
        self._sent += len(frame)
        self.size += len(frame)
        self._room.left -= len(frame)
        while self.size > (TAPE_BYTES if self._room.left > 0 else LEAST_BYTES) and len(self._frames) > 1:
            dropped = self._frames.popleft()
            self._dropped += 1
            self.size -= len(dropped)
            self._room.left += len(dropped)

    def _has_read(self, read: int) -> None:
        waits = self._sent - self._read > AHEAD_BYTES
        self._read = max(self._read, read)
        if waits:
            self._tell()

    def _tell(self) -> None:
        change, self._change = self._change, asyncio.Event()
        change.set()


def _too_long() -> Problem:
    problem = "The first try was answered, or still is, and its answer is too long to be told again."
    return Problem(409, problem, code="answer_not_kept", headers=(NO_RETRY,))


def _given_up() -> Problem:
    problem = "The first try was given up when its client left. The site may have read it, so it is not asked again."
    return Problem(409, problem, code="first_try_given_up", headers=(NO_RETRY,))
