"""The errors of plain HTTP as ours, and what both faces hold to."""

import os
import re
from typing import Final

from chatdoor.drive.plain.wire import Broken
from chatdoor.errors import ConnectFailed, Place, ReadFailed, TimedOut

IDLE_SECONDS: Final = 30.0
"""How long an unused connection is kept. Common servers close theirs after 5 to 75 seconds."""

_OF_ASYNCIO: Final = re.compile(r"\[Errno (\d+)\] Connect call failed")
"""How it names a failed address, of one or of several (`BaseEventLoop.create_connection`)."""


def translate(error: Broken | TimeoutError, place: Place, *, begun: bool) -> ReadFailed | TimedOut:
    """The error for an answer that is not whole; `begun` says that its head is there."""
    if isinstance(error, TimeoutError):
        phase = "reading the answer" if begun else "waiting for an answer"
        return TimedOut(f"timed out while {phase}", phase=phase, site=place.site, step=place.step)
    problem = f"the answer broke off: {error}" if begun else f"no answer: {error}"
    return ReadFailed(problem, begun=begun, site=place.site, step=place.step)


def unconnected(place: Place) -> TimedOut:
    """The error for a connection that took too long."""
    return TimedOut("timed out while connecting", phase="connecting", site=place.site, step=place.step)


def connect_failed(error: OSError, place: Place) -> ConnectFailed:
    """The error for a connection that was refused."""
    return ConnectFailed(f"no connection: {reason_of(error)}", site=place.site, step=place.step)


def reason_of(error: Exception) -> str:
    """What the system says of it, which names no URL. asyncio puts an address there, or a list of errors."""
    number = _OF_ASYNCIO.search(str(error))
    if number:
        return os.strerror(int(number[1]))
    return (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
