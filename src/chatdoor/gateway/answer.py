"""Answers as bytes (HTTP/1.1, RFC 9112)."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from itertools import chain
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


def encode_head(status: int, ours: bytes, headers: Iterable[Header]) -> bytes:
    """The status line and the headers; `ours` are some that are encoded already.

    Raises ValueError for a header that is not one line.
    """
    parts = tuple(chain.from_iterable(headers))
    count = len(parts) // 2
    head = b"%b: %b\r\n" * count % parts
    if not head.count(b"\n") == head.count(b"\r") == count or b"\0" in head:
        raise ValueError("a header of an answer is not one line")
    return b"%b%b%b" % (STATUS_LINES[status], ours, head)


def chunk(data: bytes) -> bytes:
    """A part of a body whose length nobody knows yet."""
    return b"%x\r\n%b\r\n" % (len(data), data)
