"""What every reply decoder has in common: the text so far, the values found, and how it ended."""

from collections.abc import Mapping
from typing import Final, TypeAlias

from chatdoor.errors import ContentRefused, SiteFailed, UnexpectedReply
from chatdoor.flow.answer import UTF8_BOM, Declared, looks_like_html
from chatdoor.flow.extract import is_value
from chatdoor.flow.match import fits_record
from chatdoor.site.model import Match, RecordMatch, ReplyRule
from chatdoor.site.paths import Find

EVIDENCE: Final = 2_000
"""Bytes of a body that are kept for an excerpt."""

PAGE_EVIDENCE: Final = 64_000
"""Bytes of a page that are kept, so that a login or a bot check in it is seen."""

_HALF_A_PAIR: Final = "the reply has half a surrogate pair, which is not text"

BLOCKED: Final = "the site's content rules refuse the prompt"

Picks: TypeAlias = Mapping[str, Find]
"""The values to look for in the documents of an answer: name and path."""


class PageInstead(UnexpectedReply):
    """A page came where data was due: the flow decides whether that is a refusal."""


class ReplyDecoder:
    """Collects a reply. A shape adds `_feed` and `_finish`, which give the new pieces.

    `blocked`: how the body says that the site's content rules refuse the prompt.
    """

    ended = False
    revised = False
    finish_reason: str | None = None
    tokens_in: int | None = None
    tokens_out: int | None = None
    _half = ""
    """The first half of a surrogate pair, until the next record brings the other one."""
    _is_page: bool | None = None
    """None until the first character is there."""

    def __init__(self, rule: ReplyRule, declared: Declared, picks: Picks, blocked: tuple[Match, ...] = ()) -> None:
        self.rule = rule
        self.declared = declared
        self.taken: dict[str, object] = {}
        """The values that were found; of each, the first that is one."""
        self._picks = picks
        self._blocked = blocked
        self._pieces: list[str] = []
        self._evidence = bytearray()

    @property
    def text(self) -> str:
        """The reply so far."""
        pieces = self._pieces
        if len(pieces) > 1:
            pieces[:] = ["".join(pieces)]
        return pieces[0] if pieces else ""

    @property
    def evidence(self) -> bytes:
        """What to show in an error: the first bytes of the body, or the record that reports the error."""
        return bytes(self._evidence)

    def feed(self, data: bytes) -> list[str]:
        """The pieces that these bytes complete. Raises ReplyError where they can be no reply."""
        if len(self._evidence) < (PAGE_EVIDENCE if self._is_page else EVIDENCE):
            self._keep(data)
        return [] if self._is_page or self.ended else self._feed(data)

    def finish(self) -> list[str]:
        """The pieces that the end completes. Raises ReplyError where the reply is not whole."""
        if self._is_page:
            raise PageInstead("expected data, got a page")
        pieces = self._finish()
        if self._half:
            raise UnexpectedReply(_HALF_A_PAIR)
        return pieces

    def _feed(self, data: bytes) -> list[str]:
        raise NotImplementedError

    def _finish(self) -> list[str]:
        raise NotImplementedError

    def _keep(self, data: bytes) -> None:
        """Keeps the bytes as evidence, and sees whether they begin a page."""
        self._evidence += data[: PAGE_EVIDENCE - len(self._evidence)]
        if self._is_page is not None:
            return
        opening = bytes(self._evidence[:EVIDENCE]).lstrip()
        if opening and not UTF8_BOM.startswith(opening):
            self._is_page = self._begins_page(opening)

    def _begins_page(self, opening: bytes, /) -> bool | None:
        """True where this is a page instead of data. None: more bytes will tell. `opening` begins with no space."""
        return looks_like_html(opening)

    def _add(self, text: str) -> list[str]:
        """Takes the next piece. Raises UnexpectedReply for half a surrogate pair, which no text may hold."""
        if self._half:
            text, self._half = self._half + text, ""
        try:
            text.encode()
        except UnicodeEncodeError:
            text = self._paired(text)
        self._pieces.append(text)
        return [text] if text else []

    def _paired(self, text: str) -> str:
        """The text with the pairs that two records shared: JavaScript cuts text inside them. A first half waits."""
        if "\ud800" <= text[-1] <= "\udbff":
            text, self._half = text[:-1], text[-1]
        try:
            return text.encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError:
            raise UnexpectedReply(_HALF_A_PAIR) from None

    def _replace(self, text: str) -> list[str]:
        """Takes the whole text so far. What goes beyond the text that was given is the next piece.

        An empty one takes nothing back: many a last record has no text of its own and says so with an empty one.
        Linear in what arrives, at the speed of C: no more is compared than the text that has just come, and what
        was given is joined once for each time that it grew.
        """
        if not text:
            return []
        given, self._half = self.text, ""
        if text.startswith(given):
            return self._add(text[len(given) :])
        same = _common_length(given, text)
        piece = self._add(text[same:])
        self._pieces = [text.removesuffix(self._half)]
        self.revised = True
        return piece

    def _check_blocked(self, record: object, named: object, data: str) -> None:
        """Raises ContentRefused where the record, whose text is `data`, is such a refusal; the rest as in `_note`."""
        if any(fits_record(match, record, named, data) for match in self._blocked):
            raise ContentRefused(BLOCKED)

    def _note(self, record: object, named: object) -> None:
        """Notes what a record says besides text. Raises SiteFailed where it reports an error.

        Paths look into `record`, matches at `named`, which is the same with the name of the event in it.
        """
        rule = self.rule
        if rule.error is not None:
            failure = rule.error.fits(named, record) if isinstance(rule.error, RecordMatch) else rule.error(record)
            if failure:
                raise SiteFailed("the site reports an error inside its answer")
        for name, find in self._picks.items():
            if name not in self.taken and is_value(value := find(record)):
                self.taken[name] = value
        if rule.finish and (reason := rule.finish(record)) is not None:
            self.finish_reason = str(reason)
        if rule.usage_input is not None:
            self.tokens_in = _count(rule.usage_input(record), self.tokens_in)
        if rule.usage_output is not None:
            self.tokens_out = _count(rule.usage_output(record), self.tokens_out)


def _common_length(one: str, other: str) -> int:
    """How many characters both begin with: by halves, each compared once."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _count(found: object, known: int | None) -> int | None:
    """The number of tokens that a record tells, else what is known."""
    return found if isinstance(found, int) and not isinstance(found, bool) else known
