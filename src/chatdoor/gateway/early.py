"""SIGHUP to a gateway that is not ready yet: it ends nobody, and is heeded once there is something to read anew."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

RENEWS: Final = getattr(signal, "SIGHUP", None)
"""The signal that asks for sites, keys and settings to be read again; not every system has it."""


class Early:
    """Whether the signal has come."""

    came = False

    def note(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - Python's signature
        """Python: it has come."""
        self.came = True


def begin() -> None:
    """Has the signal noted from now on, by a process whose modules are still to be loaded."""
    if RENEWS is not None:
        signal.signal(RENEWS, Early().note)


@contextmanager
def noting_early() -> Iterator[Early]:
    """Inside, the signal is noted by whoever does not heed it. What was noted since `begin` counts too."""
    before = None if RENEWS is None else signal.getsignal(RENEWS)
    begun = getattr(before, "__self__", None)
    early = begun if isinstance(begun, Early) else Early()
    if RENEWS is not None:
        signal.signal(RENEWS, early.note)
    try:
        yield early
    finally:
        if RENEWS is not None:
            signal.signal(RENEWS, before)
