"""Replies that come in records: what one record means, by the rules of a site file.

The order is the language's: the end by its exact text, then JSON, then a refusal by the content rules, then an
error, then values, then whether the record holds text, the text, and the end by a match, so that a last record may
hold text too.
"""

from typing import ClassVar, Final

from chatdoor.errors import ContentRefused, ReplyCutShort, SiteFailed, UnexpectedReply
from chatdoor.flow.answer import Declared, parse_json
from chatdoor.flow.replies.decoder import Picks, ReplyDecoder
from chatdoor.site.model import Match, RecordMatch, ReplyRule

DONE: Final = "[DONE]"
"""Always an end: OpenAI's marker, which many others copied."""

_OPENINGS: Final = ("{", "[", '"')
"""How a document begins that can be cut."""

NOT_JSON: Final = object()
"""Stands for a record that is no JSON. It may be passed over by its name, or be plain text."""


class RecordReply(ReplyDecoder):
    """Turns records into pieces. A shape splits the bytes and calls `_record`, and at the end `_check_end`."""

    plain: ClassVar = True
    """`@` is the data as it came. False: it is the JSON that the data holds."""

    def __init__(self, rule: ReplyRule, declared: Declared, picks: Picks, blocked: tuple[Match, ...] = ()) -> None:
        super().__init__(rule, declared, picks, blocked)
        self._seen = False
        self._found = False
        """A record had text, be it empty."""
        self._plain = rule.path == "@" and self.plain
        matches = (rule.where, rule.cumulative, rule.done, rule.error, *(match.json for match in blocked))
        self._matched = any(isinstance(match, RecordMatch) for match in matches)
        self._noted = bool(picks or blocked) or any((rule.error, rule.finish, rule.usage_input, rule.usage_output))

    def _record(self, data: str, name: str | None) -> list[str]:
        """The pieces of one record. Raises UnexpectedReply; SiteFailed or ContentRefused where it says so.

        `name` is the event's: empty where it has none, None where records of this format have no names.
        """
        self._seen = True
        rule = self.rule
        if data in (DONE, rule.done):
            self.ended = True
            return []
        record = NOT_JSON if self._plain and not (self._matched or self._noted) else _parse(data)
        named = _named(record, name) if self._matched else record
        if self._noted:
            self._note_record(record, named, data)
        self.ended = isinstance(rule.done, RecordMatch) and rule.done.fits(named, record)
        passed_over = rule.where is not None and not rule.where.fits(named, record)
        return [] if passed_over else self._text_of(record, named, data)

    def _last_record(self, data: str, name: str | None) -> list[str]:
        """The pieces of a record that the end of the stream completes. Raises ReplyCutShort for half a document.

        That it is half is told before its name and `where`: nobody knows what else it would have said.
        """
        begins = not self._plain and data.lstrip().startswith(_OPENINGS) and data not in (DONE, self.rule.done)
        if begins and _parse(data) is NOT_JSON:
            raise self._cut_inside()
        return self._record(data, name)

    def _note_record(self, record: object, named: object, data: str) -> None:
        try:
            self._check_blocked(record, named, data)
            self._note(record, named)
        except (ContentRefused, SiteFailed):
            self._evidence[:] = data.encode()
            raise

    def _text_of(self, record: object, named: object, data: str) -> list[str]:
        rule = self.rule
        if not data:
            return []  # it keeps the connection open, or its name alone says something
        if record is NOT_JSON and not self._plain:
            if data.strip() and not self.ended:
                raise UnexpectedReply("expected JSON in a record")
            return []
        text = data if self._plain else rule.find(record)
        if text is None:
            return []
        if not isinstance(text, str):
            raise UnexpectedReply(f"expected text at {rule.path!r} in a record")
        self._found = True
        whole = rule.cumulative.fits(named, record) if isinstance(rule.cumulative, RecordMatch) else rule.cumulative
        return self._replace(text) if whole else self._add(text)

    def _cut_inside(self) -> ReplyCutShort:
        """The error for half a record at the end."""
        return ReplyCutShort("the stream ends inside a record", partial=self.text)

    def _check_end(self) -> None:
        """Raises ReplyError where the records are over and the reply is not."""
        if not self._seen:
            raise UnexpectedReply("expected a stream of records, got none")
        if self.rule.done is not None and not self.ended:
            raise ReplyCutShort("the stream ends before the end that the site file declares", partial=self.text)
        if not (self.ended or self._found):
            raise UnexpectedReply(f"expected text at {self.rule.path!r}, and no record has it")
        self.ended = True


def _parse(data: str) -> object:
    try:
        return parse_json(data)
    except (ValueError, RecursionError):
        return NOT_JSON


def _named(record: object, name: str | None) -> object:
    """The record as matches see it: with the event's name, by default `message` (WHATWG HTML, section 9.2.6)."""
    if name is None:
        return record
    if not isinstance(record, dict):
        return {"event": name or "message"}
    return record if not name and "event" in record else {**record, "event": name or "message"}
