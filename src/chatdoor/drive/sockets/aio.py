"""Websockets for the async driver. One belongs to the event loop on which it was opened."""

import asyncio
import time
from contextlib import suppress
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import DATA_OPCODES, Frame
from websockets.protocol import OPEN, Event

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
            if self.protocol.state is OPEN:
                self.protocol.send_text(pong)
                self.send_data()
        elif sieve.takes(event):
            super().process_event(event)


class _Opening(connect):
    """Opens a connection and follows no redirect: the flow decides."""

    def process_redirect(self, exc: Exception) -> Exception:
        """The answer as it came."""
        return exc


class AsyncLine:
    """An open websocket, for tasks of one event loop, one at a time."""

    def __init__(self, connection: _Opened, *, packets: bool) -> None:
        self._connection = connection
        self._packets = packets
        self._over = False
        self._stale = False
        self._loop = asyncio.get_running_loop()
        self._sieve = connection.sieve = wire.Sieve(pings=packets)

    @property
    def usable(self) -> bool:
        """It is open, and this is its loop."""
        return asyncio.get_running_loop() is self._loop and self._connection.state is OPEN and not self._over

    async def send(self, text: str, clock: wire.Clock, place: Place) -> None:
        """Sends a frame. Raises HungUp where the connection is closed, TimedOut."""
        if self._stale:
            await self._drain()
        self._stale = self._sieve.idle = False
        try:
            async with asyncio.timeout(clock.left):
                await self._connection.send(text)
        except TimeoutError as error:
            raise wire.out_of_time(wire.SENDING, place) from error
        except ConnectionClosed as error:
            raise HungUp("the websocket is closed", site=place.site, step=place.step) from error

    async def receive(self, clock: wire.Clock) -> bytes | None:
        """The next frame; None where Socket.IO says that none will come. Raises ConnectionClosed, TimeoutError."""
        if self._over:
            return None
        async with asyncio.timeout(clock.left):
            frame = await self._connection.recv(decode=False)
        self._over = self._packets and wire.says_goodbye(frame)
        return None if self._over else frame

    def rest(self) -> None:
        """Drops what comes until the next frame is sent."""
        self._sieve.idle = self._stale = True

    def drop(self) -> None:
        """Says goodbye and closes it."""
        with suppress(RuntimeError):  # its loop is closed, and the connection with it
            if _is_running(self._loop):
                self._drop()
            else:
                self._loop.call_soon_threadsafe(self._drop)

    def _drop(self) -> None:
        connection = self._connection
        if connection.protocol.state is OPEN:
            connection.protocol.send_close(wire.NORMAL)
            connection.send_data()
        connection.transport.abort()

    async def _drain(self) -> None:
        with suppress(TimeoutError, ConnectionClosed):
            async with asyncio.timeout(0):
                while True:
                    await self._connection.recv(decode=False)


class AsyncFrames:
    """What the site says on a websocket, from one frame of ours on."""

    def __init__(self, line: AsyncLine, head: Head, clock: wire.Clock, reach: wire.Reach, place: Place) -> None:
        self.head = head
        self.close_code: int | None = None
        self._line = line
        self._clock = clock
        self._limit = reach.limit
        self._place = place

    async def read(self) -> bytes | None:
        """The next frame, None where the site has closed the websocket. Raises TransportError, TimedOut."""
        if self.close_code is not None:
            return None
        try:
            frame = await self._line.receive(self._clock)
        except TimeoutError as error:
            raise wire.out_of_time(wire.READING, self._place) from error
        except ConnectionClosed as error:
            self.close_code = wire.close_code(error, self._place, self._limit)
            return None
        if frame is None:
            self.close_code = wire.NORMAL
        return frame

    async def close(self) -> None:
        """Leaves the websocket as it is: it belongs to the conversation."""


class AsyncRefusal:
    """An answer that opens no websocket."""

    close_code: int | None = None

    def __init__(self, head: Head, body: bytes) -> None:
        self.head = head
        self._body: bytes | None = body

    async def read(self) -> bytes | None:
        """The body, then None."""
        body, self._body = self._body, None
        return body

    async def close(self) -> None:
        """Does nothing: the connection is closed."""


async def send(
    lines: Lines, request: Request, reach: wire.Reach, place: Place, seconds: float
) -> AsyncFrames | AsyncRefusal:
    """Sends the frame on the websocket, which is opened if need be. Raises TransportError, TimedOut, HungUp."""
    clock = wire.Clock(time.monotonic() + seconds, reach.access.timeout.gap)
    line = lines.find(request.url, AsyncLine, place)
    head = wire.switched(request.url)
    known = line is not None
    if line is None:
        try:
            connection = await _connect(request, reach, seconds)
        except InvalidStatus as error:
            return AsyncRefusal(wire.refused(request.url, error.response), bytes(error.response.body or b""))
        except wire.FAILURES as error:
            raise wire.translate(error, place) from error
        head = wire.switched(request.url, connection.response)
        line = AsyncLine(connection, packets=request.opening is not None)
        lines.add(request.url, line)
        if request.opening is not None and (refusal := await _shake_hands(line, request, reach, clock, place)):
            lines.drop()
            return AsyncRefusal(wire.unwelcome(request.url), refusal)
    if request.body is not None:
        try:
            await line.send(request.body.decode(), clock, place)
        except HungUp:
            if known:  # else it was closed as soon as it was open, and its close code says why
                raise
    return AsyncFrames(line, head, clock, reach, place)


async def _connect(request: Request, reach: wire.Reach, seconds: float) -> _Opened:
    tls, proxy_tls = wire.tls_of(request, reach.access), wire.proxy_tls_of(reach.access)
    contexts: dict[str, Any] = {"ssl": tls, "proxy_ssl": proxy_tls}
    opening = _Opening(
        wire.url_of(request),
        **wire.opening_of(request, reach, seconds),
        **{name: context for name, context in contexts.items() if context},  # None is not the same as none given
        create_connection=_Opened,
    )
    connection = await opening
    assert isinstance(connection, _Opened)  # noqa: S101 - what it was told to make
    return connection


async def _shake_hands(
    line: AsyncLine, request: Request, reach: wire.Reach, clock: wire.Clock, place: Place
) -> bytes | None:
    """Socket.IO's handshake. Gives what the site says where it does not want us."""
    handshake = wire.Handshake(request.opening or b"", place)
    frames = AsyncFrames(line, wire.switched(request.url), clock, reach, place)
    while not handshake.done:
        frame = await frames.read()
        if frame is None:
            raise ReadFailed("the site closed the websocket", site=place.site, step=place.step)
        if (answer := handshake.heard(frame)) is not None:
            await line.send(answer, clock, place)
    return handshake.refusal


def _is_running(loop: asyncio.AbstractEventLoop) -> bool:
    """True on the thread, and in the loop, that is given."""
    try:
        return asyncio.get_running_loop() is loop
    except RuntimeError:
        return False
