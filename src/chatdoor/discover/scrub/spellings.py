"""The ways in which a value may be written: as it is, percent-encoded, escaped, in base64, in hex."""

import base64
import html
import json
import re
from collections.abc import Callable, Iterator
from html.entities import html5
from typing import Final
from urllib.parse import quote, quote_plus, unquote

from chatdoor.discover.leaves import unescape_script

ROUNDS: Final = 3
"""Escapes inside escapes are undone this often: JSON in an attribute of a page that went through a URL."""

MIN_CORE: Final = 6
"""Characters of base64 that say enough to be looked for."""

_BASE64_RUN: Final = re.compile(r"[A-Za-z0-9+/_-]{8,}")
_HEX: Final = re.compile(r"[0-9a-fA-F]{12,}")
_PERCENT: Final = re.compile(r"%[0-9a-fA-F]{2}")
_LOWER: Final = re.compile(r"%[0-9A-F]{2}")

# What `html.unescape` would look at; it tries 32 lengths of each name, and programs are full of `&&`.
_OLD_NAMES: Final = "|".join(sorted((name for name in html5 if not name.endswith(";")), reverse=True))
_ENTITY: Final = re.compile(rf"&(?:#[xX]?[0-9a-fA-F]{{1,20}};?|[A-Za-z][A-Za-z0-9]{{1,31}};|(?:{_OLD_NAMES}))")


def _json(text: str, *, ascii_only: bool = True) -> str:
    return json.dumps(text, ensure_ascii=ascii_only)[1:-1]


def _lower_percent(text: str) -> str:
    return _LOWER.sub(lambda escape: escape[0].lower(), quote(text, safe=""))


def _for_script(text: str) -> str:
    """JSON as Django, Rails and PHP put it into pages: what could end an element is escaped too."""
    return "".join(f"\\u{ord(each):04x}" if each in "<>&'=+" else each for each in _json(text))


def _base64(text: str) -> str:
    return base64.b64encode(text.encode("utf-8", "replace")).decode()


def _url_base64(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode("utf-8", "replace")).decode()


ESCAPES: Final[tuple[Callable[[str], str], ...]] = (
    lambda text: quote(text, safe=""),
    lambda text: quote(text, safe="!~*'()"),
    lambda text: quote(text, safe="/"),
    lambda text: quote(quote(text, safe=""), safe=""),
    quote_plus,
    _lower_percent,
    _json,
    lambda text: _json(text, ascii_only=False),
    lambda text: _json(_json(text)),
    lambda text: _json(text).replace("/", "\\/"),
    _for_script,
    lambda text: quote(_json(text), safe=""),
    lambda text: html.escape(text, quote=False),
    html.escape,
    lambda text: html.escape(text).replace("&#x27;", "&#39;").replace("&quot;", "&#34;").replace("+", "&#43;"),
    lambda text: html.escape(_json(text)),
)
"""Text -> one spelling of it, which keeps its letters and digits."""

DECODABLE: Final[tuple[Callable[[str], str], ...]] = (
    _base64,
    lambda text: _base64(text).rstrip("="),
    lambda text: quote(_base64(text), safe=""),
    _url_base64,
    lambda text: _url_base64(text).rstrip("="),
    lambda text: text.encode("utf-8", "replace").hex(),
    lambda text: text.encode("utf-8", "replace").hex().upper(),
)
"""Text -> one spelling of it, in which its letters are others."""


def base64_cores(text: str) -> Iterator[str]:
    """What base64 of a longer text holds of this one, for each place at which it may begin, in both alphabets."""
    data = text.encode("utf-8", "replace")
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + data).decode()
        begin, end = (0, 2, 3)[before], len(encoded) - (0, 3, 2)[(before + len(data)) % 3]
        core = encoded[begin:end]
        if len(core) >= MIN_CORE:
            yield core
            yield core.replace("+", "-").replace("/", "_")


def plain_views(text: str) -> Iterator[str]:
    """The text with one more escape of one kind undone each time, as pages and programs put them into each other."""
    for _ in range(ROUNDS):
        before = text
        for undo in (_from_script, _from_url, _from_page):
            plain = undo(text)
            if plain != text:
                yield plain
                text = plain
        if text == before:
            return


def packed_runs(text: str) -> list[str]:
    """The runs of a text that base64 or hex could have made."""
    return _BASE64_RUN.findall(text)


def packed_whole(value: str) -> Iterator[str]:
    """What a value says that is base64 or hex from its first character to its last."""
    whole = unquote(value).rstrip("=")
    if _BASE64_RUN.fullmatch(whole):
        yield _from_base64(whole)
    if _HEX.fullmatch(whole) and len(whole) % 2 == 0:
        yield _text_of(bytes.fromhex(whole))


def unpacked(run: str) -> Iterator[str]:
    """What a run of base64 or hex says, wherever in it that may begin."""
    for begin in range(min(4, len(run) - MIN_CORE)):
        yield from _texts_of(_bytes_of(run[begin:]))
    for found in _HEX.findall(run):
        for each in (found, found[1:]):
            yield from _texts_of(bytes.fromhex(each[: len(each) // 2 * 2]))


def _from_base64(run: str) -> str:
    return _text_of(_bytes_of(run))


def _bytes_of(run: str) -> bytes:
    whole = run.replace("-", "+").replace("_", "/")
    whole = whole[:-1] if len(whole) % 4 == 1 else whole
    return base64.b64decode(whole + "=" * (-len(whole) % 4))


def _texts_of(data: bytes) -> Iterator[str]:
    """The text; and where it is not UTF-8 from its first byte to its last, what of it is."""
    yield (text := _text_of(data))
    if len(text) == len(data) and not data.isascii():
        yield data.decode("utf-8", "replace")


def _text_of(data: bytes) -> str:
    """The text; what is not UTF-8 as Latin-1, so that what is ASCII in it can be seen."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _from_script(text: str) -> str:
    return unescape_script(text) if "\\" in text else text


def _from_url(text: str) -> str:
    return unquote(text) if _PERCENT.search(text) else text


def _from_page(text: str) -> str:
    return _ENTITY.sub(lambda found: html.unescape(found[0]), text) if "&" in text else text
