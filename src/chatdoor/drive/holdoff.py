"""A wait that a site has asked for (`Retry-After`), heeded by all callers that talk to it."""

import threading
import time
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

from chatdoor.site.model import Site
from chatdoor.site.urls import is_local

MAX_HOLDOFF: Final = 3_600.0
"""Seconds for which callers are kept waiting: who names a day may mean one visitor, or be mistaken."""


class Holdoff:
    """A time in which nothing is sent. May be shared by threads and event loops."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until = 0.0
        """By the clock; 0 where nobody has asked for a wait yet."""
        self._lock = threading.Lock()

    @property
    def left(self) -> float:
        """Seconds that are left of it; 0 where there are none."""
        return max(0.0, self._until - self._clock()) if self._until else 0.0

    def begin(self, seconds: float) -> None:
        """Begins it, for at most MAX_HOLDOFF. One that lasts longer goes on."""
        with self._lock:
            self._until = max(self._until, self._clock() + min(seconds, MAX_HOLDOFF))


_holdoffs: dict[str, Holdoff] = {}
_holdoffs_lock = threading.Lock()


def holdoff_of(site: Site) -> Holdoff:
    """The wait that all callers of the site in this process share; on one's own machine, one for each client."""
    if is_local(urlsplit(site.origin).hostname or ""):
        return Holdoff()
    with _holdoffs_lock:
        return _holdoffs.setdefault(site.origin, Holdoff())
