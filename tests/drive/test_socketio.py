"""Socket.IO against its own server: the handshake, events, pings, and what ends it."""

import asyncio
import time
from collections.abc import Iterator

import pytest

from chatdoor import AsyncClient, Client, Messages, Site
from chatdoor.errors import ReadFailed, ReplyCutShort, SessionRefused
from chatdoor.site import loads_site
from tests.drive.faces import FACES, HELLO, Ask
from tests.servers.socketio_server import SocketIoServer
from tests.servers.sockets import SocketServer

FACE = pytest.mark.parametrize("face", FACES.values(), ids=FACES)
SECOND: Messages = [*HELLO, {"role": "assistant", "content": "Hello"}, {"role": "user", "content": "More"}]


@pytest.fixture
def io_server() -> Iterator[SocketIoServer]:
    """A chat over Socket.IO."""
    server = SocketIoServer()
    yield server
    server.close()


def site_of(url: str, event: str = "ask", more: str = "") -> Site:
    """A site that emits the prompt."""
    return loads_site(f"""
        schema = 1
        name = "io"
        url = "{url}"
        [chat]
        socketio = "/socket.io/"
        auth = {{ token = "letmein" }}
        emit = ["{event}", "{{prompt}}"]
        [reply]
        socketio = "text"
        where = {{ event = "token" }}
        done = {{ event = "done" }}
        {more}
    """)


@FACE
def test_events_are_records_with_names(io_server: SocketIoServer, face: Ask) -> None:
    """The prompt is emitted, the reply comes in events, and the connection remembers."""
    replies = face(site_of(io_server.url), HELLO, SECOND)
    assert [reply.text for reply in replies] == ["Hello", "Hello|More"]
    assert io_server.visitors == [{"token": "letmein"}]


@FACE
def test_a_connect_error_is_a_refusal(io_server: SocketIoServer, face: Ask) -> None:
    """What the site says of it is in the error, and nothing is emitted."""
    io_server.key = "other"
    with pytest.raises(SessionRefused, match="bad key"):
        face(site_of(io_server.url))
    assert io_server.prompts == []


@FACE
def test_the_end_of_the_namespace_cuts_the_reply_short(io_server: SocketIoServer, face: Ask) -> None:
    """What came before is in the error; nothing is emitted twice."""
    with pytest.raises(ReplyCutShort) as error:
        face(site_of(io_server.url, "leave"))
    assert error.value.partial == "half"
    assert io_server.prompts == ["Hello"]


def test_pings_are_answered_between_turns(io_server: SocketIoServer) -> None:
    """A server that hears no pong within 0.3 s closes the connection; here it stays, however long nobody speaks."""
    with Client(site_of(io_server.url)) as client:
        client.ask(HELLO)
        time.sleep(1.2)
        assert client.ask(SECOND).fidelity == "native"


def test_pings_are_answered_between_turns_of_the_async_face(io_server: SocketIoServer) -> None:
    """The same, by the event loop."""

    async def work() -> str:
        async with AsyncClient(site_of(io_server.url)) as client:
            await client.ask(HELLO)
            await asyncio.sleep(1.2)
            return (await client.ask(SECOND)).fidelity

    assert asyncio.run(work()) == "native"


@FACE
def test_a_start_step_waits_for_an_event(io_server: SocketIoServer, face: Ask) -> None:
    """Its name is `event`, beside the fields of its data, and a value is taken from there."""
    start = """
        [conversation.start]
        socketio = "/socket.io/"
        until = { json = { event = "welcome" } }
        take.room = { json = "room" }
    """
    text = site_of(io_server.url).text.replace('"{prompt}"]', '"{prompt}", "{room}"]')
    (reply,) = face(loads_site(text + start), timeout=5)
    assert reply.text == "Hello"
    assert len(io_server.visitors) == 1


@FACE
def test_a_websocket_that_is_no_socketio(sockets: SocketServer, face: Ask) -> None:
    """A server that speaks otherwise is told at once, and gets no prompt."""
    text = site_of(sockets.url).text.replace("/socket.io/", "/ws/greets")
    with pytest.raises(ReadFailed, match="expected a Socket"):
        face(loads_site(text), timeout=3)
    assert sockets.prompts == []
