"""The answer of a first try, told to its client and taken down for those who join it."""

import asyncio
from collections.abc import Callable, Sequence

from chatdoor.gateway.exchange import Carrier, Leave
from chatdoor.gateway.problem import Header
from chatdoor.gateway.tape import Tape


class Along:
    """The Carrier of a try, whose request has the `body`.

    Where its client leaves, `left` is called, and nothing else ends: who joins it may still read on. `leave` ends it.
    """

    left = False
    """True once its client has left."""
    _leave: Leave | None = None
    _task: "asyncio.Task[None] | None" = None

    def __init__(self, carrier: Carrier, tape: Tape, body: bytes, left: Callable[[], None]) -> None:
        self._carrier = carrier
        self._tape = tape
        self._body = body
        self._told = left

    @property
    def ready(self) -> bool:
        """As its client's connection is."""
        return self._carrier.ready

    async def drain(self) -> None:
        """Waits for its client."""
        await self._carrier.drain()

    async def read(self) -> bytes:
        """The body, which was read before."""
        body, self._body = self._body, b""
        return body

    def respond(self, status: int, headers: Sequence[Header], body: bytes) -> None:
        """Sends a whole answer."""
        self._carrier.respond(status, headers, body)
        self._tape.respond(status, headers, body)

    def begin(self, status: int, headers: Sequence[Header]) -> None:
        """Sends the head of an answer that comes in parts."""
        self._carrier.begin(status, headers)
        self._tape.begin(status, headers)

    async def write(self, data: bytes) -> None:
        """Sends a part. The client sets the pace; once it has left, those who have joined."""
        await self._carrier.write(data)
        self._tape.add(data)
        if self.left:
            await self._tape.keep_pace()

    async def end(self, data: bytes) -> None:
        """Sends the last part, and the clean end."""
        await self._carrier.end(data)
        if data:
            self._tape.add(data)
        self._tape.end()

    async def cut(self) -> None:
        """Ends an answer that is not whole; who reads the tape sees that it has no end."""
        self._tape.break_off()
        await self._carrier.cut()

    def watch(self, leave: Leave) -> None:
        """Hears of it when the client leaves."""
        self._leave = leave
        self._carrier.watch(self._client_left)

    def give_up(self) -> None:
        """Ends the try."""
        if self._leave is not None and self._task is not None:
            self._leave(self._task)

    def _client_left(self, task: "asyncio.Task[None]") -> None:
        self.left, self._task = True, task
        self._told()
