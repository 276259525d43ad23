"""What the gateway counts, in plain numbers: a request costs one look-up and a few additions.

prometheus-client's own counters take six microseconds a request; here it only writes the page (see `exposition`).
A series has a name from the tables of routes, statuses and sites, so that their number is bounded.
"""

import time
from bisect import bisect_left
from collections import Counter
from typing import Final, NamedTuple

import msgspec

from chatdoor.gateway.exchange import Exchange

BOUNDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)
"""Upper bounds of a histogram's buckets, in seconds. The last bucket has none."""

CLIENT_LEFT: Final = 499
"""The status of a request whose client left before there was one, as nginx has it."""


def is_fault(status: int) -> bool:
    """True for the status of an error that is the site's; what the client did wrong is none."""
    return status >= 424 and (status in {424, 429} or status >= 502)  # most are 200, and this is asked for each


class Series(NamedTuple):
    """What requests are told apart by. `route` and `site` are empty where there is none."""

    route: str
    status: int
    site: str


class Histogram:
    """Times, in seconds: how many there are in each bucket, and their sum."""

    __slots__ = ("buckets", "sum")

    def __init__(self) -> None:
        self.buckets = [0] * (len(BOUNDS) + 1)
        self.sum = 0.0

    def add(self, seconds: float) -> None:
        """Counts a time."""
        self.buckets[bisect_left(BOUNDS, seconds)] += 1
        self.sum += seconds

    def merge(self, other: "Histogram") -> None:
        """Counts all times of another."""
        self.buckets = [mine + its for mine, its in zip(self.buckets, other.buckets, strict=True)]
        self.sum += other.sum


class Row:
    """The numbers of one series. Tokens are (input, output), by whose count they are."""

    __slots__ = ("durations", "estimated", "firsts", "told")

    def __init__(self) -> None:
        self.durations = Histogram()
        self.firsts = Histogram()
        self.told = [0, 0]
        self.estimated = [0, 0]


class Failure(msgspec.Struct, frozen=True):
    """How the last call of a site failed. `at` is in seconds since 1970."""

    error: str
    at: float


class Counts:
    """All that was counted since the gateway began."""

    def __init__(self) -> None:
        self.rows: dict[Series, Row] = {}
        self.errors: Counter[tuple[str, str]] = Counter()
        """(site, name of the error) -> how many calls ended with it."""
        self.refusals: Counter[int] = Counter()
        """Status -> how many connections were ended with it before there was a request: no HTTP, too slow, too many."""
        self.failing: dict[str, Failure] = {}
        """Site -> its last failure, until a call succeeds."""

    def add(self, exchange: Exchange, now: float) -> None:
        """Counts a request that has ended; `now` is by the clock of its note."""
        note = exchange.note
        series = (exchange.route, exchange.status or CLIENT_LEFT, note.site)
        row = self.rows.get(series)  # type: ignore[call-overload]  # an equal tuple, which is made in half the time
        if row is None:
            row = self.rows[Series(*series)] = Row()
        row.durations.add(now - note.began)
        if not note.site:
            return
        if note.first is not None:
            row.firsts.add(note.first)
        tokens = row.estimated if note.estimated else row.told
        tokens[0] += note.input
        tokens[1] += note.output
        if note.error:
            self.errors[note.site, note.error] += 1
            if note.problem is not None and is_fault(note.problem.status):
                self.failing[note.site] = Failure(note.error, time.time())
        elif self.failing and note.texts:
            self.failing.pop(note.site, None)
