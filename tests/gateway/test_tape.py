"""The tape of an answer: several readers, each at its own pace, within bounds."""

import asyncio
from collections.abc import Sequence

import pytest

from chatdoor.gateway.exchange import Exchange, Leave
from chatdoor.gateway.problem import Header, Problem
from chatdoor.gateway.reading import play
from chatdoor.gateway.request import Request
from chatdoor.gateway.room import Room
from chatdoor.gateway.tape import AHEAD_BYTES, LEAST_BYTES, TAPE_BYTES, Tape

FRAME = b"x" * 10_000


class Reader:
    """Somebody who reads an answer, where told to wait not before."""

    ready = True

    def __init__(self, *, waits: bool = False) -> None:
        self.parts: list[bytes] = []
        self.is_whole = False
        self.goes_on = asyncio.Event()
        if not waits:
            self.goes_on.set()
        self.exchange = Exchange(Request(), self)

    async def read(self) -> bytes:
        """Carrier."""
        raise AssertionError("nothing more is read")

    async def drain(self) -> None:
        """Carrier."""

    def respond(self, status: int, headers: Sequence[Header], body: bytes) -> None:
        """Carrier."""
        self.begin(status, headers)
        self.parts.append(body)
        self.is_whole = True

    def begin(self, status: int, headers: Sequence[Header]) -> None:
        """Carrier."""
        assert status == 200
        assert b"a: b\r\n" in headers

    async def write(self, data: bytes) -> None:
        """Carrier."""
        await self.goes_on.wait()
        self.parts.append(data)

    async def end(self, data: bytes) -> None:
        """Carrier."""
        await self.write(data)
        self.is_whole = True

    async def cut(self) -> None:
        """Carrier."""

    def watch(self, leave: Leave) -> None:
        """Carrier."""

    @property
    def body(self) -> bytes:
        """What has come."""
        return b"".join(self.parts)


async def record(tape: Tape, count: int, *, last: bool = True) -> None:
    """Sends an answer of so many frames."""
    tape.begin(200, [b"a: b\r\n"])
    for _ in range(count):
        tape.add(FRAME)
        await tape.keep_pace()
    if last:
        tape.add(b"end")
        tape.end()
    tape.close()


def test_all_readers_get_all_of_it() -> None:
    """Whoever comes before, meanwhile or afterwards reads it from its start."""

    async def scene() -> None:
        tape, readers = Tape(Room(10**9)), [Reader() for _ in range(3)]
        early = asyncio.create_task(play(tape, readers[0].exchange))
        recording = asyncio.create_task(record(tape, 20))
        await asyncio.sleep(0)
        await asyncio.gather(early, recording, play(tape, readers[1].exchange))
        await play(tape, readers[2].exchange)
        for reader in readers:
            assert reader.body == FRAME * 20 + b"end"
            assert reader.is_whole
        assert tape.told

    asyncio.run(scene())


def test_the_fastest_sets_the_pace() -> None:
    """With nobody reading the answer waits; a slow reader holds up no other."""

    async def scene() -> None:
        tape, slow, fast = Tape(Room(10**9)), Reader(waits=True), Reader()
        recording = asyncio.create_task(record(tape, 100))
        behind = asyncio.create_task(play(tape, slow.exchange))
        await asyncio.sleep(0.1)
        assert tape.size <= AHEAD_BYTES + len(FRAME)
        await asyncio.wait_for(play(tape, fast.exchange), 5)
        assert fast.is_whole
        slow.goes_on.set()
        await behind
        await recording
        assert slow.body == fast.body

    asyncio.run(scene())


@pytest.mark.parametrize(("room", "most"), [(10**9, TAPE_BYTES), (0, LEAST_BYTES)], ids=["room", "no room"])
def test_what_is_held_is_bounded(room: int, most: int) -> None:
    """Of a long answer only the newest is held: a fast reader gets all of it, one who comes late is told so."""

    async def scene() -> None:
        kept = Room(room)
        tape, fast, slow, late = Tape(kept), Reader(), Reader(waits=True), Reader()
        behind = asyncio.create_task(play(tape, slow.exchange))
        recording = asyncio.create_task(record(tape, 400))
        await play(tape, fast.exchange)
        await recording
        assert len(fast.body) == 400 * len(FRAME) + 3
        assert most - len(FRAME) < tape.size <= most
        slow.goes_on.set()
        for reading in (behind, play(tape, late.exchange)):
            with pytest.raises(Problem) as problem:
                await reading
            assert (problem.value.status, problem.value.code) == (409, "answer_not_kept")
        assert not slow.is_whole
        tape.release()
        assert kept.left == room

    asyncio.run(scene())


def test_an_answer_without_end_has_none_for_anybody() -> None:
    """What broke off is never taken for whole, and what never began is said to be given up."""

    async def scene() -> None:
        broken, nothing, reader = Tape(Room(10**9)), Tape(Room(10**9)), Reader()
        recording = asyncio.create_task(record(broken, 1, last=False))
        with pytest.raises(Problem, match="given up"):
            await play(broken, reader.exchange)
        await recording
        broken.break_off()
        told = Reader()
        await play(broken, told.exchange)
        assert (told.body, told.is_whole) == (FRAME, False)
        nothing.close()
        with pytest.raises(Problem, match="given up"):
            await play(nothing, reader.exchange)

    asyncio.run(scene())


def test_an_answer_that_comes_in_one_is_told_in_one() -> None:
    """It keeps its length, and whoever asks again has it whole."""

    async def scene() -> None:
        tape, reader = Tape(Room(10**9)), Reader()
        tape.respond(200, [b"a: b\r\n"], b"answer")
        tape.close()
        await play(tape, reader.exchange)
        assert (reader.parts, reader.is_whole, tape.told) == ([b"answer"], True, True)

    asyncio.run(scene())
