"""A reply in one JSON document."""

from msgspec import DecodeError

from chatdoor.errors import ReplyCutShort, UnexpectedReply
from chatdoor.flow.answer import UTF8_BOM, decode_text, looks_like_html, parse_json
from chatdoor.flow.replies.decoder import PAGE_EVIDENCE, PageInstead, ReplyDecoder


class JsonReply(ReplyDecoder):
    """Reads the document when it is whole; its text is the one piece. Half a document is cut short.

    The content type is not asked: Django's `HttpResponse(json.dumps(...))` says text/html.
    """

    @property
    def evidence(self) -> bytes:
        """The beginning of the body."""
        return bytes(self._evidence[:PAGE_EVIDENCE])

    def _keep(self, data: bytes) -> None:
        """Does nothing: all of the body is kept, and what is no JSON shows at the end whether it is a page."""

    def _feed(self, data: bytes) -> list[str]:
        self._evidence += data
        return []

    def _finish(self) -> list[str]:
        self.ended = True
        body = bytes(self._evidence)
        record = self._decode(body)
        if self._blocked:
            self._check_blocked(record, record, body.decode("utf-8", "replace"))
        self._note(record, record)
        text = self.rule.find(record)
        if not isinstance(text, str):
            raise UnexpectedReply(f"expected text at {self.rule.path!r}, found {_KINDS.get(type(text), 'nothing')}")
        return self._add(text)

    def _decode(self, body: bytes) -> object:
        charset = self.declared.charset or "utf-8"
        if charset != "utf-8":
            body = decode_text(body, charset).encode()
        try:
            return parse_json(body.removeprefix(UTF8_BOM))
        except RecursionError:
            raise UnexpectedReply("expected JSON, got one that is nested too deeply") from None
        except ValueError as error:
            if looks_like_html(body):
                raise PageInstead("expected data, got a page") from None
            # What msgspec said stands behind what the standard library says of the same bytes.
            if body.strip() and isinstance(error.__context__, DecodeError) and "truncated" in str(error.__context__):
                raise ReplyCutShort("the JSON ends before its end") from error
            in_utf8 = " in UTF-8, got bytes that are not" if isinstance(error, UnicodeDecodeError) else ""
            raise UnexpectedReply(f"expected JSON{in_utf8}") from error


_KINDS = {dict: "a table", list: "a list", int: "a number", float: "a number", bool: "true or false"}
