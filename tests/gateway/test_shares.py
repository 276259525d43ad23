"""What several workers have counted: told on the board, and added up by whoever is asked."""

import asyncio

from chatdoor.gateway.board import Board
from chatdoor.gateway.counts import BOUNDS, Counts, Row, Series
from chatdoor.gateway.recent import KEPT, Past, Recent
from chatdoor.gateway.shares import Share, Shares, add_counts, add_histories, add_tallies, share_of
from tests.servers.waiting import wait_until


def past(at: float, status: int = 200) -> Past:
    """A request that ended then."""
    return Past(at, "m", status, 0.1, None, None, "", None, "", "", "")


def counted(count: int) -> Share:
    """What a worker has counted that had so many requests."""
    counts, recent = Counts(), Recent()
    row = counts.rows[Series("/v1", 200, "s")] = Row()
    for number in range(count):
        row.durations.add(0.003)
        row.told[0] += 2
        recent.merge("s", 1, 0, (None, [past(number * 10 + count)]))
    counts.errors["s", "Timeout"] += count
    counts.refusals[400] += count
    return share_of(counts, recent, {"s": {"waits": count}}, count)


def test_the_sum_of_all() -> None:
    """Counters, histograms, tallies and what is on its way are added up; nothing of a share changes by that."""
    shares = [counted(2), counted(3)]
    for _ in range(2):
        counts = add_counts(Counts(), shares)
        row = counts.rows[Series("/v1", 200, "s")]
        assert row.durations.buckets == [5, *[0] * len(BOUNDS)]
        assert row.told == [10, 0]
        assert (counts.errors["s", "Timeout"], counts.refusals[400]) == (5, 5)
        assert add_tallies({}, shares) == {"s": {"waits": 5}}


def test_the_newest_requests_of_all() -> None:
    """Histories are merged by time, so that the page shows the newest, with the last fault of any worker."""
    one, two = Recent(), Recent()
    for number in range(KEPT):
        one.merge("s", 1, 0, (None, [past(2 * number)]))
        two.merge("s", 1, 1, (past(2 * number + 1, 502), [past(2 * number + 1, 502)]))
    told = [share_of(Counts(), recent, {}, 0) for recent in (one, two)]
    history = add_histories(Recent(), told).of("s")
    assert (history.requests, history.faults) == (2 * KEPT, KEPT)
    assert [one.at for one in history.last] == list(range(KEPT, 2 * KEPT))
    assert history.fault is not None
    assert history.fault.at == 2 * KEPT - 1


def test_what_a_worker_tells_is_there_soon_and_for_who_takes_its_place() -> None:
    """A change is told once, soon; what changes without a word is told a while later."""
    board = Board(2)
    told: list[int] = []

    async def main() -> None:
        shares = Shares(board, 0)

        def tell() -> None:
            told.append(len(told))
            shares.tell(counted(len(told)))

        for _ in range(5):
            shares.tell_soon(tell)
        await asyncio.to_thread(wait_until, lambda: told)
        await asyncio.sleep(0.2)
        assert told == [0]
        await asyncio.to_thread(wait_until, lambda: len(told) > 1)
        assert told == [0, 1]

    asyncio.run(main())
    (seen,) = Shares(board, 1).others()
    assert seen == Shares(board, 0).before() == counted(2)
    assert Shares(board, 1).before() == Share()
