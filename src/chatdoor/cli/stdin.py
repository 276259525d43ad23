"""Standard input, read whole or line by line: bounded, and UTF-8."""

import sys
from collections.abc import Iterator
from typing import BinaryIO, Final

from chatdoor.drive.secrets import ask_hidden
from chatdoor.errors import ArgumentError

STDIN: Final = "-"
"""What stands for standard input on a command line."""

MAX_LINE_BYTES: Final = 1_000_000


def read_stdin(purpose: str, limit: int, *, hidden: bool = False) -> str:
    """All of standard input. `purpose` is what it is read for, `limit` the number of bytes that it may have.

    `hidden`: at a terminal, one line that is not shown while it is typed. Raises ArgumentError.
    """
    if hidden and sys.stdin is not None and sys.stdin.isatty():
        return ask_hidden(purpose)
    data = _stream(purpose).read(limit + 1)
    if len(data) > limit:
        raise ArgumentError(f"{purpose}: standard input has more than {limit} bytes")
    return _decode(data, purpose)


def stdin_lines(purpose: str) -> Iterator[str]:
    """The lines of standard input, without their ends. Raises ArgumentError."""
    stream = _stream(purpose)
    while data := stream.readline(MAX_LINE_BYTES + 1):
        if len(data) > MAX_LINE_BYTES:
            raise ArgumentError(f"{purpose}: a line has more than {MAX_LINE_BYTES} bytes")
        yield _decode(data, purpose).rstrip("\r\n")


def _stream(purpose: str) -> BinaryIO:
    if sys.stdin is None:  # closed by whoever started us
        raise ArgumentError(f"{purpose}: there is no standard input")
    return sys.stdin.buffer


def _decode(data: bytes, purpose: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        place = f"byte {error.start + 1}"
        raise ArgumentError(f"{purpose}: standard input is not UTF-8 text ({place})") from None
