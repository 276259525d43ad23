"""The answer of one try as it is sent, held so that several readers can follow it, each from its start."""

import asyncio
from collections import deque
from collections.abc import Collection, Sequence
from typing import Final, Self

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
    """What was sent so far.

    The fastest reader sets the pace, so a slow one does not slow the others.
    """

    status = 0
    """The status of the answer; 0 until it has begun."""
    own: Collection[Header] = ()
    """Headers that are told to the client of the first try alone."""
    over = False
    """True once nothing more comes."""
    whole = False
    """True once it has ended as it should."""
    size = 0
    """How many bytes are held."""
    readers = 0
    """How many wait for it now."""
    told = False
    """True once a reader has it all."""
    _headers: Sequence[Header] = ()
    _at_once = False
    """True for an answer that came in one."""
    _broken = False
    """True once it has ended as it should not."""
    _dropped = 0
    _sent = 0
    _read = 0
    _change: asyncio.Event | None = None
    """Set at the next change; none where nobody waits for one."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._frames: deque[bytes] = deque()

    @property
    def headers(self) -> tuple[Header, ...]:
        """The headers of the answer."""
        return tuple(header for header in self._headers if header not in self.own)

    @classmethod
    def of(cls, room: Room, status: int, headers: tuple[Header, ...], body: bytes) -> Self:
        """The tape of an answer that has ended elsewhere."""
        tape = cls(room)
        tape.respond(status, headers, body)
        tape.close()
        return tape

    def all_of_it(self, most: int) -> bytes | None:
        """The whole body; None where it is longer than `most` bytes or not held from its start."""
        return None if self._dropped or self.size > most else b"".join(self._frames)

    def respond(self, status: int, headers: Sequence[Header], body: bytes) -> None:
        """Takes a whole answer."""
        self.begin(status, headers)
        self._at_once = True
        self.add(body)
        self.end()

    def begin(self, status: int, headers: Sequence[Header]) -> None:
        """Takes the head of an answer."""
        self.status, self._headers = status, headers

    def add(self, data: bytes) -> None:
        """Takes the next part."""
        size = len(data)
        self._frames.append(data)
        self._sent += size
        self.size += size
        self._room.left -= size
        while self.size > (TAPE_BYTES if self._room.left > 0 else LEAST_BYTES) and len(self._frames) > 1:
            dropped = self._frames.popleft()
            self._dropped += 1
            self.size -= len(dropped)
            self._room.left += len(dropped)
        self._tell()

    async def keep_pace(self) -> None:
        """Waits where the answer is far ahead of all readers."""
        while self._sent - self._read > AHEAD_BYTES:
            await self._next_change()

    def end(self) -> None:
        """Takes the clean end."""
        self.whole = True
        self._tell()

    def break_off(self) -> None:
        """Takes the end of an answer that is not whole, and says so."""
        self._broken = True
        self._tell()

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
                raise too_long()
            if at - self._dropped < len(self._frames):
                frame = self._frames[at - self._dropped]
                at, read = at + 1, read + len(frame)
                await self._pass_on(exchange, frame)
                self._has_read(read)
            elif self.whole or self._broken or self.over:
                break
            else:
                await self._next_change()
        await self._finish(exchange)

    async def _pass_on(self, exchange: Exchange, frame: bytes) -> None:
        if self._at_once:
            await exchange.answer(self.status, frame, self.headers)
            return
        if not exchange.status:
            await exchange.begin(self.status, self.headers)
        await exchange.write(frame)

    async def _finish(self, exchange: Exchange) -> None:
        if not self.status or not (self.whole or self._broken):
            raise given_up()
        if self._at_once:
            self.told = True
            return
        if not exchange.status:
            await exchange.begin(self.status, self.headers)
        if not self._broken:
            await exchange.end()
            self.told = True
        else:
            await exchange.carrier.cut()

    def _has_read(self, read: int) -> None:
        waits = self._sent - self._read > AHEAD_BYTES
        self._read = max(self._read, read)
        if waits:
            self._tell()

    async def _next_change(self) -> None:
        if self._change is None:
            self._change = asyncio.Event()
        await self._change.wait()

    def _tell(self) -> None:
        if self._change is not None:
            change, self._change = self._change, None
            change.set()


def too_long() -> Problem:
    """What a retry is told of an answer that is not held from its start."""
    problem = "The first try was answered, or still is, and its answer is too long to be told again."
    return Problem(409, problem, code="answer_not_kept", headers=(NO_RETRY,))


def given_up() -> Problem:
    """What a retry is told of a first try that nobody has the answer of."""
    problem = "The first try was given up when its client left. The site may have read it, so it is not asked again."
    return Problem(409, problem, code="first_try_given_up", headers=(NO_RETRY,))
