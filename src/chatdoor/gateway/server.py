"""The gateway's server, in the foreground, from one line when it is ready to the last answer."""

import asyncio
import contextlib
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from types import FrameType
from typing import Final

from chatdoor.errors import ArgumentError
from chatdoor.gateway.app import Gateway
from chatdoor.gateway.connection import Connection
from chatdoor.gateway.early import RENEWS
from chatdoor.gateway.renewal import Renew, Renewals
from chatdoor.gateway.state import State

TICK_SECONDS: Final = 1.0
"""How often connections are looked at, and the Date header is made."""

SENT_SECONDS: Final = 0.01
"""How often it is looked, at the end, whether all is sent."""

BACKLOG: Final = 2_048

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


class Server:
    """A server, which ends as soon as all that runs has its answer, or the grace is over.

    `grace` and `read_seconds` (how long a request may take to come) are in seconds. `renew` is called at SIGHUP, on a
    thread, and gives what is served from then on. It is the Hall of its connections.
    """

    def __init__(
        self,
        state: State,
        *,
        grace: float = 30.0,
        read_seconds: float = 20.0,
        renew: Renew | None = None,
        on_ready: Callable[[], None] = lambda: None,
    ) -> None:
        self.gateway = Gateway(state)
        self.connections: set[Connection] = set()
        self.tasks: set[asyncio.Task[None]] = set()
        self.greeting = b""
        self._state = state
        self._grace = grace
        self._read_seconds = read_seconds
        self._on_ready = on_ready
        self._stops = 0
        self._ending = asyncio.Event()
        self._at_once = asyncio.Event()
        self._listeners: list[asyncio.Server] = []
        self._renewals = Renewals(state, renew, self.tasks) if renew else None

    def run(self, sockets: Sequence[socket.socket]) -> None:
        """Serves on bound sockets until it is told to stop. They are closed then."""
        with asyncio.Runner(loop_factory=_fast_loop()) as runner:
            self.loop = runner.get_loop()
            with self.capture_signals():
                runner.run(self._serve(sockets))

    def stop(self) -> None:
        """Tells the server to end, from any thread. Told again, it does not wait for what runs."""
        with contextlib.suppress(RuntimeError):  # it has ended already, and its loop with it
            self.loop.call_soon_threadsafe(self._heed_stop)

    def renew(self) -> None:
        """Tells the server to read anew what it serves, from any thread; where it was given nothing for that, never."""
        if self._renewals is not None:
            with contextlib.suppress(RuntimeError):  # it has ended already, and its loop with it
                self.loop.call_soon_threadsafe(self._renewals.ask)

    def _heed_stop(self) -> None:
        self._stops += 1
        self._state.closing = True
        self._ending.set()
        if self._stops > 1:
            self._at_once.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Inside, Ctrl-C and SIGTERM end the server, and SIGHUP renews it. Only the main thread may set that."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        numbers = SIGNALS if RENEWS is None or self._renewals is None else (*SIGNALS, RENEWS)
        before = {number: signal.signal(number, self._heed) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _heed(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - Python's signature
        if number == RENEWS:
            self.renew()
        else:
            self.stop()

    async def _serve(self, sockets: Sequence[socket.socket]) -> None:
        self._greet()
        for one in sockets:
            listener = await self.loop.create_server(lambda: Connection(self), sock=one, backlog=BACKLOG)
            self._listeners.append(listener)
        self._on_ready()
        looking_after = self.loop.create_task(self._look_after())
        await self._ending.wait()
        await self._end()
        looking_after.cancel()

    def _greet(self) -> None:
        """Makes the headers of every answer, whose Date is of this second."""
        date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime())  # in English: nobody sets a locale
        self.greeting = f"server: chatdoor\r\ndate: {date}\r\n".encode()

    async def _look_after(self) -> None:
        """Looks after connections, also while the last ones come to their end."""
        while True:
            self._greet()
            now = time.monotonic()
            for connection in list(self.connections):
                connection.check_time(now, self._read_seconds)
            await asyncio.sleep(min(TICK_SECONDS, self._read_seconds / 2))

    async def _end(self) -> None:
        """Stops accepting, lets what runs finish within the grace time, and ends the rest."""
        for listener in self._listeners:
            listener.close()
        self._state.joins.end_lingering()
        for connection in list(self.connections):
            connection.shutdown()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._grace):
                await self._all_answered()
                await self._all_sent()
        while self.connections:
            for connection in list(self.connections):
                connection.abort()
            await asyncio.sleep(0)
        self._state.joins.end_lingering()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        if self._renewals is not None:
            await self._renewals.close()
        await self._state.close()

    async def _all_answered(self) -> None:
        while self.tasks and not self._at_once.is_set():
            waits = [*self.tasks, asyncio.ensure_future(self._at_once.wait())]
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            waits[-1].cancel()

    async def _all_sent(self) -> None:
        """Waits until the answers have left us: what is given to a connection may still lie there."""
        while not self._at_once.is_set() and any(one.unsent for one in self.connections):  # noqa: ASYNC110 - none tells
            await asyncio.sleep(SENT_SECONDS)


def _fast_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """The faster event loop, where there is one."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


def listen(host: str, port: int) -> socket.socket:
    """A bound socket. Raises ArgumentError where the address or the port can not be had."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, _, _, _, address = min(found, key=lambda one: one[0] != socket.AF_INET)
        return socket.create_server(address, family=family, backlog=BACKLOG)
    except OSError as error:
        raise ArgumentError(f"can not listen on {host} port {port}: {_reason(error)}") from error


def _reason(error: OSError) -> str:
    """The system's own words, to which Python adds the address once more."""
    if error.errno is not None and not isinstance(error, socket.gaierror):
        return os.strerror(error.errno)
    return error.strerror or str(error)
