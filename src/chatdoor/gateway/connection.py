"""One connection of a client: its requests, answered one after another, within bounds of size and time.

A server of our own on httptools, since the gateway's cost is the server's for a good part. It speaks HTTP/1.1 and
nothing else: no TLS (a proxy in front does that), no upgrade, no compression.
"""

import asyncio
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, Protocol, cast

from chatdoor.gateway.answer import CHUNKED, EMPTY, HEAD_END, LAST_CHUNK, STATUS_LINES, chunk
from chatdoor.gateway.clocks import Clocks
from chatdoor.gateway.exchange import JSON, Exchange, Leave
from chatdoor.gateway.header import Header, header
from chatdoor.gateway.ids import fresh_id
from chatdoor.gateway.open_files import connections_most
from chatdoor.gateway.openai.errors import BUSY, envelope
from chatdoor.gateway.problem import Problem
from chatdoor.gateway.reader import RequestReader
from chatdoor.gateway.request import Gone, Request

if TYPE_CHECKING:
    from chatdoor.gateway.app import Gateway

CUT_SECONDS: Final = 5.0
"""How long the rest of a cut answer may take to reach its reader."""

HELD_MOST: Final = 65_536
"""How many bytes of a body may wait for us. Then the client has to."""

AHEAD_MOST: Final = 16
"""How many requests may wait for the answer to the one before. While there are fewer, a client that leaves is seen."""

CONNECTIONS_MOST: Final = connections_most()
"""How many connections are served at a time. One more takes the place of one that is merely kept, or is a 503."""


class Hall(Protocol):
    """What the connections of a server share."""

    gateway: "Gateway"
    connections: "set[Connection]"
    tasks: "set[asyncio.Task[None]]"
    """The answers that are on their way."""
    loop: asyncio.AbstractEventLoop
    greeting: bytes
    """The headers of every answer, `Date` among them, encoded."""


class Connection(asyncio.Protocol):
    """One connection; for the exchange that is answered, its Carrier (see `exchange`)."""

    def __init__(self, hall: Hall) -> None:
        self.task: asyncio.Task[None] | None = None
        """The answer that is on its way."""
        self._hall = hall
        self._reader = RequestReader()
        self._transport: asyncio.Transport | None = None
        self._request = Request()
        self._begun = False
        self._answered = True
        self._invited = False
        self._leave: Leave | None = None
        self._reads = True
        self._broken: Problem | None = None
        """What is said once the requests before it are answered: what followed was none."""
        self._more: asyncio.Future[None] | None = None
        self._room: asyncio.Event | None = None
        """Set while the reader keeps up; none where it never fell behind."""
        self._lost: asyncio.Event | None = None
        self._half = False
        """True once the client has said that it sends no more."""
        self._clocks = Clocks(time.monotonic())

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio: it is open."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's are none by type
        connections = self._hall.connections
        connections.add(self)
        if len(connections) > CONNECTIONS_MOST and not self._take_place(connections):
            self._refuse(BUSY)
            transport.close()  # its place is wanted

    def _take_place(self, connections: "set[Connection]") -> bool:
        """Ends a connection that is merely kept, the longest of them, for this one; False where there is none."""
        kept = [one for one in connections if one.is_kept]
        if kept:
            min(kept, key=lambda one: one.idle_since).abort()
        return bool(kept)

    @property
    def is_kept(self) -> bool:
        """True while nothing is asked on it, after an answer that was taken."""
        transport = self._transport
        kept = self.task is None and not (self._clocks.reading or self._clocks.parted or self.unsent)
        return kept and transport is not None and not transport.is_closing()

    @property
    def idle_since(self) -> float:
        """When its last answer was sent, by the monotonic clock."""
        return self._clocks.idle_since

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """asyncio: it is closed, by whom and why ever. Who watches is told."""
        self._transport = None
        self._hall.connections.discard(self)
        for event in (self._room, self._lost):
            if event is not None:
                event.set()
        self._wake()
        self._tell_gone()

    def eof_received(self) -> bool:
        """asyncio: the client sends no more. Who waits for a site is taken for gone; what needs none is answered."""
        self._half = True
        waits = self.task is not None and self._leave is None and self._request.ended
        return waits and not self._clocks.parted

    def pause_writing(self) -> None:
        """asyncio: the reader falls behind."""
        if self._room is None:
            self._room = asyncio.Event()
        self._room.clear()

    def resume_writing(self) -> None:
        """asyncio: the reader keeps up again."""
        if self._room is not None:
            self._room.set()

    def data_received(self, data: bytes) -> None:
        """asyncio: bytes have come."""
        reader = self._reader
        if self._broken is not None or self._clocks.parted:
            return
        try:
            reader.feed(data)
        except Problem as problem:
            self._stop_reading(problem)
        if self.task is None and reader.heads:
            self._begin(reader.heads.popleft())
        coming = reader.coming
        if coming is not None or self._clocks.reading:
            self._clocks.reads(coming, time.monotonic())
        if self._more is not None and (self._request.parts or self._request.ended):
            self._wake()
        if reader.heads or (coming is not None and (coming.held > HELD_MOST or coming is not self._request)):
            self._limit()

    def _stop_reading(self, problem: Problem) -> None:
        """What comes is no request: that is said once those before it have their answers."""
        heads = self._reader.heads
        if heads and not heads[-1].ended:
            heads.pop()
        self._broken = problem
        if not heads and (self.task is None or not self._request.ended):
            self._refuse(problem)

    def _limit(self) -> None:
        """Lets the client wait where it is too far ahead of us."""
        coming = self._reader.coming
        if coming is self._request and self._answered and coming is not None:
            coming.take()  # nobody will
            return
        far = coming is not None and coming.held > HELD_MOST
        if self._reads and self._transport is not None and (far or len(self._reader.heads) >= AHEAD_MOST):
            self._reads = False
            self._transport.pause_reading()

    def _read_on(self) -> None:
        if not self._reads and self._transport is not None:
            self._reads = True
            self._transport.resume_reading()

    def _begin(self, request: Request) -> None:
        self._request, self._begun, self._answered, self._invited = request, False, False, False
        self.task = task = self._hall.loop.create_task(self._serve(Exchange(request, self)))
        self._hall.tasks.add(task)

    async def _serve(self, exchange: Exchange) -> None:
        try:
            await self._hall.gateway(exchange)
        finally:
            if self.task is not None:
                self._hall.tasks.discard(self.task)
            self.task = None
            self._go_on()

    def _go_on(self) -> None:
        """What follows an answer: the next request, the end, or silence."""
        if self._transport is None:
            return
        self._clocks.answered(time.monotonic())
        if not (self._answered and self._request.keep_alive):
            self._part()
        elif self._reader.heads:
            self._begin(self._reader.heads.popleft())
            if len(self._reader.heads) < AHEAD_MOST:
                self._read_on()
        elif self._broken is not None:
            self._refuse(self._broken)
        elif self._half:
            self._transport.close()
        else:
            self._read_on()

    def take(self) -> bytes | None:
        """The body, where all of it has come; else None."""
        return self._request.take() if self._request.ended else None

    async def read(self) -> bytes:
        """The next bytes of the body; none at its end. Raises Gone."""
        request = self._request
        while not request.parts and not request.ended:
            if self._transport is None or self._half:
                raise Gone
            if request.asks_first and not self._invited:
                self._invited = True
                self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self._read_on()
            self._more = self._hall.loop.create_future()
            await self._more
            self._more = None
        return request.take()

    def _wake(self) -> None:
        if self._more is not None and not self._more.done():
            self._more.set_result(None)

    @property
    def ready(self) -> bool:
        """True while the reader keeps up."""
        return self._room is None or self._room.is_set()

    async def drain(self) -> None:
        """Waits until the reader keeps up, or is gone."""
        if self._room is not None:
            await self._room.wait()

    def respond(self, status: int, headers: Sequence[Header], body: bytes) -> None:
        """Sends a whole answer."""
        request = self._request
        length = b"" if status in EMPTY else b"content-length: %d\r\n" % len(body)
        end, body = HEAD_END[request.keep_alive], b"" if request.method == "HEAD" else body
        self._write(b"".join((STATUS_LINES[status], self._hall.greeting, *headers, length, end, body)))
        self._answered, self._leave = True, None

    def begin(self, status: int, headers: Sequence[Header]) -> None:
        """Sends the head of a streamed answer."""
        end = HEAD_END[self._request.keep_alive]
        self._write(b"".join((STATUS_LINES[status], self._hall.greeting, *headers, CHUNKED, end)))

    async def write(self, data: bytes) -> None:
        """Sends a part of a streamed answer, once the reader keeps up."""
        if self._room is not None:
            await self._room.wait()
        if data:  # an empty chunk would be the end
            self._write(chunk(data))

    async def end(self, data: bytes) -> None:
        """Sends the last part, and the clean end."""
        if self._room is not None:
            await self._room.wait()
        self._write(chunk(data) + LAST_CHUNK if data else LAST_CHUNK)
        self._answered, self._leave = True, None

    def _write(self, data: bytes) -> None:
        self._begun = True
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def watch(self, leave: Leave) -> None:
        """From now on, until it is answered, `leave` is called with the answer's task where the client leaves."""
        self._leave = leave
        if self._transport is None or self._half:
            self._tell_gone()

    def _tell_gone(self) -> None:
        if self._leave is not None and self.task is not None:
            leave, self._leave = self._leave, None
            leave(self.task)

    async def cut(self) -> None:
        """Ends the connection after what was sent, so that its reader sees that the answer is not whole."""
        self._leave = None
        if self._transport is None:
            return
        self._lost = asyncio.Event()
        self._transport.close()
        try:
            async with asyncio.timeout(CUT_SECONDS):
                await self._lost.wait()
        except TimeoutError:
            self.abort()

    def abort(self) -> None:
        """Ends the connection at once."""
        if self._transport is not None:
            self._transport.abort()

    @property
    def unsent(self) -> int:
        """How many bytes wait for the client to take them."""
        return 0 if self._transport is None else self._transport.get_write_buffer_size()

    def shutdown(self) -> None:
        """Ends the connection once the request that is answered has its answer. One that is coming is refused."""
        self._request.keep_alive = False
        if self.task is not None or self._transport is None:
            return
        if self._reader.coming is not None and self._broken is None and not self._clocks.parted:
            self._refuse(BUSY)
        else:
            self._transport.close()

    def check_time(self, now: float, most: float) -> None:
        """Ends the connection where a request has begun that is not whole after `most` seconds, or none comes."""
        if self._transport is None:
            return
        if self._clocks.is_stuck(self.unsent, now):
            self._transport.abort()
        elif self._clocks.is_parted_long(now):
            self._transport.close()
        elif not (self._clocks.parted or self._transport.is_closing()):
            self._check_request(self._transport, now, most)

    def _check_request(self, transport: asyncio.Transport, now: float, most: float) -> None:
        is_next = self.task is None or self._reader.coming is self._request
        if self._reads and is_next and self._clocks.is_late(now, most):
            self._refuse(Problem(408, "The request was not whole in time.", code="request_timeout"))
            transport.close()  # it had its time
        elif self.task is None and self._clocks.is_idle_long(now):
            transport.close()

    def _refuse(self, problem: Problem) -> None:
        """Answers in place of the gateway, which never gets to see the request, and ends the connection."""
        self._hall.gateway.state.counts.refusals[problem.status] += 1
        if self._transport is None:
            return
        told = self._answered and not self._request.ended and self._begun
        if (self._answered or not self._begun) and not told:
            if self._answered:  # what is refused came after it
                self._request = Request()
            headers = (*JSON, *problem.headers, header(b"x-request-id", fresh_id("req_").encode()))
            self._request.keep_alive = False
            self.respond(problem.status, headers, envelope(problem))
        self._part()

    def _part(self) -> None:
        """Ends the connection, after the client where that may still be sending."""
        transport = self._transport
        if transport is None or transport.is_closing() or self._clocks.parted:
            return
        over = self._half or (self._request.ended and self._broken is None)
        if over or self.task is not None or not self._answered:  # a task would wait on for the body
            transport.close()
            return
        self._clocks.part(time.monotonic())
        transport.write_eof()
        self._read_on()
