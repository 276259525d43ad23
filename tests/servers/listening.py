"""An event loop in a thread, and sockets that listen in it."""

import asyncio
import contextlib
import os
import socket
import threading
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from .wire import Wire

T = TypeVar("T")
Serve = Callable[[Wire], Awaitable[None]]

CALL_SECONDS = 10.0
CONNECTION_SECONDS = 60.0


class LoopThread:
    """An event loop in a thread of its own, for all faulty servers of a run."""

    def __init__(self) -> None:
        self._loop = asyncio.SelectorEventLoop()  # the one kind that watches sockets on every platform
        self._thread = threading.Thread(target=self._loop.run_forever, name="faulty servers", daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """What `work` gives, done in the loop's thread within CALL_SECONDS."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(CALL_SECONDS)

    def close(self) -> None:
        """End the thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class Listener:
    """A port of its own on `host`, and a task for each connection to it, ended after CONNECTION_SECONDS.

    Before it is opened, and after it was told to refuse, it keeps the port, so that nobody else answers there.
    """

    def __init__(self, host: str, serve: Serve) -> None:
        self._serve = serve
        self._socket = _bound(host, 0)
        self._tasks: set[asyncio.Task[None]] = set()
        self.place = "{}:{}".format(*self._socket.getsockname())

    def open(self) -> None:
        """Accept connections from now on."""
        self._socket.listen()
        asyncio.get_running_loop().add_reader(self._socket, self._accept)

    def refuse(self) -> None:
        """Refuse connections from now on; those that are there go on."""
        place = self._socket.getsockname()
        self._stop()
        self._socket = _bound(*place)

    async def close(self) -> None:
        """End all connections and let go of the port."""
        self._stop()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _stop(self) -> None:
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()

    def _accept(self) -> None:
        try:
            sock, _ = self._socket.accept()
        except OSError:  # it has left already
            return
        wire = Wire(sock)
        task = asyncio.create_task(self._connection(wire))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        # Not in the task itself: one that is cancelled before it begins runs no line of its own.
        task.add_done_callback(lambda _: wire.close())

    async def _connection(self, wire: Wire) -> None:
        # A client that leaves, or that must be left, is what most faults are about.
        with contextlib.suppress(OSError):
            async with asyncio.timeout(CONNECTION_SECONDS):
                await self._serve(wire)


def _bound(host: str, port: int) -> socket.socket:
    sock = socket.socket()
    sock.setblocking(False)
    if os.name == "posix":
        # A port can be bound again only so, while connections of the socket before are still ending there.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((host, port))
    return sock
