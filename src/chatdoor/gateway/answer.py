"""Answers as bytes (HTTP/1.1, RFC 9112)."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

STATUS_LINES: Final[Mapping[int, bytes]] = {
    status.value: b"HTTP/1.1 %d %b\r\n" % (status.value, status.phrase.encode()) for status in HTTPStatus
}

EMPTY: Final = frozenset({204, 304})
"""Statuses whose answers have no body, and say no length."""

HEAD_END: Final[Mapping[bool, bytes]] = {True: b"\r\n", False: b"connection: close\r\n\r\n"}
"""What ends a head, by whether the connection is good for another request."""

CHUNKED: Final = b"transfer-encoding: chunked\r\n"
LAST_CHUNK: Final = b"0\r\n\r\n"


def chunk(data: bytes) -> bytes:
    """A part of a body whose length nobody knows yet."""
    return b"%x\r\n%b\r\n" % (len(data), data)
