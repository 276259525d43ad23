"""Waiting for what a test needs, and not for a time that suffices on one machine and not on another."""

import threading
import time
from collections.abc import Callable

SECONDS = 20.0
"""After which a condition counts as one that will not come."""


def wait_until(holds: Callable[[], object]) -> None:
    """Waits until something holds. Fails after a while."""
    end = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < end, "it does not come to that"
        time.sleep(0.005)


def once(holds: Callable[[], object], act: Callable[[], object]) -> threading.Thread:
    """Does something as soon as something holds, in a thread that has been started."""

    def work() -> None:
        wait_until(holds)
        act()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread
