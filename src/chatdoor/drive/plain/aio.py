"""Plain HTTP/1.1 for the async driver: requests, their answers, and the connections that are kept for the next ones."""

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncGenerator
from functools import partial

import msgspec

from chatdoor.drive.access import Access
from chatdoor.drive.clock import moment
from chatdoor.drive.futures import Waited
from chatdoor.drive.plain.connection import Connection
from chatdoor.drive.plain.errors import IDLE_SECONDS, connect_failed, translate, unconnected
from chatdoor.drive.plain.wire import Broken, RequestEncoder, Target, target_of
from chatdoor.errors import Place
from chatdoor.flow.effects import Head, Request


class PlainHttp:
    """Sends plain requests. May be used by tasks of several event loops; each loop has its own connections."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._encoder = RequestEncoder(access.user_agent)
        self._pools: dict[asyncio.AbstractEventLoop, Pool] = {}

    target_of = staticmethod(target_of)

    async def send(self, request: Request, target: Target, place: Place, seconds: float) -> "PlainAnswer":
        """The answer, its head read. At most `seconds` until its last byte. Raises TransportError, TimedOut."""
        data = self._encoder.encode(request, target)
        loop = asyncio.get_running_loop()
        pool = self._pools.get(loop) or await self._begin(loop)
        end = loop.time() + seconds
        connection = pool.take(target) or await self._connect(pool, target, place, end)
        try:
            connection.ask(data)
            await connection.head(end, pool.gap)
        except (Broken, TimeoutError) as error:
            connection.drop()
            raise translate(error, place, begun=False) from None
        except BaseException:
            connection.drop()
            raise
        receiver = connection.receiver
        head = Head(receiver.status, tuple(receiver.headers), request.url, moment())
        return PlainAnswer(head, pool, connection, place, end)

    def close(self) -> None:
        """Closes all connections; what is under way fails."""
        for loop, pool in list(self._pools.items()):
            if loop is _running_loop():
                pool.close()
            elif not loop.is_closed():
                loop.call_soon_threadsafe(pool.close)

    async def _begin(self, loop: asyncio.AbstractEventLoop) -> "Pool":
        for other in list(self._pools):
            if other.is_closed():
                self._pools.pop(other, None)
        pool = self._pools[loop] = Pool(loop, self._access.timeout.longest_gap)
        await pool.begin()
        return pool

    async def _connect(self, pool: "Pool", target: Target, place: Place, end: float) -> Connection:
        seconds = min(self._access.timeout.connect, end - pool.loop.time())
        try:
            async with asyncio.timeout(seconds):  # wait_for loses a cancellation in the turn in which it is done
                return await pool.connect(target)
        except TimeoutError:
            raise unconnected(place) from None
        except OSError as error:
            raise connect_failed(error, place) from error


class Pool:
    """The connections of one event loop. They end with their loop, where it ends as `asyncio.run` ends one."""

    def __init__(self, loop: asyncio.AbstractEventLoop, gap: float) -> None:
        self.loop = loop
        self.gap = gap
        """Seconds that an answer may pause."""
        self._open: set[Connection] = set()
        self._idle: defaultdict[str, deque[Connection]] = defaultdict(deque)
        self._end = self._closed_with_loop()

    async def begin(self) -> None:
        """Ties the connections to the loop, which ends its generators when it ends."""
        await anext(self._end)

    async def connect(self, target: Target) -> Connection:
        """A new connection. Raises OSError."""
        make = partial(Connection, target.authority, self.loop, self._open)
        return (await self.loop.create_connection(make, target.host, target.port))[1]

    def take(self, target: Target) -> Connection | None:
        """A connection that was used before and is good still, if there is one: the one that was used last."""
        idle = self._idle.get(target.authority)
        while idle:
            connection = idle.pop()
            if connection.usable and self.loop.time() - connection.idle_since < IDLE_SECONDS:
                return connection
            connection.drop()
        return None

    def give_back(self, connection: Connection) -> None:
        """Keeps the connection for the next request, or closes it."""
        if not connection.usable:
            connection.drop()
            return
        idle = self._idle[connection.authority]
        connection.idle_since = now = self.loop.time()
        idle.append(connection)
        while now - idle[0].idle_since >= IDLE_SECONDS:
            idle.popleft().drop()

    def close(self) -> None:
        """Closes all connections."""
        self._idle.clear()
        for connection in list(self._open):
            connection.drop()

    async def _closed_with_loop(self) -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            self.close()


class PlainAnswer(msgspec.Struct, frozen=True):
    """An open answer, its head read. `end` is when it has to be whole, by the loop's clock."""

    head: Head
    pool: Pool
    connection: Connection
    place: Place
    end: float
    close_code: None = None
    """Only a websocket has one."""

    def read(self) -> Waited[bytes | None]:
        """The next bytes as they come, None at the end. Raises TransportError, TimedOut."""
        try:
            data = self.connection.receiver.take()
        except Broken as error:
            raise translate(error, self.place, begun=True) from None
        return self._wait() if data == b"" else data

    async def _wait(self) -> bytes | None:
        try:
            return await self.connection.body(self.end, self.pool.gap)
        except (Broken, TimeoutError) as error:
            raise translate(error, self.place, begun=True) from None

    def close(self) -> None:
        """Gives the connection back where the body was read to its end, else closes it."""
        self.pool.give_back(self.connection)


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
