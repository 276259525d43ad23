"""A reply as JSON lines: one JSON document on each line.

Source: github.com/ndjson/ndjson-spec, section 3. Kinder than it, because real servers need it: blank lines are
passed over, and the last line may have no end. Half a document in it is cut short.
"""

from collections.abc import Callable
from typing import ClassVar

from chatdoor.flow.answer import UTF8_BOM, Declared
from chatdoor.flow.replies.decoder import Picks
from chatdoor.flow.replies.records import RecordReply
from chatdoor.site.model import Match, ReplyRule


class NdjsonReply(RecordReply):
    """Splits lines at LF, drops the CR before it, hands each on as a record."""

    plain: ClassVar = False

    def __init__(self, rule: ReplyRule, declared: Declared, picks: Picks, blocked: tuple[Match, ...] = ()) -> None:
        super().__init__(rule, declared, picks, blocked)
        self._begun = bytearray()
        """The line of which the end has not come yet."""
        self._at_start = True

    def _feed(self, data: bytes) -> list[str]:
        first, *lines = data.split(b"\n")
        self._begun += first
        pieces: list[str] = []
        for line in lines:
            pieces += self._line()
            if self.ended:
                return pieces
            self._begun += line
        return pieces

    def _finish(self) -> list[str]:
        if self.ended:
            return []
        pieces = self._line(self._last_record)
        self._check_end()
        return pieces

    def _line(self, read: Callable[[str, None], list[str]] | None = None) -> list[str]:
        """The pieces of the line that is whole now. UTF-8, whatever is declared (RFC 8259, section 8.1)."""
        line = bytes(self._begun)
        self._begun.clear()
        if self._at_start:
            self._at_start = False
            line = line.removeprefix(UTF8_BOM)
        data = line.removesuffix(b"\r")
        return (read or self._record)(data.decode("utf-8", "replace"), None) if data.strip() else []
