"""Bodies as recorders write them, and what they were.

Each rule says which recorders it follows from.
"""

import base64
import binascii
import codecs
import re
import zlib
from typing import Final
from urllib.parse import parse_qsl, urlencode

import msgspec

from chatdoor.discover.recording import Absent, Body, Mended, Pairs

MAX_INFLATED: Final = 64_000_000
"""Bytes that a compressed body may become. A larger one is left out."""

MAX_FIELDS: Final = 10_000
"""Fields of a form that are looked at."""

_BODILESS: Final = frozenset({204, 205, 304})
_CHARSET: Final = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)
_BOUNDARY: Final = re.compile(r'boundary="?([^";,\s]+)', re.IGNORECASE)
_PART_NAME: Final = re.compile(r'(?<![\w*])name="((?:[^"\\]|\\.)*)"')
_GZIP: Final = b"\x1f\x8b"

# WHATWG Encoding, windows-1252: five bytes that Python's codec leaves out stand for themselves.
_WINDOWS: Final = {ord(bytes([each]).decode("cp1252", "ignore") or chr(each)): each for each in range(0x80, 0x100)}


class Recorded(msgspec.Struct, frozen=True):
    """A body as it stands in a file: media type with parameters, text, its mark, the bytes counted (or -1)."""

    type: str
    text: str | None
    encoding: str = ""
    size: int = -1
    in_file: bool = False


def read_body(recorded: Recorded) -> Body:
    """The body, mended. One without text is "not recorded"; the caller knows better where there was none."""
    plain = media_type(recorded.type)
    if recorded.in_file:
        return Body(plain, absent="in another file")
    if not recorded.text:
        return Body(plain, absent="not recorded")
    if recorded.encoding.lower() == "base64":
        data = _from_base64(recorded)
        if data is not None:
            return _from_bytes(data, recorded.type)
        return _from_text(recorded, ("false base64",))
    return _from_text(recorded, ())


def why_absent(method: str, status: int, size: int) -> Absent:
    """Why the body of an answer is not there.

    `size` is what the recorder counted, -1 where it did not. A size of 0 is believed only without a body that the
    status promises: Chrome, Safari and Firefox write 0 for streams that they did not keep.
    """
    if status <= 0:
        return "failed"
    if method == "HEAD" or status in _BODILESS or (size == 0 and not 200 <= status < 203):
        return "no body"
    return "not recorded"


def media_type(text: str) -> str:
    """The type alone, in lower case: `text/html` for `Text/HTML; charset=x`. Chrome's `x-unknown` is none."""
    plain = text.partition(";")[0].strip().lower()
    return "" if plain == "x-unknown" else plain


def mend_charset(text: str) -> str | None:
    """The text that was UTF-8 and was read as windows-1252 or Latin-1; None where it was not.

    Chrome and Playwright read a stream without a charset that way, Firefox the body of a request. A last character that
    was cut in two is left out.
    """
    if text.isascii():
        return None
    data = _as_windows(text)
    if data is None:
        return None
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        mended = decoder.decode(data)
    except UnicodeDecodeError:
        return None
    return mended if mended and not mended.isascii() else None


def form_fields(kind: str, text: str) -> Pairs:
    """The fields of a form's text, decoded; none where the type is no form's. Files that were uploaded are left out."""
    if media_type(kind) == "application/x-www-form-urlencoded":
        return _urlencoded(text)
    boundary = _BOUNDARY.search(kind)
    return tuple(_parts(text, boundary[1])) if boundary and media_type(kind) == "multipart/form-data" else ()


def from_params(kind: str, params: Pairs) -> Body:
    """The body of a form of which the recorder kept the fields alone (Safari, Firefox for multipart)."""
    return Body(media_type(kind), urlencode(params), mended=("params",))


def from_events(events: Pairs) -> Body:
    """The body of a stream of which the recorder kept the events alone (Chrome's `_eventSourceMessages`)."""
    blocks = (f"event: {name}\n{_data_lines(data)}\n" if name else f"{_data_lines(data)}\n" for name, data in events)
    return Body("text/event-stream", "".join(blocks), mended=("events",))


def _data_lines(data: str) -> str:
    return "".join(f"data: {line}\n" for line in data.split("\n"))


def _from_text(recorded: Recorded, mended: tuple[Mended, ...]) -> Body:
    text = recorded.text or ""
    better = None if _CHARSET.search(recorded.type) else mend_charset(text)
    if better is not None:
        return Body(media_type(recorded.type), better, mended=(*mended, "windows-1252"))
    return Body(media_type(recorded.type), text, mended=mended)


def _from_base64(recorded: Recorded) -> bytes | None:
    """The bytes; None where the mark is false, as some proxies write it beside plain text.

    A text that could be both is base64, unless its own length is the size that was counted and the bytes' is not.
    """
    text = "".join((recorded.text or "").split())
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=None, validate=True)
    except (binascii.Error, ValueError):
        return None
    own = recorded.size == len(recorded.text or "") and recorded.size != len(data)
    return None if own else data


def _from_bytes(data: bytes, kind: str) -> Body:
    """Text where the bytes are text. Firefox and proxies keep some bodies as they came over the wire, compressed."""
    mended: tuple[Mended, ...] = ()
    if data.startswith(_GZIP):
        inflated = _inflate(data)
        if inflated is None:
            return Body(media_type(kind), absent="compressed")
        data, mended = inflated, ("decompressed",)
    charset = _CHARSET.search(kind)
    try:
        text = data.decode(charset[1] if charset else "utf-8")
    except (UnicodeDecodeError, LookupError):
        return Body(media_type(kind), data, mended=mended)
    return Body(media_type(kind), text, mended=mended)


def _inflate(data: bytes) -> bytes | None:
    """What gzip has packed, also where its end is missing; None where it is damaged or too large."""
    unpack = zlib.decompressobj(wbits=31)
    try:
        unpacked = unpack.decompress(data, MAX_INFLATED)
    except zlib.error:
        return None
    return None if unpack.unconsumed_tail else unpacked


def _as_windows(text: str) -> bytes | None:
    """The bytes that windows-1252, or Latin-1 where it has none, shows as this text."""
    if any(ord(character) not in _WINDOWS and ord(character) > 0xFF for character in set(text)):
        return None
    return text.translate(_WINDOWS).encode("latin-1")


def _urlencoded(text: str) -> Pairs:
    try:
        return tuple(parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FIELDS))
    except ValueError:  # more fields than that
        return ()


def _parts(text: str, boundary: str) -> list[tuple[str, str]]:
    """Name and value of each part of a multipart text that is no file."""
    found = []
    for part in text.split(f"--{boundary}", MAX_FIELDS)[1:]:
        head, blank, value = part.replace("\r\n", "\n").partition("\n\n")
        name = _PART_NAME.search(head)
        if name and blank and "filename=" not in head:
            found.append((name[1], value.removesuffix("\n")))
    return found
