"""Waits for the network that Ctrl-C ends.

Python delivers Ctrl-C to the main thread, between two of its instructions; a call that waits inside a library
is not interrupted. So there, and only there, such a wait needs help: from a watch, where closing the connection
ends the wait and Ctrl-C is sure to raise; else from a helper thread, which does the waiting. (Locks and sleeps
need none.)
"""

import threading
from collections.abc import Callable
from typing import TypeVar

from chatdoor.drive.helper import on_helper
from chatdoor.drive.watch import can_watch, watched

R = TypeVar("R")


def closable(work: Callable[[], R], close: Callable[[], None]) -> R:
    """What the work gives. Ctrl-C calls `close`, on another thread, which ends the work."""
    if threading.current_thread() is not threading.main_thread():
        return work()
    return watched(work, close) if can_watch() else on_helper(work, close)


def leavable(work: Callable[[], R], left: Callable[[], None]) -> R:
    """What the work gives. Ctrl-C leaves the work alone with a helper, which does `left` when it ends."""
    if threading.current_thread() is not threading.main_thread():
        return work()
    return on_helper(work, left=left)
