"""Ctrl-C and SIGTERM as something to hear of, instead of an exception in the middle of things."""

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

HANG_UP: Final = getattr(signal, "SIGHUP", None)
"""What a terminal that is closed sends, often more than once."""

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, *filter(None, [HANG_UP]))


class Interrupts:
    """Hears signals on the main thread, and tells the run of them on its event loop, whichever thread that is on."""

    def __init__(self) -> None:
        self._tell: Callable[[], object] | None = None
        self._heard = 0

    @contextmanager
    def caught(self) -> Iterator[None]:
        """Inside, signals are for the run. Off the main thread nothing changes; what is ignored stays ignored."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        heeded = [number for number in SIGNALS if signal.getsignal(number) not in {signal.SIG_IGN, None}]
        before = {number: signal.signal(number, self._hear) for number in heeded}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextmanager
    def heeding(self, interrupt: Callable[[], None]) -> Iterator[None]:
        """Inside, each signal is a call of `interrupt` on the running event loop; so is one from before."""
        loop = asyncio.get_running_loop()
        self._tell = lambda: loop.call_soon_threadsafe(interrupt)
        if self._heard:
            interrupt()
        try:
            with self.caught():
                yield
        finally:
            self._tell = None

    def _hear(self, number: int, _frame: object) -> None:
        again, self._heard = self._heard, self._heard + 1
        if self._tell is not None and not (again and number == HANG_UP):
            self._tell()
