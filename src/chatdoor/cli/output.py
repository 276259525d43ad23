"""What is written: replies to standard output, one-line messages to standard error."""

import json
import os
import sys
from contextlib import suppress
from typing import TextIO

import msgspec

from chatdoor.cli.clean import ControlFilter, one_line


class Output:
    """Standard output for text that comes from a site: each piece is shown at once.

    A terminal gets it without what it would obey; a pipe or file gets it as it is.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._filter = ControlFilter() if stream.isatty() else None
        self._last = ""

    @property
    def is_utf8(self) -> bool:
        """True where every text can be written as it is."""
        return self._stream.encoding.lower().replace("-", "") == "utf8"

    def write(self, text: str) -> None:
        """Shows a piece. Raises OSError where it can not be written."""
        if self._filter:
            text = self._filter.feed(text)
        if text:
            self._last = text[-1]
            self._stream.write(text)
            self._stream.flush()

    def interrupt(self) -> None:
        """Ends a line that is begun on a terminal, so that another text is not shown behind it."""
        if self._filter and self._last not in {"", "\n"}:
            self._last = "\n"
            self._stream.write("\n")
            self._stream.flush()

    def end_line(self) -> None:
        """Ends the line, where one was begun. What follows is another text."""
        if self._filter:
            self._filter = ControlFilter()
        if self._last not in {"", "\n"}:
            self.write("\n")

    def end_reply(self) -> None:
        """Ends the reply's last line; of an empty reply it is the only one."""
        self._last = self._last or " "
        self.end_line()
        self._last = ""


def stdout() -> Output:
    """The standard output of this program."""
    return Output(sys.stdout)


def write_object(value: object, output: Output) -> None:
    """Writes a value as JSON, on a line of its own."""
    text = msgspec.json.encode(value).decode()
    # Where standard output is not UTF-8, JSON has escapes of its own for what it can not hold.
    output.write(text if text.isascii() or output.is_utf8 else json.dumps(json.loads(text)))
    output.end_reply()


def tell(text: str) -> None:
    """Writes one line to standard error, its indent kept. Where that is gone, nobody can be told."""
    indent = " " * (len(text) - len(text.lstrip(" ")))
    with suppress(OSError, ValueError):
        if sys.stderr is not None:
            sys.stderr.write(f"{indent}{one_line(text)}\n")
            sys.stderr.flush()


def complain(problem: str) -> None:
    """Writes one line to standard error that says who is complaining."""
    tell(f"chatdoor: {problem}")


def silence_stdout() -> None:
    """Lets what still waits to be written vanish: the interpreter would try again at its end, and complain.

    Source: https://docs.python.org/3/library/signal.html#note-on-sigpipe
    """
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
