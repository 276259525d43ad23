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


@contextmanager
def noting_early() -> Iterator[Early]:
    """Inside, the signal is noted by whoever does not heed it."""
    early = Early()
    before = None if RENEWS is None else signal.signal(RENEWS, early.note)
    try:
        yield early
    finally:
        if RENEWS is not None:
            signal.signal(RENEWS, before)
