"""A reply as server-sent events.

Source: WHATWG HTML, section 9.2.6, "Interpreting an event stream". Kinder than the standard, because real
servers need it: an event that the end of the stream leaves without its blank line counts, and so does one that has a
name and no data, which may be the end.
"""

import re
from collections.abc import Callable
from typing import Final

from chatdoor.flow.answer import UTF8_BOM, Declared
from chatdoor.flow.replies.decoder import Picks
from chatdoor.flow.replies.records import RecordReply
from chatdoor.site.model import Match, ReplyRule

_LINE_END: Final = re.compile(rb"\r\n|\n|\r")

_FIELDS: Final = (b"data", b"event", b"id", b"retry")


class SseReply(RecordReply):
    """Splits lines, gathers fields, hands each event's data and name on as a record."""

    def __init__(self, rule: ReplyRule, declared: Declared, picks: Picks, blocked: tuple[Match, ...] = ()) -> None:
        super().__init__(rule, declared, picks, blocked)
        self._begun = bytearray()
        """The line of which the end has not come yet."""
        self._after_cr = False
        self._at_start = True
        self._data: list[str] = []
        self._event = ""

    def _feed(self, data: bytes) -> list[str]:
        # A CR ends its line at once. A LF that comes right after it, in the next bytes, is its other half.
        start = 1 if self._after_cr and data.startswith(b"\n") else 0
        self._after_cr = data.endswith(b"\r") if data else self._after_cr
        pieces: list[str] = []
        for end in _LINE_END.finditer(data, start):
            line = self._whole_line(data[start : end.start()])
            start = end.end()
            pieces += self._line(line)
            if self.ended:
                return pieces
        self._begun += data[start:]
        return pieces

    def _finish(self) -> list[str]:
        if self.ended:
            return []
        last = self._whole_line(b"")
        pieces = self._line(last) if last else []
        is_half = _is_half_a_field(last) or (self._event and not self._data)
        pieces += self._dispatch(self._last_record)
        if is_half and not self.ended:
            raise self._cut_inside()
        self._check_end()
        return pieces

    def _whole_line(self, rest: bytes) -> bytes:
        """The line that ends with these bytes, without the byte order mark that a stream may begin with."""
        line = bytes(self._begun) + rest if self._begun else rest
        self._begun.clear()
        if self._at_start:
            self._at_start = False
            return line.removeprefix(UTF8_BOM)
        return line

    def _line(self, line: bytes) -> list[str]:
        if not line:
            return self._dispatch()
        name, _, value = line.partition(b":")
        if name == b"data":
            self._data.append(_text(value))
        elif name == b"event":
            self._event = _text(value)
        return []

    def _dispatch(self, read: Callable[[str, str], list[str]] | None = None) -> list[str]:
        data, name = self._data, self._event
        self._data, self._event = [], ""
        return (read or self._record)("\n".join(data), name) if data or name else []


def _is_half_a_field(line: bytes) -> bool:
    """True for the beginning of a line of data, or of one that stands before data."""
    return bool(line) and any(name.startswith(line) for name in _FIELDS)


def _text(value: bytes) -> str:
    """A field's value. UTF-8, whatever is declared: the standard allows nothing else."""
    return value.removeprefix(b" ").decode("utf-8", "replace")
