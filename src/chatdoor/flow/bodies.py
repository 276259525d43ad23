"""The bodies of requests: from a shape and its values to bytes and a content type."""

import hashlib
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import urlencode

import msgspec

from chatdoor.site.model import Body
from chatdoor.site.template import Shape, Values, as_text, build

BOUNDARY_DIGITS: Final = 60
"""With the word before them, a boundary has 69 characters. More than 70 it must not have (RFC 2046, section 5.1.1)."""


TYPES: Final = {
    "json": "application/json",
    "form": "application/x-www-form-urlencoded",
    "text": "text/plain; charset=UTF-8",
}
"""The content type of a kind of body. That of `multipart` is another one for each body."""


def encode_body(body: Body, values: Values) -> tuple[bytes, str]:
    """The body and its content type. Raises MissingValue, and UnicodeEncodeError for half a surrogate pair."""
    return _ENCODERS[body.kind](body, values)


def encode_pairs(fields: Shape, values: Values) -> str:
    """Names and texts as a query and a form have them (WHATWG URL, section 5.2). Raises as `encode_body` does."""
    return urlencode(_pairs(fields, values))


def _json(body: Body, values: Values) -> tuple[bytes, str]:
    return msgspec.json.encode(build(body.shape, values)), TYPES["json"]


def _form(body: Body, values: Values) -> tuple[bytes, str]:
    return encode_pairs(body.shape, values).encode(), TYPES["form"]


def _text(body: Body, values: Values) -> tuple[bytes, str]:
    built = build(body.shape, values)
    return b"" if built is None else as_text(built).encode(), TYPES["text"]


def _multipart(body: Body, values: Values) -> tuple[bytes, str]:
    fields = [(_field_name(name), text.encode()) for name, text in _pairs(body.shape, values)]
    boundary = _boundary(fields)
    parts = [
        b'--%b\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n' % (boundary, name, text)
        for name, text in fields
    ]
    return b"%b--%b--\r\n" % (b"".join(parts), boundary), f"multipart/form-data; boundary={boundary.decode()}"


def _pairs(fields: Shape, values: Values) -> list[tuple[str, str]]:
    """Names and texts. What has no value yet is left out: a form has no null."""
    built = build(fields, values)
    items = built.items() if isinstance(built, dict) else ()
    return [(key, as_text(value)) for key, value in items if value is not None]


def _field_name(name: str) -> bytes:
    """The name of a field as browsers write it: UTF-8, three characters escaped, the percent sign not.

    Source: WHATWG HTML, section 4.10.21.8. Browsers also make CR LF of each line break; here text goes out as it is.
    """
    return name.encode().replace(b"\n", b"%0A").replace(b"\r", b"%0D").replace(b'"', b"%22")


def _boundary(fields: list[tuple[bytes, bytes]]) -> bytes:
    """A line that none of the fields holds: nobody can write a text that holds its own SHA-256."""
    digest = hashlib.sha256()
    for part in (part for field in fields for part in field):
        digest.update(b"%d:%b" % (len(part), part))
    return b"chatdoor-%b" % digest.hexdigest()[:BOUNDARY_DIGITS].encode()


_ENCODERS: Final[Mapping[str, Callable[[Body, Values], tuple[bytes, str]]]] = {
    "json": _json,
    "form": _form,
    "multipart": _multipart,
    "text": _text,
}
