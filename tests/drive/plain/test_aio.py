"""Plain HTTP on an event loop: connections are kept, ended, and never shared by two answers."""

import asyncio
import gc
import warnings
import weakref
from collections.abc import Awaitable, Callable
from typing import Self

import pytest

from chatdoor.drive.access import Access, Timeout
from chatdoor.drive.async_client import AsyncClient
from chatdoor.drive.plain.aio import PlainAnswer, PlainHttp
from chatdoor.drive.plain.connection import Connection
from chatdoor.drive.plain.wire import Broken, target_of
from chatdoor.errors import ConnectFailed, Place, ReadFailed, TimedOut
from chatdoor.flow.effects import Request
from chatdoor.site import Site, loads_site

PLACE = Place("bot", "GET /")
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Server:
    """A server in the test's own event loop. `connections` counts those that were made, `met` and `lost` are of any."""

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self.connections = 0
        self.met = asyncio.Event()
        self.lost = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.met.set()
        try:
            await self._talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self.lost.set()
            writer.close()


def site_at(url: str) -> Site:
    """A site that answers with text alone."""
    return loads_site(
        f'schema = 1\nname = "bot"\nurl = "{url}"\n'
        '[chat]\nget = "/"\nquery = { q = "{prompt}" }\n'
        "[reply]\ntext = true\n"
    )


async def _answer_all(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK)


async def _begin_an_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nthe beginning")
    await reader.read()


async def _say_nothing(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read()


async def _get(http: PlainHttp, url: str, seconds: float = 5.0) -> bytes:
    target = target_of(url)
    assert target
    answer = await http.send(Request("GET", url, ()), target, PLACE, seconds)
    try:
        return await _body(answer)
    finally:
        answer.close()


async def _body(answer: PlainAnswer) -> bytes:
    parts: list[bytes] = []
    while True:
        data = answer.read()
        part = data if data is None or isinstance(data, bytes) else await data
        if part is None:
            return b"".join(parts)
        parts.append(part)


@pytest.mark.parametrize("text", ["Hello", ""], ids=["in the reply", "before it"])
def test_a_stream_that_is_left_ends_its_request(text: str) -> None:
    """The site sees at once that nobody reads on."""

    async def never_end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nHello\r\n")
        await reader.read()

    async def main() -> None:
        async with Server(never_end if text else _say_nothing) as server, AsyncClient(site_at(server.url)) as client:
            stream = client.stream([{"role": "user", "content": "Hello"}])
            first = asyncio.ensure_future(anext(stream))
            await server.met.wait()
            if text:
                assert (await first).text == text
            else:
                first.cancel()
                await asyncio.wait([first])
            await stream.close()
            async with asyncio.timeout(1):
                await server.lost.wait()

    asyncio.run(main())


def test_a_connection_is_used_again() -> None:
    """One after the other needs one connection, two at a time need two."""

    async def main() -> None:
        async with Server(_answer_all) as server:
            http = PlainHttp(Access())
            assert [await _get(http, server.url) for _ in range(5)] == [b"ok"] * 5
            assert server.connections == 1
            assert await asyncio.gather(_get(http, server.url), _get(http, server.url)) == [b"ok"] * 2
            assert server.connections == 2
            http.close()

    asyncio.run(main())


def test_a_connection_that_the_site_has_closed_is_not_used_again() -> None:
    """The next request goes out on a new one, and nobody notices."""

    async def answer_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK)

    async def main() -> None:
        async with Server(answer_once) as server:
            http = PlainHttp(Access())
            for _ in range(3):
                assert await _get(http, server.url) == b"ok"
                await asyncio.sleep(0.05)
            assert server.connections == 3
            http.close()

    asyncio.run(main())


@pytest.mark.parametrize("talk", [_say_nothing, _begin_an_answer], ids=["before the head", "in the body"])
def test_who_is_cancelled_leaves_no_connection(talk: Talk) -> None:
    """The site hears of it at once."""

    async def main() -> None:
        async with Server(talk) as server:
            http = PlainHttp(Access())
            task = asyncio.create_task(_get(http, server.url))
            await server.met.wait()
            await asyncio.sleep(0.1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await asyncio.wait_for(server.lost.wait(), 5)

    asyncio.run(main())


def test_who_is_cancelled_at_whatever_moment_has_ended() -> None:
    """A cancellation in the very turn of the loop in which the connection is made is not lost."""

    async def main() -> None:
        async with Server(_say_nothing) as server:
            http = PlainHttp(Access())
            for turns in range(40):
                task = asyncio.create_task(_get(http, server.url))
                for _ in range(turns):
                    await asyncio.sleep(0)
                task.cancel()
                await asyncio.wait([task], timeout=5)
                assert task.cancelled(), f"after {turns} turns"
            http.close()

    asyncio.run(main())


@pytest.mark.parametrize(
    ("talk", "timeout", "phase"),
    [
        (_say_nothing, Timeout(total=0.2), "waiting for an answer"),
        (_say_nothing, Timeout(gap=0.2), "waiting for an answer"),
        (_begin_an_answer, Timeout(total=0.2), "reading the answer"),
        (_begin_an_answer, Timeout(gap=0.2), "reading the answer"),
    ],
)
def test_a_wait_ends_with_its_time_and_says_for_what_it_was(talk: Talk, timeout: Timeout, phase: str) -> None:
    """Both limits count, and the connection is closed."""

    async def main() -> None:
        async with Server(talk) as server:
            with pytest.raises(TimedOut) as caught:
                await _get(PlainHttp(Access(timeout=timeout)), server.url, timeout.total)
            assert caught.value.phase == phase
            await asyncio.wait_for(server.lost.wait(), 5)

    asyncio.run(main())


def test_nobody_there_is_told_by_name() -> None:
    """A refused connection and a name that is not known: nothing was sent."""

    async def main() -> None:
        async with Server(_answer_all) as server:
            url = server.url
        http = PlainHttp(Access())
        for dead in (url, "http://no-such-host.invalid/"):
            with pytest.raises(ConnectFailed, match="bot: GET /: no connection: "):
                await _get(http, dead)

    asyncio.run(main())


def test_a_connection_that_is_lost_before_it_is_used_is_an_error_at_once() -> None:
    """Nobody waits for an answer on a connection that is closed."""

    async def main() -> None:
        connection = Connection("a.test", asyncio.get_running_loop(), set())
        connection.connection_lost(ConnectionResetError(104, "Connection reset by peer"))
        connection.ask(b"GET / HTTP/1.1\r\n\r\n")
        with pytest.raises(Broken, match="reset by peer"):
            await connection.head(asyncio.get_running_loop().time() + 5, 5)

    asyncio.run(main())


class Wire(asyncio.Transport):
    """A transport that goes nowhere."""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """It is not sent."""


def test_who_sends_in_every_turn_of_the_loop_puts_off_no_end() -> None:
    """However fast the bytes come that are no answer yet, the wait ends with its time."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        connection = Connection("a.test", loop, set())
        connection.connection_made(Wire())
        began = loop.time()

        def send() -> None:
            connection.data_received(b"HTTP/1.1 103 Early Hints\r\n\r\n")
            if loop.time() < began + 3:
                loop.call_soon(send)

        connection.ask(b"GET / HTTP/1.1\r\n\r\n")
        send()
        with pytest.raises(TimeoutError):
            await connection.head(began + 0.1, 5)
        assert loop.time() < began + 3

    asyncio.run(main())


def test_closing_ends_what_is_under_way() -> None:
    """As the library's clients do; and the next request works."""

    async def main() -> None:
        async with Server(_begin_an_answer) as server, Server(_answer_all) as good:
            http = PlainHttp(Access())
            task = asyncio.create_task(_get(http, server.url))
            await server.met.wait()
            await asyncio.sleep(0.1)
            http.close()
            with pytest.raises(ReadFailed):
                await task
            assert await _get(http, good.url) == b"ok"
            http.close()

    asyncio.run(main())


def test_connections_end_with_their_loop() -> None:
    """Who forgets to close a client leaves nothing open in a loop that is over, and no warning."""
    http = PlainHttp(Access())

    async def main() -> None:
        async with Server(_answer_all) as server:
            assert await _get(http, server.url) == b"ok"

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(3):
            asyncio.run(main())
            gc.collect()


def test_a_loop_that_is_closed_is_let_go() -> None:
    """A client that is used by one event loop after another holds none of those before."""
    http = PlainHttp(Access())
    loops = []

    async def main() -> None:
        async with Server(_answer_all) as server:
            assert await _get(http, server.url) == b"ok"
            http.close()
            await server.lost.wait()
        loops.append(weakref.ref(asyncio.get_running_loop()))

    asyncio.run(main())
    asyncio.run(main())
    gc.collect()
    assert loops[0]() is None


def test_a_slow_reader_makes_the_site_wait() -> None:
    """What nobody has read yet is bounded, however much the site sends."""
    sent = 0

    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(1000):
            writer.write(bytes(100_000))
            await writer.drain()
            sent += 100_000

    async def main() -> None:
        async with Server(flood) as server:
            http = PlainHttp(Access())
            target = target_of(server.url)
            assert target
            answer = await http.send(Request("GET", server.url, ()), target, PLACE, 20.0)
            await asyncio.sleep(0.5)
            assert sent < 20_000_000
            assert len(await _body(answer)) == 100_000_000
            answer.close()

    asyncio.run(main())


def test_an_answer_that_comes_at_once_leaves_a_connection_that_is_read() -> None:
    """However long it is: the site waits for nobody once its answer is whole, and the next one is heard."""

    async def answer_long(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n" + bytes(200_000))

    async def main() -> None:
        async with Server(answer_long) as server:
            http = PlainHttp(Access())
            target = target_of(server.url)
            assert target
            for _ in range(3):
                answer = await http.send(Request("GET", server.url, ()), target, PLACE, 5.0)
                await asyncio.sleep(0.05)  # until all of it is there
                assert len(await _body(answer)) == 200_000
                answer.close()
            assert server.connections == 1
            http.close()

    asyncio.run(main())
