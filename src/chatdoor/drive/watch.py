"""A thread that hears of a signal at once, while the main thread waits inside a library.

Python runs a signal's handler on the main thread, between two of its instructions, and so not before such a
wait is over. But it notes the signal in a socket the moment it comes (`signal.set_wakeup_fd`). Ctrl-C is heard
there, and the connection is closed that the main thread waits for: its wait ends, and the handler runs.
"""

import _signal  # type: ignore[import-not-found]  # `signal.getsignal` makes enums of handlers, 3 us a call
import os
import signal
import socket
import threading
from collections.abc import Callable
from typing import Final, TypeVar

R = TypeVar("R")

SETTLE_SECONDS: Final = 0.2
"""The longest wait, after Ctrl-C, for the thread to have heard of it."""

OTHERS: Final = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGALRM", "SIGHUP") if hasattr(signal, name))
"""Signals that programs have handlers for which raise: of a time limit, or of being told to stop."""

_MARK: Final = 0
"""What the main thread says to itself: no signal has this number."""


class Watch:
    """The socket, and the thread that reads it. One for the main thread of a process."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self.abort: Callable[[], None] | None = None
        """What ends the wait that is going on."""
        self._marked = threading.Event()
        self._heard, self._told = socket.socketpair()
        self._told.setblocking(False)
        threading.Thread(target=self._listen, name="chatdoor-watch", daemon=True).start()

    def fileno(self) -> int:
        """Where signals are noted."""
        return self._told.fileno()

    def settle(self) -> None:
        """Waits until every signal up to now was heard, so that none of them ends a later wait."""
        self._marked.clear()
        self._told.send(bytes([_MARK]))
        self._marked.wait(SETTLE_SECONDS)

    def _listen(self) -> None:
        while True:
            for number in self._heard.recv(64):
                abort = self.abort
                if number == _MARK:
                    self._marked.set()
                elif number == signal.SIGINT and abort:
                    abort()


_watch: Watch | None = None


def can_watch() -> bool:
    """True on a main thread on which Ctrl-C does what it does by default, and no other signal is for Python."""
    if _signal.getsignal(_signal.SIGINT) is not signal.default_int_handler:
        return False
    return not any(map(callable, map(_signal.getsignal, OTHERS)))


def watched(work: Callable[[], R], abort: Callable[[], None]) -> R:
    """What the work gives. Ctrl-C calls `abort`, on another thread, which is to end what the work waits for."""
    watch = _current_watch()
    before = signal.set_wakeup_fd(watch.fileno(), warn_on_full_buffer=False)
    watch.abort = abort
    try:
        return work()
    except KeyboardInterrupt:
        watch.settle()
        raise
    finally:
        watch.abort = None
        signal.set_wakeup_fd(before, warn_on_full_buffer=False)


def _current_watch() -> Watch:
    """The watch; a new one after a fork, which keeps no threads."""
    global _watch  # noqa: PLW0603 - one watch for the one main thread
    if _watch is None or _watch.pid != os.getpid():
        _watch = Watch()
    return _watch
