"""What answers a first try and lets others read along: whose pace it keeps, and what its own client gets."""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, cast

import pytest

from chatdoor.gateway.along import Along
from chatdoor.gateway.exchange import Carrier, Exchange, Leave
from chatdoor.gateway.problem import Header
from chatdoor.gateway.reading import play
from chatdoor.gateway.request import Request
from chatdoor.gateway.room import Room
from chatdoor.gateway.tape import AHEAD_BYTES, LEAST_BYTES, TAPE_BYTES, Tape

FRAME = b"x" * 10_000
MANY = 2 * TAPE_BYTES // len(FRAME)
SECONDS = 5


class Client:
    """The connection of a client, which reads and leaves when it is told to. `heard` is what it has got."""

    def __init__(self, *, reads: bool = True) -> None:
        self.heard: list[str | bytes] = []
        self.leave: Leave | None = None
        self.reads = asyncio.Event()
        if reads:
            self.reads.set()

    @property
    def ready(self) -> bool:
        """Carrier."""
        return self.reads.is_set()

    async def drain(self) -> None:
        """Carrier."""
        await self.reads.wait()

    def respond(self, status: int, headers: Sequence[Header], body: bytes) -> None:
        """Carrier."""
        assert self.ready, "more is given to a client that does not read"
        self.heard += [str(status), body, "end"]

    def begin(self, status: int, headers: Sequence[Header]) -> None:
        """Carrier."""
        assert self.ready, "more is given to a client that does not read"
        self.heard.append(str(status))

    async def write(self, data: bytes) -> None:
        """Carrier."""
        await self.reads.wait()
        self.heard.append(data)

    async def end(self, data: bytes) -> None:
        """Carrier."""
        await self.write(data)
        self.heard.append("end")

    async def cut(self) -> None:
        """Carrier."""
        self.heard.append("cut")

    def watch(self, leave: Leave) -> None:
        """Carrier."""
        self.leave = leave

    @property
    def exchange(self) -> Exchange:
        """A request of this client, which joins."""
        return Exchange(Request(), cast(Carrier, self))

    @property
    def body(self) -> bytes:
        """All parts that it has got."""
        return b"".join(each for each in self.heard if isinstance(each, bytes))


class Scene:
    """A try whose answer is so many frames, and its client."""

    def __init__(self, *, reads: bool = True, room: int = 10**9) -> None:
        self.client = Client(reads=reads)
        self.tape = Tape(Room(room))
        self.along = Along(cast(Carrier, self.client), self.tape, b"", lambda: None)
        self.along.watch(lambda _task: None)
        self.count = 0

    async def answer(self, frames: int) -> None:
        """Answers in parts."""
        self.along.begin(200, [])
        for _ in range(frames):
            await self.along.write(FRAME)
            self.count += 1
        await self.along.end(b"last")

    async def written(self, frames: int, *, left: bool = False) -> int:
        """How many of the frames are written while nobody reads the tape."""
        task = asyncio.create_task(self.answer(frames))
        if left and self.client.leave is not None:
            self.client.leave(task)
        await asyncio.sleep(0.1)
        task.cancel()
        self.along.close()
        await asyncio.gather(task, return_exceptions=True)
        return self.count


def run(scene: Coroutine[Any, Any, None]) -> None:
    """Runs it, for some seconds at most."""
    asyncio.run(asyncio.wait_for(scene, SECONDS))


def test_while_its_client_reads_it_sets_the_pace() -> None:
    """Nobody else needs to read for the answer to go on."""

    async def scene() -> None:
        assert await Scene().written(50) == 50

    run(scene())


@pytest.mark.parametrize("left", [True, False], ids=["left", "does not read"])
def test_with_nobody_to_read_it_waits(left: bool) -> None:
    """An answer that nobody reads goes no further ahead than a reader who comes may want."""

    async def scene() -> None:
        assert await Scene(reads=left).written(50, left=left) <= AHEAD_BYTES // len(FRAME) + 1

    run(scene())


@pytest.mark.parametrize(("room", "most"), [(10**9, TAPE_BYTES), (0, LEAST_BYTES)], ids=["room", "no room"])
def test_a_client_that_does_not_read_keeps_no_other_waiting(room: int, most: int) -> None:
    """Who joins has all of it at once. The first is told, once it reads again, why there is no more, and no end."""

    async def scene() -> None:
        first, joiner = Scene(reads=False, room=room), Client()
        answering = asyncio.create_task(first.answer(MANY))
        await play(first.tape, joiner.exchange)
        assert joiner.body == FRAME * MANY + b"last"
        assert first.tape.size <= most
        assert not first.along.left
        first.client.reads.set()
        await answering
        status, error, cut = first.client.heard
        assert (status, cut) == ("200", "cut")
        assert b"answer_not_kept" in cast(bytes, error)
        assert first.along.left

    run(scene())


def test_a_client_that_reads_again_gets_the_rest() -> None:
    """What is still held of an answer reaches a slow client in order and once, and then the end."""

    async def scene() -> None:
        first, joiner = Scene(), Client()
        answering = asyncio.create_task(first.answer(100))
        joining = asyncio.create_task(play(first.tape, joiner.exchange))
        first.client.reads.clear()
        await joining
        first.client.reads.set()
        await answering
        assert first.client.body == joiner.body == FRAME * 100 + b"last"
        assert first.client.heard[-1] == "end"

    run(scene())


def test_many_who_write_at_once_wait_in_turn() -> None:
    """Several choices of one answer are no further ahead, together, than one would be."""

    async def scene() -> None:
        first = Scene(reads=False)
        first.along.begin(200, [])
        writing = [asyncio.create_task(first.along.write(FRAME)) for _ in range(50)]
        await asyncio.sleep(0.1)
        assert first.tape.size <= AHEAD_BYTES + len(FRAME)
        first.client.reads.set()
        await asyncio.gather(*writing)
        await first.along.end(b"")
        assert first.client.body == FRAME * 50

    run(scene())


def test_a_whole_answer_keeps_no_other_waiting() -> None:
    """Who joins has it before a client that has not taken what came before; that one gets it afterwards, and once."""

    async def scene() -> None:
        first, joiner = Scene(reads=False), Client()
        first.along.respond(200, [], b"whole")
        await play(first.tape, joiner.exchange)
        assert joiner.body == b"whole"
        finishing = asyncio.create_task(first.along.finish())
        first.client.reads.set()
        await finishing
        assert first.client.heard == ["200", b"whole", "end"]

    run(scene())


def test_who_leaves_while_behind_is_told_no_more() -> None:
    """A client that was behind and left sets no pace, and holds nothing up at the end."""

    async def scene() -> None:
        first = Scene(reads=False)
        answering = asyncio.create_task(first.answer(3))
        await asyncio.sleep(0)
        assert first.client.leave is not None
        first.client.leave(answering)
        first.client.reads.set()
        await answering
        assert first.along.left
        assert not first.client.heard

    run(scene())
