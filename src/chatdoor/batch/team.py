"""Workers that ask rows elsewhere, as one who asks: rows go out in blocks, replies come back as they are there.

It knows nothing of Ray. A worker that is lost takes no result with it that was heard of; what it was asking is asked
again by another one, and marked.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Final, Protocol, Self

import msgspec

from chatdoor.batch.asking import Trial
from chatdoor.batch.row import Row
from chatdoor.drive.holdoff import Holdoff
from chatdoor.errors import BatchStopped, ReadFailed

MOST_LOST: Final = 10
"""Workers that may be lost with nothing answered in between."""

BLOCK: Final = 64
"""Rows that go out together at most."""


class Block(msgspec.Struct, frozen=True):
    """Rows for a worker, each with the ticket under which its trial comes back."""

    rows: Sequence[tuple[int, Row]]


class News(msgspec.Struct, frozen=True):
    """What a worker has to tell: trials by ticket, and the longest wait that the site asked for since."""

    trials: Sequence[tuple[int, Trial]]
    wait: float = 0.0


class WorkerLost(Exception):
    """The worker, or the machine that it was on, is gone."""


class Worker(Protocol):
    """A worker as whoever gives it rows sees it. Its calls raise WorkerLost."""

    async def ready(self) -> None:
        """Returns when it can ask."""

    async def warm_up(self, count: int) -> None:
        """Opens sessions ahead."""

    async def deliver(self, block: Block) -> None:
        """Gives it rows. Returns when it has them."""

    async def news(self) -> News:
        """Returns when there is something to tell."""

    async def hold_off(self, seconds: float) -> None:
        """Lets it send nothing for as long."""


class Member:
    """A worker with what is under way there."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self.ready = False
        self.waiting: list[tuple[int, Row]] = []
        self.under_way: dict[int, asyncio.Future[Trial]] = {}


class Team:
    """Asks rows through workers. `hire` gives a new one; a worker that is lost is replaced."""

    def __init__(self, hire: Callable[[], Worker], count: int) -> None:
        self._hire = hire
        self._count = count
        self._members: list[Member] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._some_ready = asyncio.Event()
        self._holdoff = Holdoff()
        self._lost = 0
        self._why_lost = ""
        self._tickets = 0
        self.waits_asked = 0

    @property
    def wait(self) -> float:
        """Seconds for which the site wants nothing sent."""
        return self._holdoff.left

    @property
    def ready(self) -> int:
        """Workers that can ask."""
        return sum(member.ready for member in self._members)

    async def __aenter__(self) -> Self:
        """The team; its workers start beside."""
        for _ in range(self._count):
            self._employ()
        return self

    async def __aexit__(self, *_error: object) -> None:
        """Leaves the workers alone."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def warm_up(self, count: int) -> None:
        """Opens sessions ahead, at each worker that is there."""
        await self._one_ready()
        share = -(-count // self._count)
        await asyncio.gather(*(self._warm_up(member, share) for member in self._members if member.ready))

    async def ask(self, row: Row) -> Trial:
        """One try, by the worker with the least to do. Raises BatchStopped where no worker can be had."""
        await self._one_ready()
        member = min((each for each in self._members if each.ready), key=lambda each: len(each.under_way))
        self._tickets += 1
        asked: asyncio.Future[Trial] = asyncio.get_running_loop().create_future()
        member.under_way[self._tickets] = asked
        member.waiting.append((self._tickets, row))
        if len(member.waiting) == 1:
            self._begin(self._deliver(member))
        return await asked

    async def _one_ready(self) -> None:
        while not self.ready:
            if self._lost > MOST_LOST:
                problem = "the cluster's workers are lost as soon as they start; is chatdoor on each node?"
                raise BatchStopped(f"{problem} ({self._why_lost:.300})")
            self._some_ready.clear()
            await self._some_ready.wait()

    def _employ(self) -> None:
        member = Member(self._hire())
        self._members.append(member)
        self._begin(self._listen(member))

    def _begin(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, member: Member) -> None:
        """Sends what was asked in this round of the event loop, in blocks."""
        await asyncio.sleep(0)
        while member.waiting:
            block, member.waiting = member.waiting[:BLOCK], member.waiting[BLOCK:]
            try:
                await member.worker.deliver(Block(block))
            except WorkerLost:
                return  # who listens to it hears of that too

    async def _listen(self, member: Member) -> None:
        """Hears a worker's news for as long as it is there."""
        try:
            await member.worker.ready()
            member.ready = True
            self._some_ready.set()
            while True:
                self._hear(member, await member.worker.news())
        except WorkerLost as lost:
            self._why_lost = str(lost)
            self._bury(member)

    def _hear(self, member: Member, news: News) -> None:
        self._lost = 0
        if news.wait:
            self.waits_asked += 1
            self._holdoff.begin(news.wait)
            for other in self._members:
                self._begin(self._tell_wait(other, news.wait))
        for ticket, trial in news.trials:
            if (asked := member.under_way.pop(ticket, None)) and not asked.done():
                asked.set_result(trial)

    async def _tell_wait(self, member: Member, seconds: float) -> None:
        until = time.monotonic() + seconds
        try:
            if member.ready:
                await member.worker.hold_off(until - time.monotonic())
        except WorkerLost:
            return

    async def _warm_up(self, member: Member, count: int) -> None:
        try:
            await member.worker.warm_up(count)
        except WorkerLost:
            return

    def _bury(self, member: Member) -> None:
        """Replaces a worker. What it was asking comes back as lost."""
        self._members.remove(member)
        self._lost += 1
        for asked in member.under_way.values():
            if not asked.done():
                asked.set_result(Trial([], ReadFailed("the worker that asked it was lost"), 1, lost=True))
        if self._lost <= MOST_LOST:
            self._employ()
        self._some_ready.set()
