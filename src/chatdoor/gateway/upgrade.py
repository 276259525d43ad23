"""A request that asks for another protocol, which we do not speak: it is a request like any other.

Java's client asks for HTTP/2 so, with its first prompt. The parser ends such a request with its head, and would read
its body as the next request.
Source: https://www.rfc-editor.org/rfc/rfc9110#section-7.8
"""

from collections.abc import Callable, Iterable
from typing import Final

import httptools

from chatdoor.gateway.header import Field

FRAMING: Final = frozenset({b"content-length", b"transfer-encoding"})
"""The headers that say where a body ends."""


class BodyReader:
    """Reads the body that follows a head with these headers, and nothing after it. It is told as the parser does."""

    def __init__(
        self, headers: Iterable[Field], on_body: Callable[[bytes], None], on_message_complete: Callable[[], None]
    ) -> None:
        self.on_body = on_body
        self._tell_end = on_message_complete
        self._over = False
        self._parser = httptools.HttpRequestParser(self)
        framing = [b"%b: %b\r\n" % header for header in headers if header[0] in FRAMING]
        self._head = b"POST / HTTP/1.1\r\n%b\r\n" % b"".join(framing)

    def on_message_complete(self) -> None:
        """The body is whole."""
        self._over = True
        self._tell_end()

    def feed_data(self, data: bytes) -> None:
        """Reads on. Raises HttpParserError for what is no body; what follows a body is not looked at."""
        head, self._head = self._head, b""
        try:
            if not self._over:
                self._parser.feed_data(head + data)
        except httptools.HttpParserError:
            if not self._over:
                raise

    def should_upgrade(self) -> bool:
        """False: that is behind us."""
        return False
