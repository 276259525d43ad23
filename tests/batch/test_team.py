"""Workers elsewhere as one who asks, without any cluster: the workers here are plain objects that can be lost."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from chatdoor.batch import team
from chatdoor.batch.asking import Trial
from chatdoor.batch.breaker import Breaker
from chatdoor.batch.crew import Crew
from chatdoor.batch.interrupts import Interrupts
from chatdoor.batch.limit import Fixed
from chatdoor.batch.plan import Plan, Silent
from chatdoor.batch.row import Row
from chatdoor.batch.run import Run
from chatdoor.batch.team import Block, News, Team, WorkerLost
from chatdoor.errors import BatchStopped
from chatdoor.messages import CheckedMessages, Message, Reply, Timings, Usage

Ending = Callable[["Desk"], bool]


class Desk:
    """A worker that answers after a moment, and may be lost: `ends` says when, by looking at it."""

    def __init__(self, ends: Ending = lambda _desk: False, *, starts: bool = True) -> None:
        self.asked: list[str] = []
        self.waits: list[float] = []
        self.warm = 0
        self.wait = 0.0
        self._ends = ends
        self._starts = starts
        self._rows: list[tuple[int, Row]] = []
        self._some = asyncio.Event()

    async def ready(self) -> None:
        await asyncio.sleep(0)
        if not self._starts:
            raise WorkerLost

    async def warm_up(self, count: int) -> None:
        self.warm += count

    async def deliver(self, block: Block) -> None:
        await asyncio.sleep(0)
        self._rows += block.rows
        self.asked += [row.messages[0].text for _, row in block.rows]
        self._some.set()

    async def news(self) -> News:
        await self._some.wait()
        await asyncio.sleep(0.001)
        if self._ends(self):
            raise WorkerLost
        self._some.clear()
        rows, self._rows = self._rows, []
        wait, self.wait = self.wait, 0.0
        return News([(ticket, Trial([reply_to(row)], None, 1)) for ticket, row in rows], wait)

    async def hold_off(self, seconds: float) -> None:
        self.waits.append(seconds)


def reply_to(row: Row) -> Reply:
    """A reply that shows which row it belongs to."""
    text = f"re: {row.messages[0].text}"
    return Reply(text=text, site="s", model="m", usage=Usage(1, 1), timings=Timings(0.001, 0.001))


def run_with(folder: Path, desks: list[Desk], rows: int = 200, at_a_time: int = 8) -> dict[int, dict[str, object]]:
    """The results of a batch that these workers carry out, each hired in turn. Each row has one."""
    (folder / "in.txt").write_text("".join(f"number {number}\n" for number in range(1, rows + 1)))
    hired = iter(desks)
    plan = Plan(source=folder / "in.txt", output=folder / "out")

    async def main() -> None:
        async with Team(lambda: next(hired), count=2) as members:
            crew = Crew("s", members, Fixed(at_a_time), Breaker(), None)
            await Run(plan, "s", Silent(), Interrupts()).carry_out(crew)

    asyncio.run(main())
    results = [json.loads(line) for line in (folder / "out").read_text().splitlines()]
    assert len({result["chatdoor"]["line"] for result in results}) == len(results)
    return {result["chatdoor"]["line"]: result for result in results}


def test_all_workers_have_something_to_do(tmp_path: Path) -> None:
    """Each row is asked once, by one of them, and has its own reply."""
    desks = [Desk(), Desk()]
    results = run_with(tmp_path, desks)
    asked = desks[0].asked + desks[1].asked
    assert sorted(asked) == sorted(f"number {number}" for number in range(1, 201))
    assert min(len(desk.asked) for desk in desks) > 50
    assert all(f're: number {line}"' in json.dumps(result) for line, result in results.items())
    assert all(desk.warm for desk in desks)


def test_what_a_lost_worker_had_is_asked_again_and_marked(tmp_path: Path) -> None:
    """By another one; what it had answered is not."""
    desks = [Desk(lambda desk: len(desk.asked) >= 40), Desk(), Desk()]
    results = run_with(tmp_path, desks)
    asked = desks[0].asked + desks[1].asked + desks[2].asked
    twice = {prompt for prompt in asked if asked.count(prompt) > 1}
    marked = {f"number {line}" for line, result in results.items() if result["chatdoor"]["asked_again"]}  # type: ignore[index]
    assert len(results) == 200
    assert 0 < len(twice) <= 8
    assert twice == marked
    assert desks[2].asked


def test_workers_that_can_not_start_end_the_run(tmp_path: Path) -> None:
    """After a few, with a word about what may be wrong; nothing was asked."""
    with pytest.raises(BatchStopped, match="is chatdoor on each node"):
        run_with(tmp_path, [Desk(starts=False) for _ in range(team.MOST_LOST + 5)])
    assert (tmp_path / "out").read_bytes() == b""
    assert not (tmp_path / "out.journal").exists()


def test_a_wait_is_heeded_by_all_workers(tmp_path: Path) -> None:
    """One of them hears of it; the others are told, and no new row goes out."""
    desks = [Desk(), Desk()]
    desks[0].wait = 0.3
    run_with(tmp_path, desks, rows=20)
    assert all(0 < desk.waits[0] <= 0.3 for desk in desks)


def test_blocks_are_bounded() -> None:
    """However many rows are asked at once."""
    sizes: list[int] = []

    class Counting(Desk):
        async def deliver(self, block: Block) -> None:
            sizes.append(len(block.rows))
            await super().deliver(block)

    async def main() -> None:
        async with Team(Counting, count=1) as members:
            rows = [
                Row(line=n, mark=1, custom_id="x", messages=CheckedMessages((Message("user", str(n)),)))
                for n in range(300)
            ]
            await asyncio.gather(*map(members.ask, rows))

    asyncio.run(main())
    assert sum(sizes) == 300
    assert max(sizes) == team.BLOCK
