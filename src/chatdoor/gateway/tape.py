"""The answer of one try as it is sent, held so that several readers can follow it, each from its start."""

import asyncio
from collections import deque
from collections.abc import Collection, Iterable, Sequence
from typing import Final

from chatdoor.gateway.header import Header
from chatdoor.gateway.openai.errors import NO_RETRY
from chatdoor.gateway.problem import Problem
from chatdoor.gateway.room import Room

TAPE_BYTES: Final = 2_000_000
"""How much of one answer is held. A reader who is behind the fastest by more is cut off."""

AHEAD_BYTES: Final = 65_536
"""How far an answer goes on before its fastest reader. Then its site has to wait."""

LEAST_BYTES: Final = 2 * AHEAD_BYTES
"""How much of one answer is held where there is no more room."""


class Tape:
    """What was sent so far.

    The fastest reader sets the pace, so a slow one does not slow the others. What it has not read yet is held in any
    case: that is no more than the answer may be ahead of it.
    """

    status = 0
    """The status of the answer; 0 until it has begun."""
    own: Collection[Header] = ()
    """Headers that are told to the client of the first try alone."""
    over = False
    """True once nothing more comes."""
    whole = False
    """True once it has ended as it should."""
    broken = False
    """True once it has ended as it should not."""
    sent = 0
    """How many bytes were sent."""
    size = 0
    """How many bytes are held."""
    dropped = 0
    """How many frames are not held any more."""
    readers = 0
    """How many wait for it now."""
    told = False
    """True once a reader has it all."""
    at_once = False
    """True for an answer that came in one."""
    _headers: Sequence[Header] = ()
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

    def all_of_it(self, most: int) -> bytes | None:
        """The whole body; None where it is longer than `most` bytes or not held from its start."""
        return None if self.dropped or self.size > most else b"".join(self._frames)

    def respond(self, status: int, headers: Sequence[Header], body: bytes) -> None:
        """Takes a whole answer."""
        self.begin(status, headers)
        self.at_once = True
        self.add(body)
        self.end()

    def begin(self, status: int, headers: Sequence[Header]) -> None:
        """Takes the head of an answer."""
        self.status, self._headers = status, headers

    def add(self, data: bytes) -> None:
        """Takes the next part."""
        size = len(data)
        self._frames.append(data)
        self.sent += size
        self.size += size
        self._room.left -= size
        while self.size > (TAPE_BYTES if self._room.left > 0 else LEAST_BYTES) and self._is_read(self._frames[0]):
            dropped = self._frames.popleft()
            self.dropped += 1
            self.size -= len(dropped)
            self._room.left += len(dropped)
        self._tell()

    def _is_read(self, oldest: bytes) -> bool:
        return self.sent - self.size + len(oldest) <= self._read

    async def keep_pace(self) -> None:
        """Waits where the answer is far ahead of all readers."""
        while self.sent - self._read > AHEAD_BYTES:
            await self.next_change()

    def all_is_read(self) -> None:
        """Takes down that a reader has all that was sent."""
        self._read = self.sent

    def has_read(self, read: int) -> None:
        """Takes down that a reader has so many bytes."""
        waits = self.sent - self._read > AHEAD_BYTES
        self._read = max(self._read, read)
        if waits:
            self._tell()

    def end(self) -> None:
        """Takes the clean end."""
        self.whole = True
        self._tell()

    def give_up(self, error: bytes) -> None:
        """Takes the end of an answer that nobody goes on with; `error` is the last frame."""
        self.add(error)
        self.break_off()

    def break_off(self) -> None:
        """Takes the end of an answer that is not whole, and says so."""
        self.broken = True
        self._tell()

    @property
    def ended(self) -> bool:
        """True once there is an end."""
        return self.whole or self.broken or self.over

    def close(self) -> None:
        """Says that nothing more comes."""
        self.over = True
        self._tell()

    def release(self) -> None:
        """Gives its room back. Who reads it still may go on."""
        self._room.left += self.size

    def frame(self, at: int) -> bytes | None:
        """The frame of that number; None where it has not come."""
        return self._frames[at - self.dropped] if at < self.count else None

    @property
    def count(self) -> int:
        """How many frames were sent."""
        return self.dropped + len(self._frames)

    @property
    def frames(self) -> Iterable[bytes]:
        """Those that are held, the newest first."""
        return reversed(self._frames)

    async def next_change(self) -> None:
        """Waits until there is more, or somebody has read on."""
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


def too_slow() -> Problem:
    """What a reader is told who has had a part, while others went far ahead."""
    problem = "Another try reads the same answer faster, and what comes next is not held any more."
    return Problem(409, problem, code="answer_not_kept", headers=(NO_RETRY,))


def given_up() -> Problem:
    """What a retry is told of a first try that nobody has the answer of."""
    problem = "The first try was given up: its client has left, or its gateway has ended. The site may have read it."
    return Problem(409, problem, code="first_try_given_up", headers=(NO_RETRY,))
