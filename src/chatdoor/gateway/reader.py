"""Requests from the bytes of a connection. No socket, no clock.

What could be read in two ways is refused: a request that this parser and a proxy's see differently would smuggle
another one in.
"""

from collections import deque
from typing import Final

import httptools

from chatdoor.gateway.header import Field
from chatdoor.gateway.problem import Problem
from chatdoor.gateway.request import Request
from chatdoor.gateway.upgrade import BodyReader

HEAD_BYTES: Final = 65_536
"""The most bytes of a request's head, give or take what comes with its end. Clients send less than one kilobyte."""

HEADERS_MOST: Final = 200
"""The most headers of a request. Each takes thirty times its bytes, where they are few."""

HEADERS_AT_ONCE: Final = 5_000
"""The most headers of all requests that come at once: a thousand requests with five each."""

AHEAD_MOST: Final = 1_000
"""The most requests that may wait here. Nginx ends a connection after as many."""

READ_MOST: Final = 262_144
"""The most bytes that come at once."""

PART_BYTES: Final = 4_096
"""A part of a body that is smaller takes in the next one: a chunk of a byte would take fifty."""

CODING: Final = b"transfer-encoding"


class RequestReader:
    """Reads requests. `heads` are those whose head is whole, in their order, for the connection to take."""

    def __init__(self) -> None:
        self.heads: deque[Request] = deque()
        self.coming: Request | None = None
        """The one that has begun and is not whole."""
        self._fields: list[Field] = []
        """The headers of the one that is coming."""
        self._in_head = True
        self._in_tail = False
        """True after the size of a chunk, until its bytes come: after that of the last one follow trailers."""
        self._head_bytes = 0
        self._headers_at_once = 0
        self._parser: httptools.HttpRequestParser | BodyReader = httptools.HttpRequestParser(self)

    def feed(self, data: bytes) -> None:
        """Reads on. Raises Problem for what is no request."""
        self._headers_at_once = 0
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._pass_over(data[upgrade.args[0] :])
        except httptools.HttpParserError:
            raise self._refusal() from None
        if self._in_head or self._in_tail:
            self._head_bytes += len(data)
            if len(self._fields) > HEADERS_MOST:
                raise self._refusal()
            if self._head_bytes > HEAD_BYTES:
                raise Problem(431, f"The head of the request has more than {HEAD_BYTES} bytes.")

    def _refusal(self) -> Problem:
        if len(self._fields) <= HEADERS_MOST:
            return _unreadable()
        self._fields.clear()  # the connection may stay for a while
        return Problem(431, f"The request has more than {HEADERS_MOST} headers.")

    def _pass_over(self, data: bytes) -> None:
        """Reads the body of a request that asks for another protocol, and nothing after it."""
        request = self.coming
        if request is None:
            raise _unreadable()
        request.keep_alive = False
        self._parser = BodyReader(request.fields, self.on_body, self.on_message_complete)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            raise _unreadable() from None

    def on_message_begin(self) -> None:
        """The parser: a request begins."""
        if len(self.heads) >= AHEAD_MOST:
            raise httptools.HttpParserError("too many requests ahead")
        self.coming = request = Request()
        self._fields = request.fields
        self._in_head, self._in_tail, self._head_bytes = True, False, 0

    def on_url(self, url: bytes) -> None:
        """The parser: a part of its target."""
        if self.coming is not None:
            self.coming.path += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """The parser: a header. One after the body says nothing of the request."""
        if self._in_head:
            self._fields.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """The parser: the head is whole."""
        request, self._in_head = self.coming, False
        if request is None or isinstance(self._parser, BodyReader):
            return
        fields = request.fields
        self._headers_at_once += len(fields)
        if len(fields) > HEADERS_MOST or self._headers_at_once > HEADERS_AT_ONCE:
            raise httptools.HttpParserError("too many headers")
        request.headers = headers = dict(fields)
        if CODING in headers and any(name == CODING and value.lower() != b"chunked" for name, value in fields):
            raise httptools.HttpParserError("a coding that is not undone here")
        request.path, _, request.query = request.path.partition(b"?")
        if request.path[:1] != b"/" and request.path != b"*":  # its authority would say another host than Host does
            raise httptools.HttpParserInvalidURLError("only a path can be asked for")
        request.method = self._parser.get_method().decode("ascii")
        request.version = self._parser.get_http_version()
        request.keep_alive = self._parser.should_keep_alive()
        self.heads.append(request)

    def on_chunk_header(self) -> None:
        """The parser: the size of a chunk. What came with it does not count as trailers."""
        self._in_tail, self._head_bytes = True, -READ_MOST

    def on_body(self, data: bytes) -> None:
        """The parser: a part of the body."""
        self._in_tail = False
        if self.coming is None:
            return
        parts = self.coming.parts
        if parts and len(parts[-1]) < PART_BYTES:
            parts[-1] += data
        else:
            parts.append(data)
        self.coming.held += len(data)

    def on_message_complete(self) -> None:
        """The parser: the request is whole, or, where it asks for an upgrade, its head."""
        if self.coming is None or self._parser.should_upgrade():
            return
        self.coming.ended = True
        self.coming, self._in_tail = None, False


def _unreadable() -> Problem:
    return Problem(400, "This is not a valid HTTP/1.1 request.", code="bad_http")
