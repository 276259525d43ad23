"""The text of a HAR file: its encoding, its JSON, and what is wrong with it in words."""

import codecs
import re
from typing import Final, TypeVar

import msgspec

from chatdoor.errors import RecordingError

MAX_BYTES: Final = 512_000_000
"""The largest file that is read."""

T = TypeVar("T")

_ESCAPES: Final = re.compile(
    rb"\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)


_PACKED: Final = {b"\x1f\x8b": "unpack it with gunzip", b"PK\x03\x04": "unpack it with unzip"}
"""How packed files begin: gzip (RFC 1952), zip, as Playwright keeps recordings."""


def har_text(data: bytes, name: str) -> bytes:
    """The file as UTF-8 without a byte order mark. Halves of characters become U+FFFD, as JavaScript writes them.

    Raises RecordingError for an empty file, one that is too large, and one that is no JSON at first sight.
    """
    if len(data) > MAX_BYTES:
        raise RecordingError(f"{name}: larger than {MAX_BYTES // 10**6} MB; clear the panel, record the chat alone")
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        data = data.decode("utf-16", "replace").encode("utf-8", "replace")
    data = data.removeprefix(codecs.BOM_UTF8)
    packed = next((how for mark, how in _PACKED.items() if data.startswith(mark)), None)
    if packed:
        raise RecordingError(f"{name}: it is packed; {packed}, and give the file that was in it")
    start = data[:100].lstrip()
    if not start:
        raise RecordingError(f"{name}: the file is empty; export the recording again")
    if not start.startswith(b"{"):
        raise RecordingError(f"{name}: this is not a HAR file, which begins with {{; export as HAR")
    return _ESCAPES.sub(_mend_half, data) if _has_halves(data) else data


def decoded(data: bytes | msgspec.Raw, kind: type[T], place: str) -> T:
    """The JSON as that type; numbers and texts stand for each other. Raises RecordingError, which names the place."""
    try:
        return msgspec.json.decode(data, type=kind, strict=False)
    except msgspec.ValidationError as error:
        raise RecordingError(f"{place}: not HAR: {error}; export it again, as HAR 1.2") from None
    except RecursionError:
        raise RecordingError(f"{place}: nested too deeply for a HAR file; export it again") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RecordingError(f"{place}: {_not_json(error)}") from None


def _not_json(error: Exception) -> str:
    if "truncated" in str(error):
        return "the file ends in the middle: the export or the download was cut short; export it again"
    place = re.search(r"\(byte (\d+)\)", str(error))
    where = f" at byte {place[1]}" if place else ""
    return f"not JSON{where}; export it again, and do not edit it by hand"


def _has_halves(data: bytes) -> bool:
    return any(mark in data for mark in (b"\\ud", b"\\uD"))


def _mend_half(found: re.Match[bytes]) -> bytes:
    return b"\\ufffd" if found[1] else found[0]
