"""What answers a first try and lets others read along: whose pace it keeps."""

import asyncio
from collections.abc import Sequence
from typing import cast

from chatdoor.gateway.along import Along
from chatdoor.gateway.exchange import Carrier, Leave
from chatdoor.gateway.problem import Header
from chatdoor.gateway.room import Room
from chatdoor.gateway.tape import AHEAD_BYTES, Tape

FRAME = b"x" * 10_000


class Client:
    """The connection of a client, which leaves when it is told to."""

    ready = True

    def __init__(self) -> None:
        self.leave: Leave | None = None

    def begin(self, status: int, headers: Sequence[Header]) -> None:
        """Carrier."""

    async def write(self, data: bytes) -> None:
        """Carrier."""

    def watch(self, leave: Leave) -> None:
        """Carrier."""
        self.leave = leave


async def written(frames: int, *, left: bool) -> int:
    """How many of the frames are written while nobody reads the tape."""
    client, tape, count = Client(), Tape(Room(10**9)), 0
    along = Along(cast(Carrier, client), tape, b"", lambda: None)
    along.watch(lambda _task: None)
    along.begin(200, [])

    async def answer() -> None:
        nonlocal count
        for _ in range(frames):
            await along.write(FRAME)
            count += 1

    task = asyncio.create_task(answer())
    if left and client.leave is not None:
        client.leave(task)
    await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return count


def test_while_its_client_reads_it_sets_the_pace() -> None:
    """Nobody else needs to read for the answer to go on."""
    assert asyncio.run(written(50, left=False)) == 50


def test_once_its_client_has_left_it_waits_for_readers() -> None:
    """An answer that nobody reads goes no further ahead than a reader who comes may want."""
    assert asyncio.run(written(50, left=True)) <= AHEAD_BYTES // len(FRAME)
