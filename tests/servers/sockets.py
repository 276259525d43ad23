"""A site with websockets that go wrong on purpose. Each habit has a path: ``/ws/echo``, ``/ws/silent``, ...

It is the library's own server, so that its frames are right; what goes wrong is when they come, and what they say.
"""

import asyncio
import json
import ssl
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from .authority import Authority
from .listening import LoopThread

BIG = 300_000
"""Characters of the huge frame."""

Habit = Callable[["SocketServer", ServerConnection], Awaitable[None]]


class SocketServer:
    """A running site: `url` without a slash at its end.

    `prompts` are those that were read, `codes` the codes with which connections were closed, newest last.
    """

    def __init__(self, thread: LoopThread, authority: Authority | None = None) -> None:
        self._thread = thread
        self.prompts: list[str] = []
        self.opened: list[dict[str, str]] = []
        self.codes: list[int | None] = []
        self.refusals = 0
        """How many connections, or messages, the habit refuses before it is good."""
        self._server = thread.run(self._open(authority))
        port = self._server.sockets[0].getsockname()[1]
        self.url = f"{'https' if authority else 'http'}://127.0.0.1:{port}"

    def close(self) -> None:
        """End all connections and let go of the port."""
        self._thread.run(self._close())

    def wait_closed(self, count: int) -> list[int | None]:
        """The codes, once so many connections are closed."""
        end = time.monotonic() + 5
        while len(self.codes) < count and time.monotonic() < end:
            time.sleep(0.01)
        return self.codes

    async def _open(self, authority: Authority | None) -> Server:
        context = None
        if authority:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(authority.cert_file, authority.key_file)
        return await serve(
            self._serve,
            "127.0.0.1",
            0,
            ssl=context,
            process_request=self._answer,
            ping_interval=None,
            close_timeout=0.2,
        )

    async def _close(self) -> None:
        self._server.close()
        await self._server.wait_closed()

    def _answer(self, connection: ServerConnection, request: Request) -> Response | None:
        if request.path == "/":
            response = connection.respond(HTTPStatus.OK, "<p>Welcome")
            response.headers["Set-Cookie"] = f"visitor=v{len(self.opened)}; Path=/"
            return response
        self.opened.append({name.lower(): value for name, value in request.headers.raw_items()})
        if request.path == "/ws/forbidden" and self.refusals:
            self.refusals -= 1
            return connection.respond(HTTPStatus.FORBIDDEN, "who are you?\n")
        if request.path == "/ws/moved":
            response = connection.respond(HTTPStatus.FOUND, "")
            response.headers["Location"] = "/ws/echo"
            return response
        return connection.respond(HTTPStatus.OK, "<p>A page") if request.path == "/ws/page" else None

    async def _serve(self, connection: ServerConnection) -> None:
        assert connection.request
        name = connection.request.path.partition("?")[0].rpartition("/")[2]
        with suppress(ConnectionClosed):
            await HABITS.get(name, _echo)(self, connection)
        await connection.wait_closed()
        self.codes.append(connection.close_code)

    async def prompt(self, connection: ServerConnection) -> str:
        """The next prompt."""
        text: str = json.loads(await connection.recv())["text"]
        self.prompts.append(text)
        return text


async def say(connection: ServerConnection, **record: Any) -> None:
    """Sends a record."""
    await connection.send(json.dumps(record))


async def reply(connection: ServerConnection, text: str) -> None:
    """A whole reply: an acknowledgement, the words, the end."""
    await say(connection, type="ack")
    for number, word in enumerate(text.split(" ")):
        await say(connection, type="token", text=f" {word}" if number else word)
    await say(connection, type="done")


async def _echo(server: SocketServer, connection: ServerConnection) -> None:
    turns: list[str] = []
    while True:
        turns.append(await server.prompt(connection))
        await reply(connection, "|".join(turns))


async def _greets(server: SocketServer, connection: ServerConnection) -> None:
    await say(connection, type="token", text="not a reply")
    await say(connection, type="welcome", room="r7")
    await _echo(server, connection)


async def _chatters(server: SocketServer, connection: ServerConnection) -> None:
    while True:
        await reply(connection, await server.prompt(connection))
        for number in range(100):
            await say(connection, type="token", text=f"advertisement {number}")


async def _refuses(server: SocketServer, connection: ServerConnection) -> None:
    while True:
        text = await server.prompt(connection)
        if server.refusals:
            server.refusals -= 1
            await say(connection, type="ack")
            await connection.close(4401, "no session")
            return
        await reply(connection, text)


async def _forgets(server: SocketServer, connection: ServerConnection) -> None:
    """Once it has refused, it answers on the same connection only."""
    await server.prompt(connection)
    if server.refusals:
        server.refusals -= 1
        await connection.close(4404)
        return
    await reply(connection, "remembered")
    await _echo(server, connection)


async def _hangs_up(server: SocketServer, connection: ServerConnection) -> None:
    await reply(connection, await server.prompt(connection))
    await connection.close()


async def _no_end(server: SocketServer, connection: ServerConnection) -> None:
    await say(connection, type="token", text=await server.prompt(connection))
    await connection.close()


async def _breaks_down(server: SocketServer, connection: ServerConnection) -> None:
    await say(connection, type="token", text=await server.prompt(connection))
    await connection.close(1011, "internal error")


async def _cut(server: SocketServer, connection: ServerConnection) -> None:
    await server.prompt(connection)
    await say(connection, type="token", text="half")
    await connection.close(4401)


async def _breaks(server: SocketServer, connection: ServerConnection) -> None:
    await server.prompt(connection)
    await say(connection, type="token", text="half")
    connection.transport.abort()


async def _silent(server: SocketServer, connection: ServerConnection) -> None:
    await server.prompt(connection)
    await connection.wait_closed()


async def _endless(server: SocketServer, connection: ServerConnection) -> None:
    await server.prompt(connection)
    while True:
        await say(connection, type="token", text="more and more ")


async def _huge(server: SocketServer, connection: ServerConnection) -> None:
    await server.prompt(connection)
    await say(connection, type="token", text="x" * BIG)
    await say(connection, type="done")


async def _garbage(server: SocketServer, connection: ServerConnection) -> None:
    await server.prompt(connection)
    await connection.send("{not json")
    await connection.wait_closed()


async def _broken_frame(server: SocketServer, connection: ServerConnection) -> None:
    await server.prompt(connection)
    connection.transport.write(b"\xff\xff\xff\xff")
    await connection.wait_closed()


async def _pings(server: SocketServer, connection: ServerConnection) -> None:
    while True:
        text = await server.prompt(connection)
        await (await connection.ping())
        await reply(connection, text)
        async with asyncio.timeout(2):
            await (await connection.ping())


HABITS: dict[str, Habit] = {
    "greets": _greets,
    "chatters": _chatters,
    "refuses": _refuses,
    "forgets": _forgets,
    "hangs_up": _hangs_up,
    "no_end": _no_end,
    "breaks_down": _breaks_down,
    "cut": _cut,
    "breaks": _breaks,
    "silent": _silent,
    "endless": _endless,
    "huge": _huge,
    "garbage": _garbage,
    "broken_frame": _broken_frame,
    "pings": _pings,
}
"""What a path does. Any other echoes all that it heard on the connection."""
