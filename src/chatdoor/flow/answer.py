"""An answer that has been read: its head, its body, and what the body is."""

import codecs
import json
import re
from functools import cached_property, lru_cache
from typing import Final, NamedTuple

import msgspec

from chatdoor.flow.effects import Head
from chatdoor.flow.html import Page

UTF8_BOM = b"\xef\xbb\xbf"

_CHARSET = re.compile(r'charset\s*=\s*"?([A-Za-z0-9._:-]+)', re.IGNORECASE)

# Python's names for what the WHATWG Encoding standard, section 4.2, lists and pages have. Python knows more
# "charsets" than the web does, and some of them raise, warn, or decode to what is no text.
_WEB_CODECS = re.compile(
    r"utf-8|utf-16(-[bl]e)?|ascii|iso8859-[0-9]+|cp125[0-8]|koi8-[ru]|gb\w+|big5|euc_\w+|shift_jis|iso2022_jp"
)
_LATIN = frozenset({"ascii", "iso8859-1"})

_META_CHARSET = re.compile(rb"<meta\s[^>]*?charset\s*=\s*[\"']?\s*([A-Za-z0-9._:-]+)", re.IGNORECASE)

META_BYTES: Final = 1024
"""A page names its charset in these first bytes, or not at all (WHATWG HTML, section 4.2.5.4)."""


class Declared(NamedTuple):
    """What a head says of its body: content type (empty: none) and Python's name of the charset (None: none)."""

    type: str = ""
    charset: str | None = None


class Answer:
    """Head and body. Text, page and JSON are made when they are first asked for."""

    def __init__(self, head: Head, body: bytes) -> None:
        self.head = head
        self.body = body

    @cached_property
    def text(self) -> str:
        """The body as text: by its declared charset, else UTF-8; what can not be read is replaced."""
        return decode_text(self.body, charset(self.head))

    @cached_property
    def page(self) -> Page:
        """The body as HTML."""
        return Page(decode_page(self.body, declared(self.head).charset))

    @cached_property
    def json(self) -> object:
        """The body as JSON, None where it is something else."""
        return read_json(self.text)

    @property
    def type(self) -> str:
        """The content type, lower-case, without parameters; empty where none is declared."""
        return content_type(self.head)

    @property
    def is_html(self) -> bool:
        """True where the body is a page, whatever is declared: JSON is often sent as text/html."""
        return looks_like_html(self.body)


def content_type(head: Head) -> str:
    """The content type, lower-case, without parameters; empty where none is declared."""
    return declared(head).type


def declared(head: Head) -> Declared:
    """What the head says of its body. A charset that is not one of the web's is none."""
    return _declared(head.get("content-type") or "")


def charset(head: Head) -> str:
    """Python's name of the declared charset, `utf-8` where there is none or it is not one of the web's."""
    return declared(head).charset or "utf-8"


@lru_cache(64)
def _declared(header: str) -> Declared:
    match = _CHARSET.search(header)
    return Declared(header.partition(";")[0].strip().lower(), _codec(match[1]) if match else None)


@lru_cache(64)
def _codec(label: str) -> str | None:
    try:
        name = codecs.lookup(label).name
    except LookupError:
        return None
    if name in _LATIN:
        return "cp1252"  # WHATWG Encoding, section 4.2: Latin-1 and ASCII are labels of windows-1252
    return name if _WEB_CODECS.fullmatch(name) else None


def decode_text(body: bytes, encoding: str) -> str:
    """The text of a body. A byte order mark wins over the declared charset (WHATWG Encoding, section 6)."""
    if body.startswith(UTF8_BOM):
        body, encoding = body[len(UTF8_BOM) :], "utf-8"
    return body.decode(encoding, "replace")


def decode_page(body: bytes, encoding: str | None) -> str:
    """The text of a page: by its mark, its declared charset, the one that it names itself, else UTF-8.

    A page that can be asked for its charset is not UTF-16, whatever it says (WHATWG HTML, section 13.2.3.2).
    """
    named = None if encoding else _META_CHARSET.search(body[:META_BYTES])
    own = _codec(named[1].decode()) if named else None
    return decode_text(body, encoding or ("utf-8" if own is None or own.startswith("utf-16") else own))


def parse_json(text: str | bytes) -> object:
    """The decoded JSON. Raises ValueError, or RecursionError where it is nested too deeply.

    msgspec is quick. The standard library also takes what a browser takes and msgspec does not: numbers of
    more than 64 bits, and half a surrogate pair in a field that nobody may ask for.
    """
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return json.loads(text)


def read_json(text: str | bytes) -> object:
    """The decoded JSON, None where the text is not JSON or nested too deeply to be read."""
    try:
        return parse_json(text)
    except (ValueError, RecursionError):
        return None


def looks_like_html(body: bytes) -> bool:
    """True where the first character that is not white space opens a tag: neither JSON nor a stream does."""
    return body.removeprefix(UTF8_BOM).lstrip()[:1] == b"<"
