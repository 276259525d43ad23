"""A polite pace: how many messages go to a site at a time, and how many in a minute.

All clients of a process that talk to the same origin with the same limits share one pace. Who comes first
goes first. One's own machine has no limit unless the site file or the caller sets one.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future

from chatdoor.drive.access import check_number
from chatdoor.errors import ArgumentError
from chatdoor.site.model import Site


class Turn:
    """A caller's place in the queue. `delay` is done when it is the caller's turn: seconds to wait still."""

    def __init__(self, patience: float) -> None:
        self.patience = patience
        self.delay: Future[float] = Future()
        self.booked = False


class Pace:
    """Grants turns. `concurrency` and `per_minute` are limits; None is no limit."""

    def __init__(
        self, concurrency: int | None, per_minute: float | None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.concurrency = concurrency
        self.interval = 60.0 / per_minute if per_minute else 0.0
        """Seconds from one to the next."""
        self.burst = self.interval * ((concurrency or 4) - 1)
        """Seconds by which one may come early."""
        self._clock = clock
        self._due = float("-inf")
        self._running = 0
        self._waiting: deque[Turn] = deque()
        self._lock = threading.Lock()

    def request(self, patience: float = float("inf")) -> Turn:
        """A turn. It ends with `leave` or `give_back`, whatever becomes of it.

        A delay of `patience` seconds or more is told and not booked: who does not come keeps nobody waiting.
        """
        turn = Turn(patience)
        with self._lock:
            self._waiting.append(turn)
        self._grant()
        return turn

    def leave(self, turn: Turn) -> None:
        """Ends a turn, or gives up waiting for it."""
        with self._lock:
            if turn in self._waiting:
                self._waiting.remove(turn)
            else:
                self._running -= 1
        self._grant()

    def give_back(self, turn: Turn) -> None:
        """Ends a turn in which nothing was sent."""
        with self._lock:
            if turn.booked:
                self._due -= self.interval
        self.leave(turn)

    def _grant(self) -> None:
        while True:
            with self._lock:
                if not self._waiting or (self.concurrency is not None and self._running >= self.concurrency):
                    return
                turn = self._waiting.popleft()
                self._running += 1
                delay = self._book(turn)
            turn.delay.set_result(delay)

    def _book(self, turn: Turn) -> float:
        """The generic cell rate algorithm (ITU-T I.371): evenly spaced, after a burst of `concurrency`."""
        now = self._clock()
        delay = max(0.0, self._due - self.burst - now)
        turn.booked = delay < turn.patience
        if turn.booked:
            self._due = max(self._due, now) + self.interval
        return delay


_paces: dict[tuple[str, int | None, float | None], Pace] = {}
_paces_lock = threading.Lock()


def pace_of(site: Site, concurrency: int | None = None, per_minute: float | None = None) -> Pace | None:
    """The pace that a site's messages share, by its own limits or the caller's. None where there is none.

    Raises ArgumentError for a limit that is none.
    """
    if concurrency is None:
        concurrency = site.limits.concurrency
    elif check_number("concurrency", concurrency) != int(concurrency):
        raise ArgumentError(f"concurrency: expected a whole number above 0, got {concurrency!r}")
    if per_minute is None:
        per_minute = site.limits.per_minute
    else:
        check_number("per_minute", per_minute)
    if concurrency is None and per_minute is None:
        return None
    with _paces_lock:
        return _paces.setdefault((site.origin, concurrency, per_minute), Pace(concurrency, per_minute))
