"""Percentiles of any number of times in constant memory, within one in a hundred.

The buckets grow by a factor (DDSketch, https://arxiv.org/abs/1908.10693), so a sketch of seconds and one of
milliseconds are equally exact, and two of them can be added up.
"""

import math
from collections import Counter
from collections.abc import Sequence
from typing import Final

import msgspec

EXACT: Final = 0.01
LEAST: Final = 1e-6
"""Seconds below which a time is taken for this one."""

_WIDTH: Final = math.log((1 + EXACT) / (1 - EXACT))


class Spread(msgspec.Struct, frozen=True, kw_only=True):
    """How times spread, in seconds."""

    least: float
    p50: float
    p90: float
    p95: float
    p99: float
    most: float
    mean: float


class Bar(msgspec.Struct, frozen=True):
    """One bar of a histogram: how many times lie from `start` to `end`, in seconds."""

    start: float
    end: float
    count: int


class Sketch:
    """Times that were added, as counts of buckets."""

    def __init__(self) -> None:
        self._counts: Counter[int] = Counter()
        self._sum = 0.0
        self._least = math.inf
        self._most = 0.0
        self.count = 0

    def add(self, times: Sequence[float]) -> None:
        """Adds times, in seconds."""
        if not times:
            return
        self._counts.update([math.ceil(math.log(max(seconds, LEAST)) / _WIDTH) for seconds in times])
        self._sum += sum(times)
        self.count += len(times)
        self._least = min(self._least, max(LEAST, min(times)))
        self._most = max(self._most, LEAST, *times)

    def quantile(self, share: float) -> float:
        """The time below which this share of all lies; 0 where there are none."""
        rank, passed = share * (self.count - 1), 0
        for bucket in sorted(self._counts):
            passed += self._counts[bucket]
            if passed > rank:
                return min(max(_middle(bucket), self._least), self._most)
        return 0.0

    @property
    def spread(self) -> Spread | None:
        """The spread; None where there are no times."""
        if not self.count:
            return None
        p50, p90, p95, p99 = map(self.quantile, (0.5, 0.9, 0.95, 0.99))
        mean = self._sum / self.count
        return Spread(least=self._least, p50=p50, p90=p90, p95=p95, p99=p99, most=self._most, mean=mean)

    def bars(self, most: int = 12) -> Sequence[Bar]:
        """A histogram of at most so many bars, each as wide on a logarithmic scale as the others."""
        if not self._counts:
            return ()
        first, last = min(self._counts), max(self._counts)
        step = -(-(last - first + 1) // most)
        starts = range(first, last + 1, step)
        return [Bar(_edge(start - 1), _edge(start + step - 1), self._within(start, start + step)) for start in starts]

    def _within(self, start: int, end: int) -> int:
        return sum(count for bucket, count in self._counts.items() if start <= bucket < end)


def _edge(bucket: int) -> float:
    return math.exp(bucket * _WIDTH)


def _middle(bucket: int) -> float:
    """The value that is off by the same share from both ends of the bucket."""
    return 2 * math.exp(bucket * _WIDTH) / (math.exp(_WIDTH) + 1)
