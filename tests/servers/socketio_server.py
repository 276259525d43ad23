"""A chat over Socket.IO: python-socketio on uvicorn, in a thread."""

import socket
import threading
import time
from typing import Any

import socketio
import uvicorn

START_SECONDS = 10.0


class SocketIoServer:
    """A running site: `url` without a slash at its end.

    `ask` is answered with `token` events and `done`; `leave` ends the namespace in mid-reply. A connection has to
    bring `token` with `key` in it, unless `key` is None.
    """

    def __init__(self) -> None:
        self.key: str | None = None
        self.prompts: list[str] = []
        self.visitors: list[Any] = []
        self._turns: dict[str, list[str]] = {}
        self._io = socketio.AsyncServer(async_mode="asgi", ping_interval=0.3, ping_timeout=0.3)
        self._io.on("connect", self._connect)
        self._io.on("ask", self._ask)
        self._io.on("leave", self._leave)
        listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        app = socketio.ASGIApp(self._io)
        config = uvicorn.Config(app, ws="websockets-sansio", lifespan="off", log_level="error")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [listener]}, daemon=True)
        self._thread.start()
        end = time.monotonic() + START_SECONDS
        while not self._server.started and time.monotonic() < end:
            time.sleep(0.01)

    def close(self) -> None:
        """End all connections and let go of the port."""
        self._server.force_exit = self._server.should_exit = True
        self._thread.join()

    async def _connect(self, sid: str, _environ: Any, auth: Any) -> None:
        self.visitors.append(auth)
        if self.key is not None and (auth or {}).get("token") != self.key:
            raise socketio.exceptions.ConnectionRefusedError("bad key")
        self._io.start_background_task(self._welcome, sid)

    async def _welcome(self, sid: str) -> None:
        await self._io.sleep(0.05)  # the answer to the connect goes first
        await self._io.emit("welcome", {"room": "r7"}, to=sid)

    async def _ask(self, sid: str, text: str, *_rest: Any) -> None:
        self.prompts.append(text)
        turns = self._turns.setdefault(sid, [])
        turns.append(text)
        for piece in "|".join(turns):
            await self._io.emit("token", {"text": piece}, to=sid)
        await self._io.emit("done", to=sid)

    async def _leave(self, sid: str, text: str) -> None:
        self.prompts.append(text)
        await self._io.emit("token", {"text": "half"}, to=sid)
        await self._io.disconnect(sid)
