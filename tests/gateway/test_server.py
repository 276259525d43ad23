"""The server: what it does at its end, with slow readers, and on the way there."""

import asyncio
import json
import signal
import socket
import threading
import time

import pytest

from chatdoor.errors import ArgumentError
from chatdoor.gateway import server
from chatdoor.gateway.connection import Connection
from chatdoor.gateway.guard import Guard
from chatdoor.gateway.house import House
from chatdoor.gateway.keys import Keys
from chatdoor.gateway.renewal import Renewed
from chatdoor.gateway.server import listen
from chatdoor.gateway.state import Conduct, State
from chatdoor.site import loads_site
from tests.gateway.door import CHAT, SECONDS, Door, Seen, gateway, practice_door, whole
from tests.gateway.test_connection import ask, rest
from tests.gateway.test_stream import STREAMED
from tests.servers.faulty import Faulty
from tests.servers.waiting import wait_until


class Asking:
    """A request that is on its way while the test goes on."""

    def __init__(self, door: Door, **request: object) -> None:
        self.seen: Seen | Exception | None = None
        self._thread = threading.Thread(target=self._ask, args=(door, request), daemon=True)
        self._thread.start()
        door.wait_until_busy()

    def _ask(self, door: Door, request: dict[str, object]) -> None:
        try:
            self.seen = door.chat(**request)
        except Exception as error:  # noqa: BLE001 - the test looks at it
            self.seen = error

    def result(self) -> Seen | Exception | None:
        """The answer, or what came in its place."""
        self._thread.join(SECONDS)
        assert not self._thread.is_alive()
        return self.seen


def refused(door: Door) -> bool:
    """Whether it takes no new connection."""
    try:
        door.send("GET", "/livez")
    except OSError as error:
        return isinstance(error, ConnectionRefusedError | ConnectionResetError)
    return False


def stands_still(connection: Connection) -> bool:
    """Whether what is written, and not yet taken, grows no more."""
    assert connection._transport is not None
    held = connection._transport.get_write_buffer_size()
    time.sleep(0.5)
    return held == connection._transport.get_write_buffer_size()


@pytest.mark.parametrize("streamed", [True, False], ids=["streamed", "whole"])
def test_what_runs_is_finished_at_the_end(streamed: bool) -> None:
    """A server that is told to end takes no new connection, and loses nothing of the answer on its way."""
    with practice_door(reply="sse-delta", pause=0.2) as (door, _):
        asking = Asking(door, stream=streamed)
        door.server.stop()
        wait_until(lambda: refused(door))
        assert asking.seen is None
        seen = asking.result()
    assert isinstance(seen, Seen)
    assert seen.status == 200
    if streamed:
        assert seen.frames()[-1] == "[DONE]"


def test_a_kept_connection_does_not_hold_up_the_end() -> None:
    """Connections on which nothing is asked are closed, so that the end comes at once."""
    with gateway() as door, socket.create_connection(("127.0.0.1", door.port), timeout=SECONDS) as connection:
        connection.sendall(b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n" % door.port)
        assert connection.recv(65_536)
        began = time.monotonic()
        door.server.stop()
        assert connection.recv(65_536) == b""
        assert time.monotonic() - began < 2


@pytest.mark.parametrize(("grace", "stops"), [(0.2, 1), (60.0, 2)], ids=["the grace is over", "told again"])
def test_what_takes_too_long_is_ended(grace: float, stops: int) -> None:
    """After the grace time, or at the second word, what still runs is dropped."""
    practice = practice_door(reply="sse-delta", slow=30.0)
    with practice as (inner, _), gateway(inner.state.house.sites["practice"].site, grace=grace) as door:
        asking = Asking(door)
        began = time.monotonic()
        for _ in range(stops):
            door.server.stop()
        assert isinstance(asking.result(), OSError)
        assert time.monotonic() - began < 3


ENDLESS = """
schema = 1
name = "practice"
url = "{url}"
extends = "django"
[chat]
post = "/generate_response/"
json = {{ messages = "{{messages}}" }}
[reply]
text = true
[limits]
reply_bytes = "1GB"
"""


def test_a_slow_reader_slows_the_gateway(faulty: Faulty) -> None:
    """Of a reply without end that nobody reads, no more is taken than the buffers on the way hold; then it ends."""
    site = loads_site(ENDLESS.format(url=faulty(chat="endless_chunked").url))
    with gateway(site) as door:
        head = f"POST {CHAT} HTTP/1.1\r\nHost: 127.0.0.1:{door.port}\r\nContent-Type: application/json\r\n"
        with socket.create_connection(("127.0.0.1", door.port), timeout=SECONDS) as connection:
            connection.sendall(f"{head}Content-Length: {len(STREAMED)}\r\n\r\n".encode() + STREAMED)
            assert connection.recv(100)
            (one,) = door.server.connections
            wait_until(lambda: stands_still(one))
            assert one._transport is not None
            assert one._transport.get_write_buffer_size() < 1_000_000
        door.wait_until_idle()


def test_what_was_answered_is_sent_before_the_end() -> None:
    """An answer that its reader has yet to take is not cut off by the end."""
    with gateway() as door, socket.socket() as connection:
        connection.settimeout(SECONDS)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2_048)
        connection.connect(("127.0.0.1", door.port))
        sent = 0
        while not any(one.unsent for one in door.server.connections):
            connection.sendall(b"GET /openapi.json HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n" % door.port)
            sent += 1
            time.sleep(0.02)
        door.server.stop()
        time.sleep(0.2)
        answers = rest(connection).split(b"HTTP/1.1 200 OK")[1:]
        assert len(answers) == sent
        assert all(whole(answer) for answer in answers)


def test_a_port_that_is_taken_is_an_error() -> None:
    """Two gateways on one port are one too many, and the error says which, in the system's words alone."""
    with listen("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(ArgumentError, match=f"^can not listen on 127.0.0.1 port {port}: [A-Za-z ]+$"):
            listen("127.0.0.1", port)


def test_a_name_that_is_none_is_an_error() -> None:
    """What the system says of the name is told."""
    with pytest.raises(ArgumentError, match=r"^can not listen on no\.such\.host\.invalid port 0: .*[a-z]{4}"):
        listen("no.such.host.invalid", 0)


def test_a_bug_is_a_500_that_is_not_repeated(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """An error that nobody expected is a JSON 500; the log has its kind and place, and nothing that was said."""
    with practice_door() as (door, _):
        monkeypatch.setattr(door.state.house, "find", lambda *_: {}["my secret prompt"])
        seen = door.chat()
    assert (seen.status, seen.error["code"], seen.headers["x-should-retry"]) == (500, "internal_error", "false")
    (record,) = caplog.records
    assert "KeyError" in record.getMessage()
    assert "secret" not in caplog.text
    assert b"secret" not in seen.body


def test_a_bug_after_the_answer_spoils_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What fails when all is said takes no answer away and ends no connection; the log has nothing that was said."""
    with practice_door() as (door, _), socket.create_connection(("127.0.0.1", door.port), SECONDS) as connection:
        monkeypatch.setattr(door.state, "ended", lambda _: {}["my secret prompt"])
        for _ in range(2):
            connection.sendall(ask(door))
            assert connection.recv(65_536).startswith(b"HTTP/1.1 200 OK")
        door.wait_until_idle()
        monkeypatch.undo()
    assert all("KeyError" in record.getMessage() for record in caplog.records)
    assert len(caplog.records) == 2
    assert "secret" not in caplog.text


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="no SIGHUP there")
@pytest.mark.parametrize("known", [True, False])
def test_a_system_without_sighup_has_a_gateway_too(known: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """SIGHUP is heeded where the system has it and there is something to renew; else it is left alone."""
    if not known:
        monkeypatch.setattr(server, "RENEWS", None)

    async def hears() -> tuple[object, object]:
        state = State(House([], {}), Guard(Keys()), Conduct())
        one = server.Server(state, renew=lambda state: Renewed(state.house, state.guard, state.conduct))
        before = signal.getsignal(signal.SIGHUP)
        with one.capture_signals():
            return before, signal.getsignal(signal.SIGHUP)

    before, inside = asyncio.run(hears())
    assert (before == inside) is not known


@pytest.mark.parametrize("kept", [False, True], ids=["first", "after another"])
@pytest.mark.parametrize("sent", [b"P", f"POST {CHAT} HTTP/1.1\r\nHost: ".encode()], ids=["a byte", "half a head"])
def test_a_head_that_is_coming_at_the_end_is_refused(sent: bytes, kept: bool) -> None:
    """Whoever has begun to ask is told to ask elsewhere, and that the connection ends: it is not merely closed."""
    with gateway() as door, socket.create_connection(("127.0.0.1", door.port), timeout=SECONDS) as connection:
        if kept:
            connection.sendall(f"GET /livez HTTP/1.1\r\nHost: 127.0.0.1:{door.port}\r\n\r\n".encode())
            assert connection.recv(65_536).startswith(b"HTTP/1.1 200")
        connection.sendall(sent)
        wait_until(lambda: any(one._reader.coming is not None for one in door.server.connections))
        door.server.stop()
        received = rest(connection)
    head, _, body = received.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 503 ")
    assert b"connection: close" in head
    assert b"x-should-retry: true" in head
    assert json.loads(body)["error"]["code"] == "busy"


def test_a_body_that_does_not_come_holds_up_no_end() -> None:
    """Who has sent half a body has the time that it always has, not all of the grace, and is told that it is over."""
    with gateway(read_seconds=0.4, grace=60.0) as door:
        with socket.create_connection(("127.0.0.1", door.port), timeout=SECONDS) as connection:
            head = f"POST {CHAT} HTTP/1.1\r\nHost: 127.0.0.1:{door.port}\r\nContent-Type: application/json\r\n"
            connection.sendall(f"{head}Content-Length: 100\r\n\r\n{{".encode())
            door.wait_until_busy()
            began = time.monotonic()
            door.server.stop()
            assert rest(connection).startswith(b"HTTP/1.1 408 ")
        assert time.monotonic() - began < 3
