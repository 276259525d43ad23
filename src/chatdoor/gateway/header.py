"""Headers: of requests as they were read, of answers as they are sent (RFC 9112, section 5)."""

from typing import TypeAlias

Field: TypeAlias = tuple[bytes, bytes]
"""A header of a request: its name in small letters, and its value."""

Header: TypeAlias = bytes
"""A header of an answer, encoded once and for all, line break included; or several that belong together."""


def header(name: bytes, value: bytes) -> Header:
    """The header. Raises ValueError for a value that would not stay on its line."""
    if b"\n" in value or b"\r" in value or b"\0" in value:
        raise ValueError("a header of an answer is not one line")
    return b"%b: %b\r\n" % (name, value)
