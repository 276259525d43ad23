"""Fields with texts: in a form, in a form of parts, in a query."""

import re
from collections.abc import Callable, Mapping
from urllib.parse import parse_qs

from chatdoor.errors import ArgumentError
from chatdoor.practice.wire import Request

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
FIELDS_MOST = 100

_BOUNDARY = re.compile(r';\s*boundary="?([^";]{1,70})"?', re.IGNORECASE)
_NAME = re.compile(r';\s*name="([^"]*)"', re.IGNORECASE)
_ESCAPED = (("%0A", "\n"), ("%0D", "\r"), ("%22", '"'))  # WHATWG HTML, section 4.10.21.8


def read_form(request: Request) -> dict[str, str]:
    """The fields of the body, by its type; of several with one name the first. Raises ArgumentError."""
    read = _READERS.get(request.media_type)
    if read is None:
        raise ArgumentError(f"Content-Type must be {' or '.join(_READERS)}")
    return read(request)


def read_query(request: Request) -> dict[str, str]:
    """The fields of the URL. Raises ArgumentError."""
    return _pairs(request.query.encode("latin-1"), "the query")


def _read_urlencoded(request: Request) -> dict[str, str]:
    return _pairs(request.body, "the body")


def _pairs(text: bytes, what: str) -> dict[str, str]:
    try:
        fields = parse_qs(text.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=FIELDS_MOST)
    except ValueError:  # not ASCII, not UTF-8 below the percent signs, or too many fields
        raise ArgumentError(f"{what} is not a form") from None
    return {name: values[0] for name, values in fields.items()}


def _read_multipart(request: Request) -> dict[str, str]:
    """Fields only; a file is read as the text that it holds (RFC 7578)."""
    found = _BOUNDARY.search(request.headers["content-type"])
    pieces = (b"\r\n" + request.body).split(b"\r\n--" + found[1].encode(), FIELDS_MOST + 1) if found else []
    if len(pieces) < 2 or not pieces[-1].startswith(b"--"):
        raise ArgumentError("the body is not a form of parts")
    fields: dict[str, str] = {}
    for piece in pieces[1:-1]:
        fields.setdefault(*_part(piece))
    return fields


def _part(piece: bytes) -> tuple[str, str]:
    head, _, body = piece.partition(b"\r\n\r\n")
    try:
        name, text = _NAME.search(head.decode()), body.decode()
    except UnicodeDecodeError:
        raise ArgumentError("a part of the body is not UTF-8") from None
    if name is None:
        raise ArgumentError("a part of the body has no name")
    plain = name[1]
    for escaped, character in _ESCAPED:
        plain = plain.replace(escaped, character)
    return plain, text


_READERS: Mapping[str, Callable[[Request], dict[str, str]]] = {FORM: _read_urlencoded, MULTIPART: _read_multipart}
