"""Requests as bytes, and answers from bytes. No socket, no clock."""

import logging
import re
import zlib
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

import msgspec
from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from chatdoor.drive.handshake import ALERT, PERHAPS_TLS
from chatdoor.errors import ArgumentError
from chatdoor.flow.effects import Headers, Request

logger = logging.getLogger("chatdoor")

MAX_HEADERS: Final = 100
"""Headers of an answer. Servers send some ten."""

MAX_HEAD_BYTES: Final = 400_000
"""Bytes of a head, and of all that stands between two parts of a body."""

MOST_HEADS: Final = 32
"""Heads of requests that are kept."""

TOO_MUCH: Final = "the answer has too many headers, or too long ones"

UNPACKED_BYTES: Final = 256_000
"""Bytes that are unpacked at a time: what is packed small may be large."""

CLOSED: Final = "the connection was closed"
"""How a connection ends in peace. A body whose length was not said ends so, too."""

# What a URL has that every server reads in the same way. Any other one goes through the library, which knows what
# browsers make of it.
_PLAIN = re.compile(
    r"http://(?P<host>(?:[a-z0-9-]+\.)*[a-z][a-z0-9-]*|[0-9]+(?:\.[0-9]+){3}|\[[0-9a-f:.]+\])"
    r"(?::(?P<port>[1-9][0-9]{0,4}))?"
    r"(?P<path>(?:/[A-Za-z0-9._~!$&()*+,;=:@%-]*)*)(?P<query>(?:\?[A-Za-z0-9._~!$&()*+,;=:@%/?-]*)?)"
)
_DOTS = re.compile(r"/(?:\.|%2e){1,2}(?:/|$)", re.IGNORECASE)

_WINDOWS: Final[Mapping[str, int]] = {"gzip": 31, "x-gzip": 31, "deflate": 15}
"""Content codings (RFC 9110, section 8.4.1) -> what zlib calls them."""

_PACKED: Final = frozenset({"br", "zstd", "compress", "x-compress"})
"""Codings that nobody asked for, and that are not unpacked."""


class Target(msgspec.Struct, frozen=True):
    """Where a request goes: the address to connect to, and what the request says of it."""

    host: str
    port: int
    authority: str
    path: str


@lru_cache(256)
def target_of(url: str) -> Target | None:
    """The target of a plain URL; None for any other one."""
    match = _PLAIN.fullmatch(url)
    if match is None or _DOTS.search(match["path"]):
        return None
    port = int(match["port"] or 80)
    authority = match["host"] if port == 80 else f"{match['host']}:{port}"
    path = f"{match['path'] or '/'}{match['query']}"
    return Target(match["host"].strip("[]"), port, authority, path) if port < 65_536 else None


class RequestEncoder:
    """Makes bytes of requests. Heads are kept: those of a session's requests are mostly the same."""

    def __init__(self, user_agent: str) -> None:
        self._user_agent = user_agent
        self._head = lru_cache(MOST_HEADS)(self._encode_head)
        self._last: tuple[str, Target, Headers, bytes] | None = None
        """The head that went out last, and of what it was made: the next one is mostly made of the same objects."""

    def encode(self, request: Request, target: Target) -> bytes:
        """The request as bytes. Raises ArgumentError for a header that no request can hold."""
        method, headers, body = request.method, request.headers, request.body
        if (last := self._last) and last[2] is headers and last[1] is target and last[0] == method:
            head = last[3]
        else:
            head = self._head(method, target, headers)
            self._last = method, target, headers, head
        if body:
            return b"%bcontent-length: %d\r\n\r\n%b" % (head, len(body), body)
        return head + (b"\r\n" if method == "GET" else b"content-length: 0\r\n\r\n")

    def _encode_head(self, method: str, target: Target, headers: Headers) -> bytes:
        lines = [
            f"{method} {target.path} HTTP/1.1",
            f"host: {target.authority}",
            f"user-agent: {self._user_agent}",
            *[f"{name}: {value}" for name, value in headers],
        ]
        if not (joined := "".join(lines)).isascii() or not joined.isprintable():
            raise ArgumentError("a header of the request is not a line of ASCII")
        return "".join([f"{line}\r\n" for line in lines]).encode()


class Broken(Exception):
    """What came is no answer, or not all of one. The text says why."""


class Receiver:
    """Reads answers from the bytes of a connection, one after the other."""

    def __init__(self) -> None:
        self._parser = HttpResponseParser(self)
        self._parser.set_dangerous_leniencies(lenient_optional_cr_before_lf=True)  # RFC 9112, section 2.2
        self._proven = False
        """An answer has come over the connection."""
        self.begin()

    def begin(self) -> None:
        """Another answer is to come, on a connection that the one before has left `reusable`."""
        self.headers: list[tuple[str, str]] = []
        """Name, lower-case, and value, in order."""
        self.status = 0
        """0 until the head is whole."""
        self.ended = False
        """Nothing more will come of it."""
        self.reusable = False
        """The connection is good for another request."""
        self.waiting = 0
        """Bytes of the body that nobody has taken yet."""
        self._failure: str | None = None
        self._body: list[bytes] = []
        self._inflate: zlib._Decompress | None = None
        self._interim = False
        self._sized = False
        self._count = 0
        self._between = 0

    def feed(self, data: bytes) -> None:
        """Takes what came. What comes after the end makes the connection useless, and is dropped."""
        if self.ended:
            self.reusable = False
            return
        self._between += len(data)
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade):
            self._fail(f"what came is not HTTP{PERHAPS_TLS if data.startswith(ALERT) else ''}")
        if self._between > MAX_HEAD_BYTES or self._count > MAX_HEADERS:
            self._fail(TOO_MUCH)

    def end(self, reason: str) -> None:
        """The connection has ended."""
        self.reusable = False
        if self.status and not self._sized and reason == CLOSED:
            self.ended = True
        self._fail(reason if self._proven or self._between else f"{reason}{PERHAPS_TLS}")

    def take(self) -> bytes | None:
        """What has come of the body, empty where nothing has; None at its end. Raises Broken."""
        if self.waiting:
            data = self._body[0] if len(self._body) == 1 else b"".join(self._body)
            self._body.clear()
            self.waiting = 0
            return self._unpacked(self._inflate, data) if self._inflate else data
        if not self.ended:
            return b""
        if self._failure or (self._inflate and not self._inflate.eof):
            raise Broken(self._failure or "what was packed is not whole")
        return None

    def on_message_begin(self) -> None:
        """The parser: another answer begins."""
        if self.ended:
            self.reusable = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """The parser: a header, or a trailer, which nobody asks for."""
        self._count += 1
        if self.status:
            return
        try:
            self.headers.append((name.decode().lower(), value.decode("ascii").strip(" \t")))
        except UnicodeDecodeError:
            logger.warning("a header of the answer is not ASCII and was dropped")

    def on_headers_complete(self) -> None:
        """The parser: the head is whole. That of an interim answer is dropped (RFC 9110, section 15.2)."""
        if self.ended:
            return
        status = self._parser.get_status_code()
        self._interim = status < 200
        if self._interim:
            self.headers.clear()
            self._count = self._between = 0
            return
        if self._count > MAX_HEADERS:
            self._fail(TOO_MUCH)
            return
        self.status = status
        for name, value in self.headers:
            if name == "content-length" or (name == "transfer-encoding" and "chunked" in value.lower()):
                self._sized = True
            elif name == "content-encoding":
                self._set_coding(value.lower())

    def on_body(self, data: bytes) -> None:
        """The parser: a part of the body."""
        if not self.ended:
            self._between = 0
            self._body.append(data)
            self.waiting += len(data)

    def on_message_complete(self) -> None:
        """The parser: the answer is whole."""
        if self._interim or self.ended:
            return
        self.ended = self._proven = True
        self.reusable = self._parser.should_keep_alive()

    def _set_coding(self, coding: str) -> None:
        if coding in _PACKED:
            self._fail(f"the answer is packed ({coding}), which was not asked for")
        elif coding in _WINDOWS:
            self._inflate = zlib.decompressobj(_WINDOWS[coding])

    def _unpacked(self, inflate: "zlib._Decompress", data: bytes) -> bytes:
        """What the bytes hold, at most so much at a time; the rest waits."""
        try:
            unpacked = inflate.decompress(data, UNPACKED_BYTES)
        except zlib.error:
            self._fail("what was packed can not be unpacked")
            raise Broken("what was packed can not be unpacked") from None
        if rest := inflate.unconsumed_tail:
            self._body.append(rest)
            self.waiting = len(rest)
        return unpacked

    def _fail(self, reason: str) -> None:
        if not self.ended:
            self.ended, self._failure = True, reason
        self.reusable = False
