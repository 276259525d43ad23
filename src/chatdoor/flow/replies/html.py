"""A reply in a page: the last element that a selector finds, in a whole page or a fragment."""

from chatdoor.errors import ReplyCutShort, SiteFailed
from chatdoor.flow.answer import Declared, decode_page
from chatdoor.flow.html import WholePage
from chatdoor.flow.html_text import to_text
from chatdoor.flow.replies.decoder import PAGE_EVIDENCE, PageInstead, Picks, ReplyDecoder
from chatdoor.site.model import Match, ReplyRule


class HtmlReply(ReplyDecoder):
    """Reads the page when it is whole; its text is the one piece.

    A page that does not have the element is a page instead of the reply: it may ask for a login. One that is not
    closed is cut short, because the last element in it may be an older one, or half.
    """

    def __init__(self, rule: ReplyRule, declared: Declared, picks: Picks, blocked: tuple[Match, ...] = ()) -> None:
        super().__init__(rule, declared, picks, blocked)
        self._body = bytearray()

    @property
    def evidence(self) -> bytes:
        """The beginning of the page, or the text that reports an error."""
        return bytes(self._evidence or self._body[:PAGE_EVIDENCE])

    def _keep(self, data: bytes) -> None:
        """Keeps nothing: the body is the evidence, and is a page by right."""

    def _feed(self, data: bytes) -> list[str]:
        self._body += data
        return []

    def _finish(self) -> list[str]:
        self.ended = True
        page = WholePage(decode_page(bytes(self._body), self.declared.charset))
        self._check_error(page)
        tokens = page.last(self.rule.path)
        if tokens is None:
            raise PageInstead(f"expected an element that {self.rule.path!r} finds, found none")
        if not page.is_closed:
            raise ReplyCutShort("the page ends before its end")
        return self._add(to_text(tokens))

    def _check_error(self, page: WholePage) -> None:
        """Raises SiteFailed where the page holds text that the site file calls an error."""
        tokens = page.last(self.rule.error_selector) if self.rule.error_selector else None
        if tokens and (text := to_text(tokens)):
            self._evidence[:] = text.encode(self.declared.charset or "utf-8", "replace")
            raise SiteFailed("the site reports an error inside its answer")
