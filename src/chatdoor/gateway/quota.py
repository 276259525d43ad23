"""How often a key may ask: so many requests in each minute and in each day, by the clock (UTC)."""

from collections.abc import Sequence
from math import inf
from typing import Final

from chatdoor.gateway.header import Header, header
from chatdoor.gateway.problem import Problem

MINUTE: Final = 60
DAY: Final = 86_400

_HEADERS: Final = (
    b"x-ratelimit-limit-requests: %d\r\nx-ratelimit-remaining-requests: %d\r\nx-ratelimit-reset-requests: %ds\r\n"
)

_NAMES: Final = {MINUTE: "minute", DAY: "day"}


class Window:
    """One limit: how many in `seconds`, and how many there were since the window began."""

    __slots__ = ("began", "count", "ends", "most", "seconds")

    def __init__(self, most: int, seconds: int) -> None:
        self.most = most
        self.seconds = seconds
        self.count = 0
        self.began = self.ends = 0

    def left(self, now: float) -> int:
        """How many more may come before the window ends."""
        if not self.began <= now < self.ends:
            self.begin(now, 0)
        return self.most - self.count

    def begin(self, now: float, count: int) -> None:
        """Begins the window that it is time for, with so many in it."""
        self.began = int(now // self.seconds) * self.seconds
        self.ends = self.began + self.seconds
        self.count = count

    def reset(self, now: float) -> int:
        """Whole seconds until the window that has begun ends, at least one."""
        return max(1, self.ends - int(now))


class Quota:
    """The limits of one key; `per_minute` and `per_day` of None are no limit. One that is refused does not count."""

    def __init__(self, per_minute: int | None, per_day: int | None) -> None:
        self.limits = (per_minute, per_day)
        both = ((per_minute, MINUTE), (per_day, DAY))
        self.windows = [Window(most, seconds) for most, seconds in both if most is not None]
        self._tightest: Window | None = None
        """The window with the fewest left. It stays that until one ends, since each request takes one of each."""
        self._from = self._until = 0.0

    def take(self, now: float) -> tuple[Header, ...]:
        """Counts a request; OpenAI's headers that say how many are left. `now` is in seconds since 1970.

        Raises Problem (429) where there are too many.
        """
        if not self._from <= now < self._until:
            self._look(now)
        tightest = self._tightest
        if tightest is None:
            return ()
        left = tightest.most - tightest.count - 1
        if left < 0:
            raise _too_many(tightest, now)
        for window in self.windows:
            window.count += 1
        return _headers(tightest, left, now)

    def _look(self, now: float) -> None:
        """Finds out which window is the tightest now, and until when that holds."""
        self._tightest = min(self.windows, key=lambda window: window.left(now), default=None)
        self._from = max((window.began for window in self.windows), default=-inf)
        self._until = min((window.ends for window in self.windows), default=inf)

    def taken(self, now: float, full: int, counts: Sequence[int]) -> tuple[Header, ...]:
        """The same for a request that was counted elsewhere: which window is full (from 1, 0: none), and the counts.

        Raises Problem (429) where one is full.
        """
        for window, count in zip(self.windows, counts, strict=False):
            window.begin(now, count)
        self._look(now)
        if full:
            raise _too_many(self.windows[full - 1], now)
        tightest = self._tightest
        return () if tightest is None else _headers(tightest, tightest.left(now), now)


def _headers(window: Window, left: int, now: float) -> tuple[Header, ...]:
    return (_HEADERS % (window.most, left, window.reset(now)),)


def _too_many(window: Window, now: float) -> Problem:
    wait = window.reset(now)
    return Problem(
        429,
        f"Rate limit reached for this key: {window.most} requests in a {_NAMES[window.seconds]}. Try again in {wait}s.",
        type="requests",
        code="rate_limit_exceeded",
        headers=(header(b"retry-after", b"%d" % wait), header(b"x-should-retry", b"true"), *_headers(window, 0, now)),
    )
