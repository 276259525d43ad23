"""Websockets against a real server: what is kept open, what a close means, and what goes wrong."""

import asyncio
import gc
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import pytest

from chatdoor import AsyncClient, Client, Messages, Reply, Site
from chatdoor.errors import (
    ChatdoorError,
    ConnectFailed,
    ConversationLost,
    ReplyCutShort,
    ReplyTooLarge,
    SessionRefused,
    TimedOut,
    UnexpectedReply,
)
from chatdoor.site import loads_site
from tests.drive.faces import FACES, HELLO, Ask
from tests.drive.test_interrupt import POSIX
from tests.drive.test_proxies import PROXIES
from tests.servers.authority import Authority
from tests.servers.proxies import Proxy
from tests.servers.sockets import SocketServer

FACE = pytest.mark.parametrize("face", FACES.values(), ids=FACES)


def site_of(server: SocketServer, habit: str = "echo", more: str = "", top: str = "") -> Site:
    """A site that sends the prompt on a websocket."""
    return loads_site(f"""
        schema = 1
        name = "socket"
        url = "{server.url}"
        refused = [{{ close = 4401 }}, {{ status = 403 }}]
        {top}
        [session]
        get = "/"
        [chat]
        websocket = "/ws/{habit}"
        json = {{ text = "{{prompt}}" }}
        [reply]
        websocket = "text"
        where = {{ type = "token" }}
        done = {{ type = "done" }}
        {more}
    """)


Turns = Callable[[Site], list[Reply]]


def after(messages: Messages, text: str, prompt: str) -> Messages:
    """The list with a reply and a new prompt."""
    return [*messages, {"role": "assistant", "content": text}, {"role": "user", "content": prompt}]


def two_turns(site: Site) -> list[Reply]:
    """Two turns, and time between them for the first one's connection to close."""
    with Client(site) as client:
        first = client.ask(HELLO)
        time.sleep(0.3)
        return [first, client.ask(after(HELLO, first.text, "More"))]


def two_turns_async(site: Site) -> list[Reply]:
    """The same with the async client."""

    async def work() -> list[Reply]:
        async with AsyncClient(site) as client:
            first = await client.ask(HELLO)
            await asyncio.sleep(0.3)
            return [first, await client.ask(after(HELLO, first.text, "More"))]

    return asyncio.run(work())


TURNS = pytest.mark.parametrize("face", [two_turns, two_turns_async])


SECOND: Messages = after(HELLO, "Hello", "More")


@FACE
def test_the_connection_remembers(sockets: SocketServer, face: Ask) -> None:
    """Two turns of a conversation share a connection; another conversation has its own."""
    replies = face(site_of(sockets), HELLO, SECOND, [{"role": "user", "content": "Other"}])
    assert [reply.text for reply in replies] == ["Hello", "Hello|More", "Other"]
    assert [reply.fidelity for reply in replies] == ["native"] * 3
    assert len(sockets.opened) == 2


@FACE
def test_closing_the_client_says_goodbye(sockets: SocketServer, face: Ask) -> None:
    """The site hears the close code of a normal end."""
    face(site_of(sockets))
    assert sockets.wait_closed(1) == [1000]


@FACE
def test_the_handshake_is_the_visitors(sockets: SocketServer, face: Ask) -> None:
    """Cookies of the page, the site's Origin and our User-Agent go along, and nothing that a browser would not send."""
    face(site_of(sockets), user_agent="tester/1")
    (headers,) = sockets.opened
    assert headers["cookie"] == "visitor=v0"
    assert headers["origin"] == sockets.url
    assert headers["user-agent"] == "tester/1"
    assert not {"referer", "accept", "content-type"} & set(headers)


@FACE
@pytest.mark.parametrize("history", ["none", "id"])
def test_a_connection_that_nobody_remembers_is_closed_after_the_call(
    sockets: SocketServer, face: Ask, history: str
) -> None:
    """Where the site does not keep the turns with the connection, each call has one of its own."""
    text = site_of(sockets).text.replace('"{prompt}" }', '"{prompt}", id = "{conversation}" }')
    face(loads_site(f'{text}\n[conversation]\nhistory = "{history}"\nmake.conversation = "uuid4"'), HELLO, SECOND)
    assert sockets.wait_closed(2) == [1000, 1000]
    assert sockets.prompts == ["Hello", "More"]


@TURNS
def test_a_connection_that_was_closed_between_turns_is_lost(sockets: SocketServer, face: Turns) -> None:
    """The site has forgotten the turns, so they are told again, each once, in a session of its own."""
    first, second = face(site_of(sockets, "hangs_up", "[conversation]\nrecover = 'fold'"))
    assert (first.fidelity, second.fidelity) == ("native", "folded")
    assert sockets.prompts[0] == "Hello"
    assert len(sockets.prompts) == 2
    assert [headers["cookie"] for headers in sockets.opened] == ["visitor=v0", "visitor=v1"]


@TURNS
def test_recover_may_refuse(sockets: SocketServer, face: Turns) -> None:
    """A lost conversation is an error where the site file says so, and nothing more is sent."""
    with pytest.raises(ConversationLost):
        face(site_of(sockets, "hangs_up", "[conversation]\nrecover = 'refuse'"))
    assert sockets.prompts == ["Hello"]


@FACE
def test_a_close_code_that_refuses_a_fresh_session(sockets: SocketServer, face: Ask) -> None:
    """A fresh session that is refused is an error: another one would be refused like it."""
    sockets.refusals = 1
    with pytest.raises(SessionRefused, match="4401"):
        face(site_of(sockets, "refuses"))
    assert sockets.prompts == ["Hello"]


def test_an_old_session_that_is_refused_is_replaced(sockets: SocketServer) -> None:
    """In mid-conversation too: the turns are told again in the new session, none of them twice to the same one."""
    with Client(site_of(sockets, "refuses")) as client:
        reply = client.ask(HELLO)
        sockets.refusals = 1
        second = client.ask(after(HELLO, reply.text, "More"))
    assert (second.text, second.fidelity) == ("More", "replayed")
    assert sockets.prompts == ["Hello", "More", "Hello", "More"]


@FACE
def test_a_close_code_that_loses_the_conversation(sockets: SocketServer, face: Ask) -> None:
    """`lost` tells the turn again on a new connection."""
    sockets.refusals = 1
    (reply,) = face(site_of(sockets, "forgets", "[conversation]\nlost = { close = 4404 }"))
    assert reply.text == "remembered"
    assert sockets.prompts == ["Hello", "Hello"]


@FACE
def test_a_refused_handshake_is_a_refusal(sockets: SocketServer, face: Ask) -> None:
    """A 403 before the connection is open means what it means over HTTP: here, a fresh session that is no good."""
    sockets.refusals = 9
    with pytest.raises(SessionRefused, match="who are you"):
        face(site_of(sockets, "forbidden"))
    assert sockets.prompts == []


def test_a_refused_handshake_renews_an_old_session(sockets: SocketServer) -> None:
    """An old session is replaced, and its conversation goes on."""
    with Client(site_of(sockets, "forbidden", "[conversation]\nhistory = 'none'")) as client:
        client.ask(HELLO)
        sockets.refusals = 1
        assert client.ask([{"role": "user", "content": "Other"}]).text == "Other"
    assert sockets.opened[-1]["cookie"] != sockets.opened[0]["cookie"]


@FACE
@pytest.mark.parametrize("habit", ["moved", "page"])
def test_what_opens_no_websocket_is_told(sockets: SocketServer, face: Ask, habit: str) -> None:
    """A redirect is not followed, a page is no websocket, and nothing is sent."""
    with pytest.raises(UnexpectedReply, match=r"HTTP (302|200)"):
        face(site_of(sockets, habit))
    assert sockets.prompts == []


@FACE
@pytest.mark.parametrize("habit", ["cut", "breaks"])
def test_a_reply_that_is_cut_short(sockets: SocketServer, face: Ask, habit: str) -> None:
    """After the first text a close is no refusal, whatever its code: the part is in the error, nothing is repeated."""
    with pytest.raises(ReplyCutShort) as error:
        face(site_of(sockets, habit))
    assert error.value.partial == "half"
    assert sockets.prompts == ["Hello"]


@FACE
def test_without_done_the_close_is_the_end(sockets: SocketServer, face: Ask) -> None:
    """A site that closes after its reply has said it all."""
    site = loads_site(site_of(sockets, "no_end").text.replace('done = { type = "done" }', ""))
    assert face(site)[0].text == "Hello"


@FACE
def test_without_done_another_close_is_a_cut(sockets: SocketServer, face: Ask) -> None:
    """A site that breaks down after the first words has not said it all."""
    site = loads_site(site_of(sockets, "breaks_down").text.replace('done = { type = "done" }', ""))
    with pytest.raises(ReplyCutShort, match="1011") as error:
        face(site)
    assert error.value.partial == "Hello"
    assert sockets.prompts == ["Hello"]


@FACE
@pytest.mark.parametrize(
    ("habit", "kind", "said"),
    [
        ("broken_frame", ReplyCutShort, "no frame of a websocket"),
        ("huge", ReplyTooLarge, "larger than 200000 bytes"),
        ("endless", ReplyTooLarge, "larger than 200000 bytes"),
        ("silent", TimedOut, "timed out while reading the answer"),
    ],
)
def test_faults(sockets: SocketServer, face: Ask, habit: str, kind: type[ChatdoorError], said: str) -> None:
    """Each ends the call with an error that says what it was, in time; the prompt goes out once."""
    with pytest.raises(kind, match=said):
        face(site_of(sockets, habit, "[limits]\nreply_bytes = '200kB'"), timeout=3 if habit != "silent" else 0.5)
    assert sockets.prompts == ["Hello"]


@FACE
def test_garbage_is_told(sockets: SocketServer, face: Ask) -> None:
    """A frame that is not what the site file describes ends the call at once."""
    text = site_of(sockets, "garbage").text.replace('where = { type = "token" }', "")
    with pytest.raises(UnexpectedReply, match="expected JSON in a record"):
        face(loads_site(text), timeout=3)


@FACE
def test_pings_are_answered(sockets: SocketServer, face: Ask) -> None:
    """Pings of the protocol, while a reply is awaited and between two turns."""
    replies = face(site_of(sockets, "pings"), HELLO, SECOND)
    assert [reply.text for reply in replies] == ["Hello", "More"]


@FACE
def test_frames_between_turns_are_dropped(sockets: SocketServer, face: Ask) -> None:
    """What comes after the end of a reply is in no later one, however much it is."""
    replies = face(site_of(sockets, "chatters"), HELLO, SECOND)
    assert replies[0].text == "Hello"
    assert replies[1].text.endswith("More")


@FACE
def test_a_start_step_waits_for_the_greeting(sockets: SocketServer, face: Ask) -> None:
    """`until` reads frames until one fits; the chat goes on on the same connection, and with the value taken."""
    start = """
        [conversation.start]
        websocket = "/ws/greets"
        until = { json = { type = "welcome" } }
        take.room = { json = "room" }
    """
    text = site_of(sockets, "greets").text.replace('"{prompt}" }', '"{prompt}", room = "{room}" }')
    replies = face(loads_site(text + start), HELLO, SECOND)
    assert [reply.text for reply in replies] == ["Hello", "Hello|More"]
    assert len(sockets.opened) == 1


@FACE
def test_a_greeting_that_never_comes(sockets: SocketServer, face: Ask) -> None:
    """A step that waits for a frame says so when its time is up."""
    start = '[conversation.start]\nwebsocket = "/ws/silent"\nuntil = { json = { type = "welcome" } }'
    with pytest.raises(TimedOut, match="WEBSOCKET /ws/silent"):
        face(site_of(sockets, "greets", start), timeout=0.5)


@FACE
@pytest.mark.parametrize("proxy", PROXIES)
def test_websockets_go_through_the_proxy(
    request: pytest.FixtureRequest, sockets: SocketServer, proxy: str, face: Ask
) -> None:
    """The same proxy as the page, with its credentials and its certificate."""
    through: Proxy = request.getfixturevalue(proxy)
    (reply,) = face(site_of(sockets), proxy=through.url, ca_file=through.ca_file)
    assert reply.text == "Hello"
    assert through.count() >= 2


@FACE
def test_a_proxy_that_refuses(sockets: SocketServer, http_proxy_auth: Proxy, face: Ask) -> None:
    """A wrong password is an error without the password."""
    site = loads_site(site_of(sockets).text.replace('[session]\n        get = "/"', ""))
    with pytest.raises(ConnectFailed, match="another user name or password") as error:
        face(site, proxy=http_proxy_auth.bare_url.replace("://", "://somebody:wrongsecret1@"))
    assert "wrongsecret1" not in str(error.value)
    assert sockets.opened == []


@FACE
def test_a_private_ca(secure_sockets: SocketServer, authority: Authority, face: Ask) -> None:
    """Wss with a certificate of a private CA, which is trusted only where it is named."""
    (reply,) = face(site_of(secure_sockets), ca_file=authority.ca_file)
    assert reply.text == "Hello"
    site = loads_site(site_of(secure_sockets).text.replace('[session]\n        get = "/"', ""))
    with pytest.raises(ConnectFailed, match="its certificate is not trusted; name its CA with ca_file"):
        face(site)


def test_wss_through_an_https_proxy(
    secure_sockets: SocketServer, authority: Authority, https_proxy_auth: Proxy
) -> None:
    """TLS inside TLS, on both faces."""
    for face in FACES.values():
        (reply,) = face(site_of(secure_sockets), ca_file=authority.ca_file, proxy=https_proxy_auth.url)
        assert reply.text == "Hello"


def test_nobody_listens(sockets: SocketServer) -> None:
    """A connection that can not be opened says so; nothing was sent."""
    text = site_of(sockets).text.replace('[session]\n        get = "/"', "")
    sockets.close()
    for face in FACES.values():
        with pytest.raises(ConnectFailed, match="no connection"):
            face(loads_site(text))


def test_a_stream_that_is_left_closes_the_connection(sockets: SocketServer) -> None:
    """Nobody could tell which frames belong to the next turn; so that is told from the start."""
    with Client(site_of(sockets, "endless")) as client:
        with client.stream(HELLO) as pieces:
            assert next(pieces)
        assert sockets.wait_closed(1)
    assert sockets.prompts == ["Hello"]


def test_a_task_that_is_cancelled_closes_the_connection(sockets: SocketServer) -> None:
    """A cancelled call leaves nothing open."""

    async def work() -> None:
        async with AsyncClient(site_of(sockets, "silent")) as client:
            task = asyncio.create_task(client.ask(HELLO))
            await asyncio.sleep(0.3)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await asyncio.to_thread(sockets.wait_closed, 1)

    asyncio.run(work())
    assert sockets.prompts == ["Hello"]


def test_a_conversation_that_makes_room_is_closed(sockets: SocketServer) -> None:
    """Where there is room for one session, the second conversation closes the first one's connection."""
    with Client(site_of(sockets, more="[limits]\nsessions = 1")) as client:
        client.ask(HELLO)
        client.ask([{"role": "user", "content": "Other"}])
        assert sockets.wait_closed(1) == [1000]


def test_a_connection_of_another_loop_is_lost(sockets: SocketServer) -> None:
    """An async conversation that goes on on another event loop is told again there."""
    client = AsyncClient(site_of(sockets))

    async def first() -> None:
        assert (await client.ask(HELLO)).text == "Hello"
        client.visitor.hang_up()

    async def second() -> None:
        async with client:
            reply = await client.ask(SECOND)
        assert (reply.text, reply.fidelity) == ("Hello|More", "replayed")

    asyncio.run(first())
    asyncio.run(second())
    gc.collect()
    assert sockets.prompts == ["Hello", "Hello", "More"]


def test_a_blocking_conversation_may_change_threads(sockets: SocketServer) -> None:
    """A connection that one thread opened serves another."""
    texts: list[str] = []
    with Client(site_of(sockets)) as client:
        client.ask(HELLO)
        thread = threading.Thread(target=lambda: texts.append(client.ask(SECOND).text))
        thread.start()
        thread.join()
    assert texts == ["Hello|More"]
    assert len(sockets.opened) == 1


PROGRAM = """
import sys
from chatdoor import Client
from chatdoor.site import loads_site
client = Client(loads_site(sys.argv[1]))
print("asks", flush=True)
try:
    client.ask([{"role": "user", "content": "Hello"}])
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


@POSIX
def test_ctrl_c_ends_a_wait_for_a_frame(sockets: SocketServer) -> None:
    """Within half a second, and the connection is closed."""
    argv = [sys.executable, "-c", PROGRAM, site_of(sockets, "silent").text]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout
        assert program.stdout.readline() == "asks\n"
        while not sockets.prompts:
            time.sleep(0.01)
        program.send_signal(signal.SIGINT)
        start = time.monotonic()
        assert program.stdout.readline() == "interrupted\n"
        assert time.monotonic() - start < 1
        assert program.wait(10) == 0
    assert sockets.wait_closed(1)


def test_a_site_without_websockets_does_not_load_the_library() -> None:
    """It costs 30 ms."""
    code = "import sys, chatdoor; chatdoor.Client('voigpt'); print('websockets' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
