"""The practice site's server: uvicorn, in a thread and an event loop of its own."""

import asyncio
import logging
import socket
import threading
from concurrent.futures import Future
from contextlib import suppress
from typing import cast

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from chatdoor.practice.asgi import BODY_MOST, DROP, PracticeApp
from chatdoor.practice.state import State

START_SECONDS = 10.0
"""How long a server may take to serve."""
STOP_SECONDS = 5.0
"""How long a server may take to end. It takes a few milliseconds."""
IDLE_SECONDS = 75
"""How long a connection may be idle between two requests, as nginx has it."""
CONNECTIONS_MOST = 1_000
"""How many connections are served at a time; more are answered 503."""

_DATE_SECONDS = 1.0
_ACCEPT_TURNS = 100  # one connection takes three; more only where new ones come without end
_log = logging.getLogger("chatdoor.practice")


class Running:
    """A server that runs. It serves when the constructor returns; `stop` ends it.

    `listener` is a bound socket and becomes the server's own. Raises what the server's start raised, or TimeoutError.
    """

    def __init__(self, state: State, listener: socket.socket) -> None:
        self._server = _Server(state)
        self._thread = threading.Thread(target=self._run, args=(listener,), name="chatdoor-practice", daemon=True)
        self._thread.start()
        try:
            self._server.serving.result(START_SECONDS)
        except BaseException:
            self._server.should_exit = True
            raise

    def stop(self) -> None:
        """Drops all connections and ends the thread."""
        self._server.stop()
        self._thread.join(STOP_SECONDS)

    def _run(self, listener: socket.socket) -> None:
        try:
            with listener:
                self._server.run(sockets=[listener])
        except BaseException as error:
            if self._server.serving.done():
                raise
            self._server.serving.set_exception(error)


class _Protocol(HttpToolsProtocol):
    """uvicorn's protocol, with our log in place of its own and an extension that drops the connection."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.logger = _log
        super().connection_made(cast(asyncio.Transport, transport))

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {DROP: {"now": self.transport.close}}


class _Server(uvicorn.Server):
    """uvicorn's server, which ends at once when it is told, and with it every open stream."""

    def __init__(self, state: State) -> None:
        config = uvicorn.Config(
            PracticeApp(state),
            http=_Protocol,
            interface="asgi3",
            lifespan="off",
            ws="websockets-sansio" if state.behaviour.reply == "websocket" else "none",  # it is slow to load
            ws_max_size=BODY_MOST,
            log_config=None,
            access_log=False,
            proxy_headers=False,
            headers=[("Server", "chatdoor-practice")],
            limit_concurrency=CONNECTIONS_MOST,
            timeout_keep_alive=IDLE_SECONDS,
        )
        super().__init__(config)
        self.serving: Future[None] = Future()

    def stop(self) -> None:
        """Tells the server to end, from any thread."""
        self._loop.call_soon_threadsafe(self._ending.set)

    async def main_loop(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._ending = asyncio.Event()
        self.serving.set_result(None)
        while not self._ending.is_set():
            await self.on_tick(0)  # keeps the Date header right
            with suppress(TimeoutError):
                async with asyncio.timeout(_DATE_SECONDS):
                    await self._ending.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:  # noqa: ARG002  # uvicorn's signature
        for _ in range(_ACCEPT_TURNS):
            if not self._is_accepting():
                break
            await asyncio.sleep(0)
        for server in self.servers:
            server.close()
        while connections := list(self.server_state.connections):
            for connection in connections:
                connection.transport.abort()
            await asyncio.sleep(0)
        await asyncio.gather(*self.server_state.tasks, return_exceptions=True)
        for server in self.servers:
            await server.wait_closed()

    def _is_accepting(self) -> bool:
        """Whether asyncio is making a connection of what it has accepted, in a task of its own.

        A server that is closed meanwhile leaves that connection open for good (CPython issue 109564).
        """
        ours = {asyncio.current_task(), *self.server_state.tasks}
        return bool(asyncio.all_tasks() - ours)
