"""The answer of a first try, told to its client and taken down for those who join it."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final

from chatdoor.gateway.exchange import Carrier, Leave
from chatdoor.gateway.header import Header
from chatdoor.gateway.problem import Problem
from chatdoor.gateway.reading import Reading
from chatdoor.gateway.tape import Tape


class Along:
    """The Carrier of a try, whose request has the `body`.

    The answer goes on as fast as its fastest reader. A client that does not keep up gets the rest from the tape, in a
    task of its own, so that it keeps nobody waiting.
    Where its client leaves, `left` is called, and nothing else ends: who joins it may still read on. `leave` ends it.
    """

    ready: Final = True
    """Nobody has to wait for its client before an answer is sent."""
    left = False
    """True once its client has left."""
    _leave: Leave | None = None
    _task: "asyncio.Task[Any] | None" = None
    _behind: "asyncio.Task[None] | None" = None
    """Tells the client what it has not; none while it keeps up."""

    def __init__(self, carrier: Carrier, tape: Tape, body: bytes, left: Callable[[], None]) -> None:
        self._carrier = carrier
        self._tape = tape
        self._body = body
        self._told = left

    async def drain(self) -> None:
        """Waits for its client."""
        await self._carrier.drain()

    def take(self) -> bytes:
        """The body, which was read before."""
        body, self._body = self._body, b""
        return body

    async def read(self) -> bytes:
        """The same."""
        return self.take()

    def respond(self, status: int, headers: Sequence[Header], body: bytes) -> None:
        """Sends a whole answer."""
        self._tape.respond(status, headers, body)
        if self._carrier.ready:
            self._carrier.respond(status, headers, body)
        else:
            self._fall_behind(self._respond_late(status, headers, body))

    def begin(self, status: int, headers: Sequence[Header]) -> None:
        """Sends the head of an answer that comes in parts."""
        self._tape.begin(status, headers)
        if self._carrier.ready:
            self._carrier.begin(status, headers)
        else:
            self._fall_behind(self._begin_late(status, headers))

    async def write(self, data: bytes) -> None:
        """Sends a part, once the fastest reader is near."""
        tape = self._tape
        if self._keeps_up():
            tape.add(data)
            await self._carrier.write(data)
            tape.all_is_read()
        else:
            await tape.keep_pace()
            tape.add(data)

    async def end(self, data: bytes) -> None:
        """Sends the last part, and the clean end."""
        keeps_up = self._keeps_up()
        if data:
            self._tape.add(data)
        self._tape.end()
        await self.finish()
        if not self.left:
            await self._carrier.end(data if keeps_up else b"")

    async def cut(self) -> None:
        """Ends an answer that is not whole; who reads the tape sees that it has no end."""
        self._tape.break_off()
        await self.finish()
        if not self.left:
            await self._carrier.cut()

    async def finish(self) -> None:
        """Waits until its client has what was sent."""
        if self._behind is not None:
            await asyncio.wait([self._behind])

    def close(self) -> None:
        """The client gets no more."""
        if self._behind is not None:
            self._behind.cancel()

    def watch(self, leave: Leave) -> None:
        """Hears of it when the client leaves."""
        self._leave, self._task = leave, asyncio.current_task()
        self._carrier.watch(self._client_left)

    def give_up(self) -> None:
        """Ends the try."""
        if self._leave is not None and self._task is not None:
            self._leave(self._task)

    def _client_left(self, task: "asyncio.Task[None]") -> None:
        self._task = task
        self.close()
        self._lose_client()

    def _lose_client(self) -> None:
        self.left = True
        self._told()

    def _keeps_up(self) -> bool:
        """True where the client can be sent what comes next. Else it gets that from the tape."""
        if self.left or self._behind is not None:
            return False
        if not self._carrier.ready:
            self._fall_behind(self._follow(Reading(self._tape, self._tape.count)))
        return self._behind is None

    def _fall_behind(self, work: Coroutine[Any, Any, None]) -> None:
        self._behind = asyncio.get_running_loop().create_task(work)

    async def _respond_late(self, status: int, headers: Sequence[Header], body: bytes) -> None:
        await self._carrier.drain()
        self._carrier.respond(status, headers, body)

    async def _begin_late(self, status: int, headers: Sequence[Header]) -> None:
        await self._carrier.drain()
        self._carrier.begin(status, headers)
        await self._follow(Reading(self._tape))

    async def _follow(self, reading: Reading) -> None:
        """Tells the client what others may have had before it. One that is too far behind is taken for gone."""
        try:
            while (frame := await reading.next()) is not None:
                await self._carrier.write(frame)
        except Problem as problem:
            self._lose_client()
            await self._carrier.write(reading.error_frame(problem))
            await self._carrier.cut()
