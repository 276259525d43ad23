"""uvicorn's connection, with what it lacks: JSON in every error, bounds on heads and time, a word of who leaves.

`watch` and `cut` are what Exchange calls a Connection.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final, cast

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from chatdoor.gateway.exchange import CONNECTION, JSON
from chatdoor.gateway.ids import fresh_id
from chatdoor.gateway.openai.errors import BUSY, envelope
from chatdoor.gateway.problem import Header, Problem
from chatdoor.gateway.upgrade import BodyReader

if TYPE_CHECKING:
    from chatdoor.gateway.app import Gateway

HEAD_BYTES: Final = 65_536
"""After how many bytes a head that has not ended is refused; one that ends with what is read at a time may have more.

Clients send less than one kilobyte, browsers with cookies a few.
"""

CODING: Final = b"transfer-encoding"

HEADERS_MOST: Final = 200
"""The most headers of a request."""


def _connections_most() -> int:
    """How many connections there may be: each may need a second one, to a site, and some files are open anyway."""
    try:
        import resource  # not on Windows
    except ImportError:
        return CONNECTIONS
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return min(CONNECTIONS, max(FEWEST, (files - OTHER_FILES) // 2)) if files > 0 else CONNECTIONS


CONNECTIONS: Final = 1_000
FEWEST: Final = 4
OTHER_FILES: Final = 32

CONNECTIONS_MOST: Final = _connections_most()
"""How many connections are served at a time. More are answered 503."""

_log = logging.getLogger("chatdoor.gateway.http")


class GatewayConnection(HttpToolsProtocol):
    """One connection of a client."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Takes the connection."""
        self.logger = _log
        self._gone: Callable[[], object] | None = None
        self._in_head = True
        self._head_bytes = 0
        self._reading_since: float | None = time.monotonic()
        self._extensions: Mapping[str, object] = {CONNECTION: self}
        super().connection_made(cast(asyncio.Transport, transport))
        if len(self.connections) > CONNECTIONS_MOST:
            self._refuse(BUSY)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tells whoever watches."""
        super().connection_lost(exc)
        if self._gone is not None and not self.cycle.response_complete:
            self._gone()
        self._gone = None

    def data_received(self, data: bytes) -> None:
        """Reads on, within the bound of a head."""
        self._unset_keepalive_if_required()
        try:
            self._feed(data)
        except httptools.HttpParserError:
            self.send_400_response("")
        if self._in_head and not self.transport.is_closing():
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES:
                self._refuse(Problem(431, f"The head of the request has more than {HEAD_BYTES} bytes."))

    def _feed(self, data: bytes) -> None:
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self.cycle.keep_alive = False  # what follows its body is not read
            reader = BodyReader(self.headers, self.on_body, self.on_message_complete)
            self.parser = cast(httptools.HttpRequestParser, reader)
            self.parser.feed_data(data[upgrade.args[0] :])

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self.scope["extensions"] = self._extensions  # type: ignore[typeddict-item]  # uvicorn knows its own alone
        self._in_head, self._head_bytes, self._reading_since = True, 0, time.monotonic()

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header is there. One after the body says nothing of the request."""
        if not self._in_head:
            return
        if len(name) == len(CODING) and name.lower() == CODING and value.lower() != b"chunked":
            raise httptools.HttpParserError("a coding that is not undone here")
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is whole."""
        self._in_head = False
        if len(self.headers) > HEADERS_MOST:
            raise httptools.HttpParserError("too many headers")
        if self.url[:1] != b"/" and self.url != b"*":  # its authority would say another host than Host does
            raise httptools.HttpParserInvalidURLError("only a path can be asked for")
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The request is whole, or, where it asks for an upgrade, its head."""
        if self.parser.should_upgrade():
            return
        super().on_message_complete()
        self._reading_since = None

    def watch(self, gone: Callable[[], object]) -> None:
        """Calls `gone` as soon as the client has left. It can be seen to leave only while we read."""
        self._gone = gone
        if not self.pipeline:
            self.flow.resume_reading()
        if self.cycle.disconnected:
            gone()

    @property
    def ready(self) -> bool:
        """True while the request that is answered is the only one, and the reader keeps up."""
        return not (self.pipeline or self.flow.write_paused or self.cycle.response_started or self.cycle.disconnected)

    def respond(self, status: int, headers: Sequence[Header], body: bytes) -> None:
        """Sends a whole answer, and goes on to the next request."""
        cycle = self.cycle
        lines = [b"%b: %b" % header for header in (*self.server_state.default_headers, *headers)]
        lines.append(b"content-length: %d" % len(body))
        if not cycle.keep_alive:
            lines.append(b"connection: close")
        head = b"\r\n".join(lines)
        if head.count(b"\n") >= len(lines) or b"\0" in head:
            raise ValueError("a header of an answer is more than one line")
        cycle.response_started = cycle.response_complete = True
        content = b"" if cycle.scope["method"] == "HEAD" else body
        self.transport.write(b"%b%b\r\n\r\n%b" % (STATUS_LINE[status], head, content))
        cycle.message_event.set()
        if not cycle.keep_alive:
            self.transport.close()
        cycle.on_response()

    def cut(self) -> None:
        """Ends the connection after what was sent."""
        self.transport.close()

    def abort(self) -> None:
        """Ends the connection at once."""
        self.transport.abort()

    @property
    def _answering(self) -> bool:
        """True while an answer has begun and not ended: nothing else may be written then."""
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is not None and cycle.response_started and not cycle.response_complete

    def check_time(self, now: float, most: float) -> None:
        """Ends the connection where a request has begun that is not whole after `most` seconds."""
        since = self._reading_since
        if since is None or now - since < most or self.pipeline or self.transport.is_closing():
            return
        self._refuse(Problem(408, "The request was not whole in time.", code="request_timeout"))

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's signature
        """Answers what is not HTTP."""
        self._refuse(Problem(400, "This is not a valid HTTP/1.1 request.", code="bad_http"))

    def _refuse(self, problem: Problem) -> None:
        """Answers in place of the gateway, which never gets to see the request, and ends the connection."""
        cast("Gateway", self.app).state.counts.refusals[problem.status] += 1
        if not self._answering:
            body = envelope(problem)
            headers = [
                *self.server_state.default_headers,
                *JSON,
                *problem.headers,
                (b"x-request-id", fresh_id("req_").encode()),
                (b"content-length", b"%d" % len(body)),
                (b"connection", b"close"),
            ]
            head = b"".join([b"%b: %b\r\n" % header for header in headers])
            self.transport.write(STATUS_LINE[problem.status] + head + b"\r\n" + body)
        self.transport.close()
