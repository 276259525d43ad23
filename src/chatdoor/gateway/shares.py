"""What each of several workers has counted, so that any of them can tell of all.

A worker puts its numbers on the board soon after they have changed. One that takes the place of another goes on from
that one's numbers, since a counter never goes back.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Final, TypeAlias

import msgspec

from chatdoor.gateway.board import Board
from chatdoor.gateway.counts import Counts, Histogram, Row, Series
from chatdoor.gateway.recent import Past, Recent

TELL_SECONDS: Final = 0.1
"""How long a change waits for others that follow, before it is told."""

AGE_SECONDS: Final = 1.0
"""How old what was told may be: some numbers change without a word."""

Tallies: TypeAlias = dict[str, dict[str, float]]
"""Site -> what its visitor has tallied, by the tally's names."""


class Line(msgspec.Struct, frozen=True, array_like=True):
    """The numbers of one series (see Row)."""

    series: tuple[str, int, str]
    durations: tuple[list[int], float]
    firsts: tuple[list[int], float]
    told: list[int]
    estimated: list[int]


class Been(msgspec.Struct, frozen=True, array_like=True):
    """The history of one site (see History)."""

    requests: int
    faults: int
    fault: Past | None
    last: list[Past]


class Share(msgspec.Struct, frozen=True, array_like=True):
    """All that one worker has counted. `running` are the requests on their way."""

    running: int = 0
    lines: list[Line] = []
    errors: list[tuple[str, str, int]] = []
    refusals: dict[int, int] = {}
    tallies: Tallies = {}
    been: dict[str, Been] = {}


_SHARE: Final = msgspec.msgpack.Decoder(Share)


class Shares:
    """One worker's slot on the board, and the slots of the others."""

    def __init__(self, board: Board, slot: int) -> None:
        self._board = board
        self._slot = slot
        self._timer: asyncio.TimerHandle | None = None
        self._soon = False

    def before(self) -> Share:
        """What the worker that had this slot before has told last."""
        return self._read(self._slot)

    def others(self) -> list[Share]:
        """What all others have told last."""
        return [self._read(slot) for slot in range(len(self._board)) if slot != self._slot]

    def tell(self, share: Share) -> None:
        """Tells it to the others."""
        self._board.write(self._slot, msgspec.msgpack.encode(share))

    def tell_soon(self, tell: Callable[[], None]) -> None:
        """Has it told soon, by this function, and now and then from then on. In the event loop."""
        if not self._soon:
            self._soon = True
            if self._timer is not None:
                self._timer.cancel()
            self._timer = asyncio.get_running_loop().call_later(TELL_SECONDS, self._told, tell)

    def _told(self, tell: Callable[[], None]) -> None:
        self._soon = False
        self._timer = asyncio.get_running_loop().call_later(AGE_SECONDS, self._told, tell)
        tell()

    def _read(self, slot: int) -> Share:
        text = self._board.read(slot)
        return _SHARE.decode(text) if text else Share()


def share_of(counts: Counts, recent: Recent, tallies: Tallies, running: int) -> Share:
    """The share of one worker."""
    return Share(
        running,
        [_line(series, row) for series, row in counts.rows.items()],
        [(site, error, count) for (site, error), count in counts.errors.items()],
        dict(counts.refusals),
        tallies,
        {site: Been(one.requests, one.faults, one.fault, list(one.last)) for site, one in recent.all().items()},
    )


def _line(series: Series, row: Row) -> Line:
    durations, firsts = row.durations, row.firsts
    return Line(series, (durations.buckets, durations.sum), (firsts.buckets, firsts.sum), row.told, row.estimated)


def add_counts(counts: Counts, shares: Iterable[Share]) -> Counts:
    """The counts, with those of the shares added to them."""
    for share in shares:
        for line in share.lines:
            row = counts.rows.setdefault(Series(*line.series), Row())
            _add(row.durations, line.durations)
            _add(row.firsts, line.firsts)
            for mine, its in ((row.told, line.told), (row.estimated, line.estimated)):
                mine[:] = [one + other for one, other in zip(mine, its, strict=True)]
        counts.errors += Counter({(site, error): count for site, error, count in share.errors})
        counts.refusals += Counter(share.refusals)
    return counts


def _add(histogram: Histogram, told: tuple[list[int], float]) -> None:
    other = Histogram()
    other.buckets, other.sum = told
    histogram.merge(other)


def add_histories(recent: Recent, shares: Iterable[Share]) -> Recent:
    """The histories, with those of the shares added to them: the newest of all requests stay."""
    for share in shares:
        for site, been in share.been.items():
            recent.merge(site, been.requests, been.faults, (been.fault, been.last))
    return recent


def add_tallies(tallies: Tallies, shares: Iterable[Share]) -> Tallies:
    """The tallies, with those of the shares added to them."""
    for share in shares:
        for site, told in share.tallies.items():
            mine = tallies.setdefault(site, {})
            for name, number in told.items():
                mine[name] = mine.get(name, 0) + number
    return tallies
