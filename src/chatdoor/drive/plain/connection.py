"""One connection of an event loop."""

import asyncio
from typing import Final, cast

from chatdoor.drive.plain.errors import reason_of
from chatdoor.drive.plain.wire import CLOSED, Receiver

MOST_WAITING: Final = 64_000
"""Bytes of a body that may wait for us. Then the site has to."""


class Connection(asyncio.Protocol):
    """One connection, for one answer at a time. `authority` is the host and the port that it leads to."""

    def __init__(self, authority: str, loop: asyncio.AbstractEventLoop, among: "set[Connection]") -> None:
        self.authority = authority
        self.receiver = Receiver()
        self.idle_since = 0.0
        self._loop = loop
        self._among = among
        self._transport: asyncio.Transport | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._when = 0.0
        """When the waiter is given up, by the loop's clock."""
        self._alarm: asyncio.TimerHandle | None = None
        self._paused = False
        self._end = CLOSED
        """How it ended, once it has."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio: it is open."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's are none by type
        self._among.add(self)

    def data_received(self, data: bytes) -> None:
        """asyncio: bytes have come."""
        self.receiver.feed(data)
        # What ends an answer makes nobody wait: the connection is read for the next one, and to see it closed.
        if self.receiver.waiting > MOST_WAITING and not self.receiver.ended and self._transport:
            self._paused = True
            self._transport.pause_reading()
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """asyncio: it is closed, by whom and why ever."""
        self._end = CLOSED if exc is None else reason_of(exc)
        self.receiver.end(self._end)
        self._transport = None
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        self._among.discard(self)
        self._wake()

    @property
    def usable(self) -> bool:
        """It is good for another request."""
        return self.receiver.reusable and self._transport is not None and not self._transport.is_closing()

    def ask(self, request: bytes) -> None:
        """Sends a request; its answer comes in `receiver`."""
        self.receiver.begin()
        if self._transport:
            self._transport.write(request)
        else:  # it was lost between two turns of the loop
            self.receiver.end(self._end)

    async def head(self, end: float, gap: float) -> None:
        """Waits for the head of the answer. Raises Broken, TimeoutError."""
        while not self.receiver.status:
            if self.receiver.ended:
                self.receiver.take()
            await self._more(end, gap)

    async def body(self, end: float, gap: float) -> bytes | None:
        """Waits for the next bytes of the body; None at its end. Raises Broken, TimeoutError."""
        while (data := self.receiver.take()) == b"":
            if self._paused and self._transport:
                self._paused = False
                self._transport.resume_reading()
            if not self.receiver.ended and not self.receiver.waiting:
                await self._more(end, gap)
        return data

    def drop(self) -> None:
        """Closes it at once."""
        if self._transport:
            self._transport.abort()

    def _more(self, end: float, gap: float) -> asyncio.Future[None]:
        """Done when something has come. Raises TimeoutError where that is too late."""
        now = self._loop.time()
        if now >= end:  # who sends in every turn of the loop would put the alarm off for ever
            raise TimeoutError
        self._when = when = min(end, now + gap)
        if self._alarm is None or self._alarm.when() > when:
            self._set_alarm()
        self._waiter = waiter = self._loop.create_future()
        return waiter

    def _set_alarm(self) -> None:
        """Sets the alarm. It outlives the wait that set it, since the next one most likely ends later."""
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = self._loop.call_at(self._when, self._expire)

    def _wake(self) -> None:
        if self._waiter and not self._waiter.done():
            self._waiter.set_result(None)

    def _expire(self) -> None:
        self._alarm = None
        if self._waiter is None or self._waiter.done():
            return
        if self._loop.time() < self._when:
            self._set_alarm()
        else:
            self._waiter.set_exception(TimeoutError())
