"""How a batch shows its progress: a line that moves on a terminal, lines now and then in a log, or nothing."""

import shutil
import sys
from contextlib import suppress
from typing import Final

from chatdoor.batch.plan import Progress, Silent
from chatdoor.batch.words import bar_text, progress_text
from chatdoor.cli.clean import one_line
from chatdoor.cli.output import tell

LOG_SECONDS: Final = 30.0
"""Between two lines of a log."""

_REDRAW: Final = "\r\x1b[K"
"""To the start of the line, which is emptied (ECMA-48, EL)."""


class OnTerminal:
    """A line that is drawn anew."""

    def __init__(self) -> None:
        self._shown = ""

    def progressed(self, progress: Progress) -> None:
        """Draws it."""
        text = bar_text(progress)[: shutil.get_terminal_size().columns - 1]
        if text != self._shown:
            self._draw(text)

    def said(self, text: str) -> None:
        """Shows a line above it."""
        shown, self._shown = self._shown, ""
        _write(_REDRAW)
        tell(f"chatdoor: {text}")
        self._draw(shown)

    def end(self) -> None:
        """Ends the line."""
        if self._shown:
            _write("\n")

    def _draw(self, text: str) -> None:
        self._shown = text
        _write(f"{_REDRAW}{one_line(text)}")


class InLog:
    """A line now and then."""

    def __init__(self) -> None:
        self._next = LOG_SECONDS

    def progressed(self, progress: Progress) -> None:
        """Writes a line where the last one is long ago."""
        if progress.seconds >= self._next:
            self._next = progress.seconds + LOG_SECONDS
            self.said(progress_text(progress))

    def said(self, text: str) -> None:
        """Writes a line."""
        tell(f"chatdoor: {text}")

    def end(self) -> None:
        """Has nothing to end."""


class Nothing(Silent):
    """Nothing."""

    def end(self) -> None:
        """Has nothing to end."""


def shown(*, quiet: bool) -> "OnTerminal | InLog | Nothing":
    """Who shows the progress here."""
    if quiet or sys.stderr is None:
        return Nothing()
    return OnTerminal() if sys.stderr.isatty() else InLog()


def _write(text: str) -> None:
    with suppress(OSError, ValueError):
        sys.stderr.write(text)
        sys.stderr.flush()
