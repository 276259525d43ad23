"""The gateway's server: uvicorn, in the foreground, from one line when it is ready to the last answer."""

import asyncio
import contextlib
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Final, cast

import uvicorn

from chatdoor.errors import ArgumentError
from chatdoor.gateway.app import Gateway
from chatdoor.gateway.connection import GatewayConnection
from chatdoor.gateway.renewal import Renew, Renewals
from chatdoor.gateway.state import State

IDLE_SECONDS: Final = 75
"""How long a connection may be idle between two requests, as nginx has it."""

TICK_SECONDS: Final = 1.0
"""How often connections are looked at, and the Date header is made."""

BACKLOG: Final = 2_048

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)

RENEWS: Final = getattr(signal, "SIGHUP", None)
"""The signal that asks for sites, keys and settings to be read again; not every system has it."""


class Server(uvicorn.Server):
    """uvicorn's server, which ends as soon as all that runs has its answer, or the grace is over.

    `grace` and `read_seconds` (how long a request may take to come) are in seconds. `renew` is called at SIGHUP, on a
    thread, and gives what is served from then on.
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
        config = uvicorn.Config(
            Gateway(state),
            http=GatewayConnection,
            interface="asgi3",
            lifespan="off",
            ws="none",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            headers=[("server", "chatdoor")],
            backlog=BACKLOG,
            timeout_keep_alive=IDLE_SECONDS,
        )
        super().__init__(config)
        self._state = state
        self._grace = grace
        self._read_seconds = read_seconds
        self._on_ready = on_ready
        self._stops = 0
        self._renewals = Renewals(state, renew, self.server_state.tasks) if renew else None

    def stop(self) -> None:
        """Tells the server to end, from any thread. Told again, it does not wait for what runs."""
        with contextlib.suppress(RuntimeError):  # it has ended already, and its loop with it
            self._loop.call_soon_threadsafe(self._heed_stop)

    def renew(self) -> None:
        """Tells the server to read anew what it serves, from any thread; where it was given nothing for that, never."""
        if self._renewals is not None:
            with contextlib.suppress(RuntimeError):  # it has ended already, and its loop with it
                self._loop.call_soon_threadsafe(self._renewals.ask)

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
        before = {number: signal.signal(number, self.handle_exit) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - uvicorn's signature
        """Heeds a signal."""
        if sig == RENEWS:
            self.renew()
        else:
            self.stop()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begins to serve."""
        self._loop = asyncio.get_running_loop()
        self._ending = asyncio.Event()
        self._at_once = asyncio.Event()
        await super().startup(sockets)
        await self.on_tick(0)
        self._on_ready()

    async def main_loop(self) -> None:
        """Looks after connections until the end."""
        while not self._ending.is_set():
            await self.on_tick(0)  # keeps the Date header right
            now = time.monotonic()
            for connection in list(self._connections()):
                connection.check_time(now, self._read_seconds)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(TICK_SECONDS, self._read_seconds / 2)):
                    await self._ending.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stops accepting, lets what runs finish within the grace time, and ends the rest."""
        for server in self.servers:
            server.close()
        for one in sockets or []:
            one.close()
        for connection in self._connections():
            connection.shutdown()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._grace):
                await self._all_answered()
        while left := self._connections():
            for connection in left:
                connection.abort()
            await asyncio.sleep(0)
        await asyncio.gather(*self.server_state.tasks, return_exceptions=True)
        if self._renewals is not None:
            await self._renewals.close()
        await self._state.close()

    async def _all_answered(self) -> None:
        while self.server_state.tasks and not self._at_once.is_set():
            waits = [*self.server_state.tasks, asyncio.ensure_future(self._at_once.wait())]
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            waits[-1].cancel()

    def _connections(self) -> list[GatewayConnection]:
        return cast(list[GatewayConnection], list(self.server_state.connections))


def listen(host: str, port: int) -> socket.socket:
    """A bound socket. Raises ArgumentError where the address or the port can not be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise ArgumentError(f"can not listen on {host} port {port}: {error.strerror or error}") from error
