"""Answers as bytes (HTTP/1.1, RFC 9112)."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Final

from chatdoor.gateway.problem import Header

STATUS_LINES: Final[Mapping[int, bytes]] = {
    status.value: b"HTTP/1.1 %d %b\r\n" % (status.value, status.phrase.encode()) for status in HTTPStatus
}

EMPTY: Final = frozenset({204, 304})
"""Statuses whose answers have no body, and say no length."""

CLOSE: Final = b"connection: close\r\n"
CHUNKED: Final = b"transfer-encoding: chunked\r\n"
LAST_CHUNK: Final = b"0\r\n\r\n"

_LINE: Final = b": ".join
_LINES: Final = b"\r\n".join


def encode_head(status: int, ours: bytes, headers: Sequence[Header]) -> bytes:
    """The status line and the headers, of which there is one at least; `ours` are some that are encoded already.

    Raises ValueError for a header that is not one line.
    """
    lines = _LINES(map(_LINE, headers))
    breaks = len(lines) - len(lines.translate(None, b"\r\n\0"))
    if breaks != 2 * (len(headers) - 1):
        raise ValueError("a header of an answer is not one line")
    return b"%b%b%b\r\n" % (STATUS_LINES[status], ours, lines)


def chunk(data: bytes) -> bytes:
    """A part of a body whose length nobody knows yet."""
    return b"%x\r\n%b\r\n" % (len(data), data)
