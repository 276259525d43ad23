"""A reply that is the body itself, as it comes.

The close is the end: of plain text nobody can tell a half from a whole, but for half a character.
"""

import codecs
import re
from typing import Final

from chatdoor.errors import ReplyCutShort, UnexpectedReply
from chatdoor.flow.answer import UTF8_BOM, Declared
from chatdoor.flow.replies.decoder import EVIDENCE, Picks, ReplyDecoder
from chatdoor.site.model import ReplyRule

_PAGE: Final = re.compile(rb"<(?:!doctype\s+html|html)[\s>]", re.IGNORECASE)
"""How a whole page begins. Text may begin with another tag: a model's `<think>`, a fragment, a riddle."""

_LONGEST: Final = 32
"""Bytes in which that shows."""

_PAGE_TYPES: Final = frozenset({"", "text/html", "application/xhtml+xml"})
"""Declared types of pages. Many servers send plain text as text/html; none sends a page as text/plain."""


class TextReply(ReplyDecoder):
    """Gives each character as soon as its last byte is there. UTF-8, whatever is declared."""

    def __init__(self, rule: ReplyRule, declared: Declared, picks: Picks) -> None:
        super().__init__(rule, declared, picks)
        self._reader = codecs.getincrementaldecoder("utf-8")("replace")
        self._held = bytearray()
        """The first bytes, until it is clear that they begin no page."""
        self._at_start = True

    def _feed(self, data: bytes) -> list[str]:
        self._held += data
        if self._is_page is None and len(self._evidence) < EVIDENCE:
            return []
        return self._give()

    def _finish(self) -> list[str]:
        pieces = self._give()
        self.ended = True
        if not self._pieces and not self._reader.getstate()[0]:
            raise UnexpectedReply("expected text, got none")
        if self._reader.getstate()[0]:
            raise ReplyCutShort("the text ends inside a character", partial=self.text)
        return pieces

    def _give(self) -> list[str]:
        """The text of the bytes that are held."""
        held = bytes(self._held)
        self._held.clear()
        if self._at_start and held:
            self._at_start, held = False, held.removeprefix(UTF8_BOM)
        text = self._reader.decode(held)
        return self._add(text) if text else []

    def _begins_page(self, opening: bytes, /) -> bool | None:
        if self.declared.type not in _PAGE_TYPES:
            return False
        opening = opening.removeprefix(UTF8_BOM).lstrip()
        if _PAGE.match(opening):
            return True
        return None if len(opening) < _LONGEST and _may_begin_page(opening) else False


def _may_begin_page(opening: bytes) -> bool:
    lower = opening.lower()
    return any(mark.startswith(lower) or lower.startswith(mark) for mark in (b"<!doctype", b"<html"))
