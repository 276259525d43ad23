"""A streamed answer: frames as they come, and a comment now and then while there are none.

The head waits for the first frame, so that what fails before it is answered by a status.
Source: https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

import asyncio
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Final, Self

from chatdoor.gateway.exchange import SSE, Exchange
from chatdoor.gateway.header import Header

KEEP_ALIVE: Final = b": keep-alive\n\n"


class Events:
    """The stream of one answer, for the length of a block. `headers` is asked once, when the head is sent.

    `every` is how many seconds the stream is quiet at most, `choices` how many tell in it beside each other. Awaiting
    `send` is what slows us down for a slow reader.
    """

    __slots__ = ("_alone", "_beat", "_every", "_exchange", "_headers", "_held", "_lock", "_quiet", "_started", "_timer")

    def __init__(
        self, exchange: Exchange, headers: Callable[[], Sequence[Header]], every: float, *, choices: int = 1
    ) -> None:
        self._exchange = exchange
        self._headers = headers
        self._every = every / 2  # a tick after which nothing came is followed by one that says so
        self._alone = choices == 1
        self._started = False
        self._quiet = False
        self._held = b""
        self._lock = asyncio.Lock()
        self._beat: asyncio.Task[None] | None = None
        self._timer = asyncio.get_running_loop().call_later(self._every, self._tick)

    async def send(self, frame: bytes) -> None:
        """Sends a frame, or several, at once."""
        self._quiet = False
        if not self._started:
            await self._start()
        await self._exchange.write(frame)

    async def finish(self, frame: bytes) -> None:
        """Sends the last frame of a choice. That of a lone one goes with the end of all."""
        if self._alone:
            self._held = frame
        else:
            await self.send(frame)

    async def end(self, frame: bytes) -> None:
        """Sends the last frame, and the clean end."""
        self._stop()  # before anything else is awaited: a comment would hear what the end waits for in its place
        if not self._started:
            await self._start()
        await self._exchange.end(self._held + frame)

    async def _start(self) -> None:
        async with self._lock:
            if not self._started:
                await self._exchange.begin(200, (*SSE, *self._headers()))
                self._started = True

    def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        if self._quiet and (self._beat is None or self._beat.done()):  # a reader that is too slow gets no more of them
            self._beat = loop.create_task(self._send_beat())
        self._quiet = True
        self._timer = loop.call_later(self._every, self._tick)

    async def _send_beat(self) -> None:
        if not self._started:
            await self._start()
        await self._exchange.write(KEEP_ALIVE)

    def _stop(self) -> None:
        self._timer.cancel()
        if self._beat is not None:
            self._beat.cancel()

    async def __aenter__(self) -> Self:
        """The stream."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """No comment follows."""
        self._stop()
