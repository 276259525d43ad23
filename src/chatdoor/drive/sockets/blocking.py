"""Websockets for the blocking driver. The library has a thread for each, which reads and answers pings."""

import socket
import ssl
import time
from contextlib import suppress
from typing import Any, cast

from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import DATA_OPCODES, Frame
from websockets.protocol import OPEN, Event
from websockets.sync.client import ClientConnection, SSLSSLSocket, reconnect
from websockets.sync.utils import Deadline

from chatdoor.drive.interrupt import leavable
from chatdoor.drive.lines import Lines
from chatdoor.drive.sockets import wire
from chatdoor.errors import Place, ReadFailed
from chatdoor.flow.effects import Head, HungUp, Request


class _Opened(ClientConnection):
    """A connection that sorts out what nobody waits for."""

    sieve: wire.Sieve | None = None

    def process_event(self, event: Event) -> None:
        """Hands a frame on, answers it, or drops it."""
        sieve = self.sieve
        if sieve is None or not isinstance(event, Frame) or event.opcode not in DATA_OPCODES:
            super().process_event(event)
        elif (pong := sieve.pong(event)) is not None:
            with self.protocol_mutex, suppress(OSError):
                if self.protocol.state is OPEN:
                    self.protocol.send_text(pong)
                    self.send_data()
        elif sieve.takes(event):
            super().process_event(event)


class _Opening(reconnect):
    """Opens a connection and follows no redirect: the flow decides."""

    def process_redirect(self, exc: Exception) -> Exception:
        """The answer as it came."""
        return exc

    def enable_tls(self, sock: socket.socket, deadline: Deadline) -> socket.socket:
        """TLS; through an https proxy, one inside the other."""
        secure = super().enable_tls(sock, deadline)
        return cast(socket.socket, _Nested(secure)) if isinstance(secure, SSLSSLSocket) else secure


class _Nested:
    """The library's TLS inside TLS, with nothing left unread: it waits for the outer socket, which may be silent then.

    A read of the outer one may bring several records of the inner one, and the library asks for the first alone.
    """

    def __init__(self, inner: SSLSSLSocket) -> None:
        self._inner = inner

    def recv(self, size: int) -> bytes:
        """The next bytes, and all that came with them."""
        data = self._inner.recv(size)
        with suppress(ssl.SSLWantReadError, ssl.SSLEOFError):
            while data and (more := self._inner.ssl_object.read(size)):
                data += more
        return data

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the socket has
        return getattr(self._inner, name)


class BlockingLine:
    """An open websocket, for any thread, one at a time."""

    def __init__(self, connection: _Opened, *, packets: bool) -> None:
        self._connection = connection
        self._packets = packets
        self._over = False
        self._sieve = connection.sieve = wire.Sieve(pings=packets)

    @property
    def usable(self) -> bool:
        """It is open."""
        return self._connection.state is OPEN and not self._over

    def send(self, text: str, clock: wire.Clock, place: Place) -> None:
        """Sends a frame. Raises HungUp where the connection is closed."""
        self._drain()
        self._sieve.idle = False
        try:
            self._connection.socket.settimeout(clock.left)
            self._connection.send(text)
        except (ConnectionClosed, OSError) as error:
            raise HungUp("the websocket is closed", site=place.site, step=place.step) from error

    def receive(self, clock: wire.Clock) -> bytes | None:
        """The next frame; None where Socket.IO says that none will come. Raises ConnectionClosed, TimeoutError."""
        if self._over:
            return None
        frame = self._connection.recv(clock.left, decode=False)
        self._over = self._packets and wire.says_goodbye(frame)
        return None if self._over else frame

    def rest(self) -> None:
        """Drops what comes until the next frame is sent."""
        self._sieve.idle = True
        self._drain()

    def drop(self) -> None:
        """Says goodbye and closes it."""
        connection = self._connection
        with suppress(OSError), connection.protocol_mutex:
            if connection.protocol.state is OPEN:
                connection.socket.settimeout(wire.CLOSE_SECONDS)
                connection.protocol.send_close(wire.NORMAL)
                connection.send_data()
        connection.close_socket()

    def _drain(self) -> None:
        with suppress(TimeoutError, ConnectionClosed):
            while True:
                self._connection.recv(0, decode=False)


class BlockingFrames:
    """What the site says on a websocket, from one frame of ours on."""

    def __init__(self, line: BlockingLine, head: Head, clock: wire.Clock, reach: wire.Reach, place: Place) -> None:
        self.head = head
        self.close_code: int | None = None
        self._line = line
        self._clock = clock
        self._limit = reach.limit
        self._place = place

    def read(self) -> bytes | None:
        """The next frame, None where the site has closed the websocket. Raises TransportError, TimedOut."""
        if self.close_code is not None:
            return None
        try:
            frame = self._line.receive(self._clock)
        except TimeoutError as error:
            raise wire.out_of_time(wire.READING, self._place) from error
        except ConnectionClosed as error:
            self.close_code = wire.close_code(error, self._place, self._limit)
            return None
        if frame is None:
            self.close_code = wire.NORMAL
        return frame

    def close(self) -> None:
        """Leaves the websocket as it is: it belongs to the conversation."""


class BlockingRefusal:
    """An answer that opens no websocket."""

    close_code: int | None = None

    def __init__(self, head: Head, body: bytes) -> None:
        self.head = head
        self._body: bytes | None = body

    def read(self) -> bytes | None:
        """The body, then None."""
        body, self._body = self._body, None
        return body

    def close(self) -> None:
        """Does nothing: the connection is closed."""


def send(
    lines: Lines, request: Request, reach: wire.Reach, place: Place, seconds: float
) -> BlockingFrames | BlockingRefusal:
    """Sends the frame on the websocket, which is opened if need be. Raises TransportError, TimedOut, HungUp."""
    clock = wire.Clock(time.monotonic() + seconds, reach.access.timeout.gap)
    line = lines.find(request.url, BlockingLine, place)
    head = wire.switched(request.url)
    known = line is not None
    if line is None:
        try:
            connection = _connect(request, reach, seconds)
        except InvalidStatus as error:
            return BlockingRefusal(wire.refused(request.url, error.response), bytes(error.response.body or b""))
        except wire.FAILURES as error:
            raise wire.translate(error, place) from error
        head = wire.switched(request.url, connection.response)
        line = BlockingLine(connection, packets=request.opening is not None)
        lines.add(request.url, line)
        if request.opening is not None and (refusal := _shake_hands(line, request, reach, clock, place)):
            lines.drop()
            return BlockingRefusal(wire.unwelcome(request.url), refusal)
    if request.body is not None:
        try:
            line.send(request.body.decode(), clock, place)
        except HungUp:
            if known:  # else it was closed as soon as it was open, and its close code says why
                raise
    return BlockingFrames(line, head, clock, reach, place)


def _connect(request: Request, reach: wire.Reach, seconds: float) -> _Opened:
    opened: list[_Opened] = []
    opening = _Opening(
        wire.url_of(request),
        **wire.opening_of(request, reach, seconds),
        ssl=wire.tls_of(request, reach.access),
        proxy_ssl=wire.proxy_tls_of(reach.access),
        create_connection=_Opened,
    )

    def connect() -> None:
        connection = opening.connect()
        assert isinstance(connection, _Opened)  # noqa: S101 - what it was told to make
        connection.pending_legacy_warning = False  # it is opened here and closed by `drop`, not by one `with`
        opened.append(connection)

    def leave() -> None:
        for connection in opened:
            connection.close_socket()

    leavable(connect, leave)
    return opened[0]


def _shake_hands(
    line: BlockingLine, request: Request, reach: wire.Reach, clock: wire.Clock, place: Place
) -> bytes | None:
    """Socket.IO's handshake. Gives what the site says where it does not want us."""
    handshake = wire.Handshake(request.opening or b"", place)
    frames = BlockingFrames(line, wire.switched(request.url), clock, reach, place)
    while not handshake.done:
        frame = frames.read()
        if frame is None:
            raise ReadFailed("the site closed the websocket", site=place.site, step=place.step)
        if (answer := handshake.heard(frame)) is not None:
            line.send(answer, clock, place)
    return handshake.refusal
