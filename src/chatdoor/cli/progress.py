"""A progress bar, on a terminal alone. It is gone when the work has ended."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final, TextIO

from chatdoor.discover.progress import Tell, nobody

_CELLS: Final = 30


@contextmanager
def progress(label: str) -> Iterator[Tell]:
    """What is to be told how far the work is. It draws on standard error where that is a terminal, else nothing."""
    stream = sys.stderr
    if stream is None or not stream.isatty():
        yield nobody
        return
    bar = _Bar(label, stream)
    try:
        yield bar.tell
    finally:
        bar.erase()


class _Bar:
    """One line, drawn anew with each percent."""

    def __init__(self, label: str, stream: TextIO) -> None:
        self._label = label
        self._stream = stream
        self._shown = -1
        self._width = 0

    def tell(self, share: float) -> None:
        percent = min(int(share * 100), 100)
        if percent > self._shown:
            self._shown = percent
            done = "#" * (percent * _CELLS // 100)
            line = f"{self._label} [{done:<{_CELLS}}] {percent:>3} %"
            self._width = len(line)
            self._write(f"\r{line}")

    def erase(self) -> None:
        self._write(f"\r{' ' * self._width}\r")

    def _write(self, text: str) -> None:
        with suppress(OSError, ValueError):  # where the terminal is gone, nobody looks
            self._stream.write(text)
            self._stream.flush()
