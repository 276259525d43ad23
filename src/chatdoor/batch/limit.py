"""How many rows are asked at a time: a number, or what the site bears. Pure.

`Adaptive` finds it as TCP Vegas does (https://doi.org/10.1145/190314.190317): where twice as many at a time take twice
as long, half of them only wait. It doubles while none do, goes on by one, takes one in eight back where too many wait,
and halves when the site says that it is too much. Now and then it halves to see how fast the site is with fewer, as BBR
does: it may have become slower or faster for good.
"""

import math
from statistics import median
from typing import Final, Protocol

FIRST: Final = 4
"""With how many at a time it begins."""

AUTO_MOST: Final = 256
"""How many at a time it tries where the site names no limit."""

WINDOW: Final = 8
"""Replies after which it decides, at least; otherwise as many as there are at a time."""

LOOK: Final = 30
"""Windows after which it looks again how fast the site is with fewer."""


class Limit(Protocol):
    """How many at a time, and what it learns from."""

    @property
    def now(self) -> int:
        """Rows at a time."""

    def answered(self, seconds: float) -> None:
        """Hears how long a reply took."""

    def refused(self) -> None:
        """Hears that the site finds it too much."""


class Fixed:
    """Always as many."""

    def __init__(self, count: int) -> None:
        self.now = count

    def answered(self, seconds: float) -> None:
        """Changes nothing."""

    def refused(self) -> None:
        """Changes nothing: the wait that the site asked for is heeded by all anyway."""


class Adaptive:
    """As many as the site bears, never more than `most`."""

    def __init__(self, most: int) -> None:
        self.now = min(FIRST, most)
        self._most = most
        self._doubles = True
        self._best = math.inf
        self._times: list[float] = []
        self._windows = 0
        self._deaf = 0
        """Replies for which nothing is decided: they belong to requests from before the last cut."""

    def answered(self, seconds: float) -> None:
        """Hears how long a reply took."""
        if self._deaf:
            self._deaf -= 1
            return
        self._times.append(seconds)
        if len(self._times) >= max(WINDOW, self.now):
            self._decide(median(self._times))

    def refused(self) -> None:
        """Halves, once for all that were under way together."""
        if self._deaf:
            return
        self._deaf = self.now
        self._change(self.now // 2)
        self._doubles = False

    def _decide(self, typical: float) -> None:
        self._windows += 1
        if self._windows % LOOK == 0:
            self._look()
            return
        self._best = min(self._best, typical)
        waiting = self.now * (1 - self._best / typical) if typical else 0.0
        room = max(4.0, 2 * math.sqrt(self.now))
        if waiting < room / 2:
            self._change(self.now * 2 if self._doubles else self.now + 1)
        else:
            self._doubles = False
            self._change(self.now - max(1, self.now // 8) if waiting > room else self.now)

    def _look(self) -> None:
        """Forgets the best time, and lets the next window say it."""
        self._best = math.inf
        self._deaf = self.now
        self._doubles = True
        self._change(self.now // 2)

    def _change(self, count: int) -> None:
        self.now = min(max(count, 1), self._most)
        self._times.clear()
