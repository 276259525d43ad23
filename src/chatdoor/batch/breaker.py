"""Whether the site is asked at all: a run that meets a site that is down waits for it, within bounds. Pure.

Before anything was answered, failures mean that the run can not work, and it stops. Later they mean that the site is
down: the run pauses, then one row tries again, and each try that fails doubles the pause.
"""

from typing import Final

FAILURES_TO_PAUSE: Final = 5
"""Failures in a row after which the site counts as down."""

FAILURES_TO_STOP: Final = 10
"""Failures, with nothing answered yet, after which the run stops."""

FIRST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 60.0
"""Seconds of a pause, which doubles from the first to the longest."""

PATIENCE: Final = 3_600.0
"""Seconds for which a site may be down before the run stops."""

NAP: Final = 0.25
"""Seconds after which to ask again, while another row tries."""


class Breaker:
    """Hears how the rows fare and says whether the next may start. Times are of a clock that never jumps."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._answered = False
        self._failures = 0
        """Since the last reply."""
        self._pause = 0.0
        self._until = 0.0
        self._down_since = 0.0
        self._tries = False

    @property
    def paused(self) -> bool:
        """True while the site counts as down."""
        return self._pause > 0

    @property
    def pause(self) -> float:
        """Seconds of the pause that was begun last; 0 where the site is up."""
        return self._pause

    @property
    def hopeless(self) -> bool:
        """True where nothing was answered, and enough has failed."""
        return not self._answered and self._failures >= FAILURES_TO_STOP

    def gives_up(self, now: float) -> bool:
        """True where the site has been down for too long."""
        return self.paused and now - self._down_since >= self._patience

    def wait(self, now: float) -> float:
        """Seconds until the caller may ask again whether it may start; 0: it may, and its result is to be told."""
        if not self._pause:  # a row of a site that is up
            return 0.0
        if now < self._until:
            return min(self._until - now, NAP)
        if self._tries:
            return NAP
        self._tries = True
        return 0.0

    def answered(self) -> bool:
        """Hears of a reply. True where the site was down until now."""
        was_down = self._pause > 0
        self._answered = True
        self._failures = 0
        self._pause = 0.0
        self._tries = False
        return was_down

    def passed(self) -> None:
        """Hears of a row that failed for a reason of its own, or was given up: the next one may try."""
        self._tries = False

    def failed(self, now: float) -> bool:
        """Hears of a failure that may be the site's. True where a pause begins with it."""
        self._failures += 1
        if not self._answered or self._failures < FAILURES_TO_PAUSE:
            return False
        if self.paused and not (self._tries and now >= self._until):
            return False  # it had been under way before the pause
        if not self.paused:
            self._down_since = now
        self._pause = min(self._pause * 2 or FIRST_PAUSE, LONGEST_PAUSE)
        self._until = now + self._pause
        self._tries = False
        return True
