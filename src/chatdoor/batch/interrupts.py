"""Ctrl-C and SIGTERM as something to hear of, instead of an exception in the middle of things."""

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def heeding(interrupt: Callable[[], None]) -> Iterator[None]:
    """Inside, each such signal is a call of `interrupt` on the event loop. Off the main thread nothing changes."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()

    def heard(_number: int, _frame: object) -> None:
        loop.call_soon_threadsafe(interrupt)

    before = {number: signal.signal(number, heard) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
