"""A log that nobody waits for: its lines go to standard error by a thread, however slowly they are taken there."""

import logging
import sys
from contextlib import suppress
from threading import Thread
from typing import Final

MOST_LINES: Final = 1_000
"""Lines that may wait, where nobody takes them. More are dropped."""

LAST_SECONDS: Final = 1.0
"""How long the last lines may take to be written."""


class Apart(logging.Handler):
    """Shows records on standard error. A process that was forked has a thread of its own."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[str] = []
        self._thread: Thread | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Shows one, soon."""
        if len(self._lines) < MOST_LINES:
            self._lines.append(self.format(record) + "\n")
        if self._thread is None or not self._thread.is_alive():
            self._thread = Thread(target=self._write_on, name="chatdoor-log", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Shows what waits, as far as it is taken soon."""
        if (thread := self._thread) is not None:
            thread.join(LAST_SECONDS)
        super().close()

    def _write_on(self) -> None:
        while text := self._take():
            with suppress(OSError, ValueError):  # where standard error is gone, nobody can be told
                _write(text)

    def _take(self) -> str:
        """What waits; with nothing, the thread is over, and the next line begins another one."""
        self.acquire()
        try:
            text, self._lines = "".join(self._lines), []
            if not text:
                self._thread = None
            return text
        finally:
            self.release()


def _write(text: str) -> None:
    """Writes, but not by standard error's own buffer: who waits there would keep the interpreter from its end."""
    if sys.stderr is not None:
        with open(sys.stderr.fileno(), "wb", closefd=False) as file:
            file.write(text.encode(sys.stderr.encoding, "backslashreplace"))
