"""A reply that is the body itself, as it comes.

The close is the end: of plain text nobody can tell a half from a whole, but for half a character.
"""

import codecs
import re
from typing import Final

from chatdoor.errors import ReplyCutShort, UnexpectedReply
from chatdoor.flow.answer import UTF8_BOM, Declared
from chatdoor.flow.replies.decoder import EVIDENCE, Picks, ReplyDecoder
from chatdoor.site.model import Match, ReplyRule

_PAGE: Final = re.compile(rb"<(?:!doctype\s+html|html)[\s>]", re.IGNORECASE)
"""How a whole page begins. Text may begin with another tag: a model's `<think>`, a fragment, a riddle."""

_LONGEST: Final = 32
"""Bytes in which that shows."""

_SINGLE_BYTES: Final = re.compile(r"cp125[0-8]|iso8859-[0-9]+|koi8-[ru]")
"""Python's names of the charsets in which each byte is a character."""

_PAGE_TYPES: Final = frozenset({"", "text/html", "application/xhtml+xml"})
"""Declared types of pages. Many servers send plain text as text/html; none sends a page as text/plain."""


class TextReply(ReplyDecoder):
    """Gives each character as soon as its last byte is there.

    Scripts read text as UTF-8, whatever is declared (WHATWG Fetch, "package data"), so servers declare what they like.
    Where one byte is one character in the declared charset, the text is in that from the first bytes on that are not
    UTF-8. Where it is not, as in UTF-16, no such bytes would tell: what is declared counts, unless a mark says UTF-8.
    """

    def __init__(self, rule: ReplyRule, declared: Declared, picks: Picks, blocked: tuple[Match, ...] = ()) -> None:
        super().__init__(rule, declared, picks, blocked)
        charset = declared.charset or "utf-8"
        self._other = charset if _SINGLE_BYTES.fullmatch(charset) else None
        """The charset of text that turns out not to be UTF-8."""
        self._reader = _reader("utf-8", "strict") if self._other else _reader(charset)
        self._held = bytearray()
        """The first bytes, until it is clear that they begin no page."""
        self._at_start = True

    def _feed(self, data: bytes) -> list[str]:
        self._held += data
        if self._is_page is None and len(self._evidence) < EVIDENCE:
            return []
        return self._give()

    def _finish(self) -> list[str]:
        pieces = self._give(last=True)
        self.ended = True
        if not self._pieces and not self._reader.getstate()[0]:
            raise UnexpectedReply("expected text, got none")
        if self._reader.getstate()[0]:
            raise ReplyCutShort("the text ends inside a character", partial=self.text)
        return pieces

    def _give(self, *, last: bool = False) -> list[str]:
        """The text of the bytes that are held. `last`: no more come."""
        held = bytes(self._held)
        self._held.clear()
        if self._at_start and held:
            self._at_start = False
            if held.startswith(UTF8_BOM):
                self._other, self._reader, held = None, _reader("utf-8"), held.removeprefix(UTF8_BOM)
        text = self._decode(held, last=last and self._other is not None)
        return self._add(text) if text else []

    def _decode(self, data: bytes, *, last: bool) -> str:
        try:
            return self._reader.decode(data, last)
        except UnicodeDecodeError as error:
            whole, rest = error.object[: error.start], error.object[error.start :]
            self._reader = _reader(self._other or "utf-8")
            return whole.decode() + self._reader.decode(rest, last)

    def _begins_page(self, opening: bytes, /) -> bool | None:
        if self.declared.type not in _PAGE_TYPES:
            return False
        opening = opening.removeprefix(UTF8_BOM).lstrip()
        if _PAGE.match(opening):
            return True
        return None if len(opening) < _LONGEST and _may_begin_page(opening) else False


def _reader(charset: str, errors: str = "replace") -> codecs.IncrementalDecoder:
    return codecs.getincrementaldecoder(charset)(errors)


def _may_begin_page(opening: bytes) -> bool:
    lower = opening.lower()
    return any(mark.startswith(lower) or lower.startswith(mark) for mark in (b"<!doctype", b"<html"))
