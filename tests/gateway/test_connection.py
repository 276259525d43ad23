"""One connection after another request, on raw sockets: order, early answers, limits of time."""

import asyncio
import contextlib
import json
import socket
import time
from types import SimpleNamespace
from typing import Any, cast

import pytest

from chatdoor.gateway import clocks
from chatdoor.gateway.connection import Connection
from tests.gateway.door import CHAT, SECONDS, Door, gateway, practice_door, status
from tests.gateway.test_hostile import GOOD, HEAD

LIVE = b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n"


def connect(door: Door) -> socket.socket:
    """A connection of a client."""
    return socket.create_connection(("127.0.0.1", door.port), timeout=SECONDS)


def rest(connection: socket.socket) -> bytes:
    """All that comes until the gateway ends the connection."""
    received = b""
    while chunk := connection.recv(65_536):
        received += chunk
    return received


def ask(door: Door) -> bytes:
    """A question to the practice site."""
    return HEAD % door.port + b"Content-Length: %d\r\n\r\n" % len(GOOD) + GOOD


def test_what_is_no_request_comes_after_the_answer_to_the_one_before() -> None:
    """A good request is answered whole, whatever follows it, and the site hears it once."""
    with practice_door(slow=0.2) as (door, practice), connect(door) as connection:
        connection.sendall(ask(door) + b"nonsense\r\n\r\n")
        first, _, second = rest(connection).partition(b"HTTP/1.1 400 ")
        assert status(first) == 200
        assert b"bad_http" in second
        assert practice.stats()["accepted"] == 1


def test_a_client_that_sends_ahead_is_seen_to_leave() -> None:
    """While a question is answered and others wait behind it, the client's leaving ends it within a second."""
    with practice_door(reply="sse-delta", slow=30.0) as (door, _):
        with connect(door) as connection:
            connection.sendall(ask(door) + LIVE % door.port * 3)
            door.wait_until_busy()
        left = time.monotonic()
        door.wait_until_idle()
        assert time.monotonic() - left < 2


def test_many_requests_at_once_are_all_answered_in_order() -> None:
    """A thousand sent ahead have a thousand answers."""
    with gateway() as door, connect(door) as connection:
        connection.sendall(LIVE % door.port * 1_000)
        received = b""
        while received.count(b"HTTP/1.1 200 OK") < 1_000:
            received += connection.recv(65_536)


class Wire(asyncio.Transport):
    """A transport that only notes whether it is read."""

    reads = True

    def pause_reading(self) -> None:
        """Nothing is read."""
        self.reads = False

    def resume_reading(self) -> None:
        """It is read again."""
        self.reads = True

    def is_closing(self) -> bool:
        """Never."""
        return False


def test_who_sends_whole_requests_ahead_has_to_wait() -> None:
    """However they are cut, no more than a few are taken in while one is answered, nor after its answer."""

    async def main() -> None:
        answer = asyncio.Event()

        async def answer_one(exchange: Any) -> None:
            await answer.wait()
            answer.clear()
            exchange.carrier._answered = True

        loop = asyncio.get_running_loop()
        hall: Any = SimpleNamespace(gateway=answer_one, connections=set(), tasks=set(), loop=loop, greeting=b"")
        wire, one = Wire(), Connection(hall)
        one.connection_made(wire)
        taken = 0
        while wire.reads and taken < 100:
            one.data_received(LIVE % 1)
            taken += 1
        assert taken < 20
        one.data_received(LIVE % 1 * 50)
        answer.set()
        await asyncio.sleep(0.01)
        assert not wire.reads
        cast(asyncio.Task[None], one.task).cancel()

    asyncio.run(main())


def test_who_ends_its_own_side_is_answered_what_needs_no_site() -> None:
    """A client that sends all it has to say and then its end gets all answers, and the connection ends."""
    with gateway() as door, connect(door) as connection:
        connection.sendall(LIVE % door.port * 50)
        connection.shutdown(socket.SHUT_WR)
        assert rest(connection).count(b"HTTP/1.1 200 OK") == 50


def test_who_ends_its_own_side_does_not_wait_for_a_site() -> None:
    """Its end is taken for its leaving, however early it comes, and the connection is closed."""
    with practice_door(reply="sse-delta", slow=30.0) as (door, _):
        for pause in (0, 0.2):
            with connect(door) as connection:
                connection.sendall(LIVE % door.port + ask(door))
                time.sleep(pause)
                connection.shutdown(socket.SHUT_WR)
                assert rest(connection).count(b"HTTP/1.1") == 1
            door.wait_until_idle()


def test_half_a_body_and_an_end_is_no_request(door: Door) -> None:
    """What can not become whole is given up at once."""
    with connect(door) as connection:
        connection.sendall(ask(door)[:-5])
        connection.shutdown(socket.SHUT_WR)
        assert rest(connection) == b""


def test_an_answer_reaches_who_still_sends() -> None:
    """A client that sends all of its body before it reads finds its answer, also where the connection ends then."""
    with gateway() as door, connect(door) as connection:
        lines = b"Host: 127.0.0.1:%d\r\nConnection: close\r\nContent-Length: 20000000\r\n\r\n" % door.port
        connection.sendall(b"POST /nowhere HTTP/1.1\r\n" + lines)
        for _ in range(200):
            connection.sendall(b"x" * 100_000)
        assert status(rest(connection)) == 404


def test_a_body_that_breaks_ends_its_request_at_once(door: Door) -> None:
    """Nothing waits for the rest of a body that can not be read."""
    with connect(door) as connection:
        connection.sendall(HEAD % door.port + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n")
        door.wait_until_busy()
        connection.sendall(b"no size\r\n")
        assert status(connection.recv(65_536)) == 400
        broken = time.monotonic()
        door.wait_until_idle()
        assert time.monotonic() - broken < 2


def test_who_goes_on_sending_is_parted_from(monkeypatch: pytest.MonkeyPatch) -> None:
    """After the last answer a client may send on for a while, and no longer."""
    monkeypatch.setattr(clocks, "PARTING_SECONDS", 0.2)
    with gateway(read_seconds=0.4) as door, connect(door) as connection:
        connection.sendall(b"nonsense\r\n\r\n")
        assert status(rest(connection)) == 400
        end = time.monotonic() + SECONDS
        while door.server.connections:
            connection.send(b"x")
            assert time.monotonic() < end
            time.sleep(0.05)


def test_who_never_reads_holds_no_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection whose client takes nothing of its answers is ended after a while."""
    monkeypatch.setattr(clocks, "STUCK_SECONDS", 0.3)
    with gateway(read_seconds=0.4) as door, socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2_048)
        connection.connect(("127.0.0.1", door.port))
        connection.sendall((LIVE % door.port).replace(b"/livez", b"/openapi.json") * 300)
        end = time.monotonic() + SECONDS
        while door.server.connections:
            assert time.monotonic() < end
            time.sleep(0.05)


def test_who_comes_takes_the_place_of_who_is_merely_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where all places are taken, the connection that is idle for longest ends; one that has yet to ask stays."""
    monkeypatch.setattr("chatdoor.gateway.connection.CONNECTIONS_MOST", 3)
    with gateway() as door, contextlib.ExitStack() as stack:
        silent, first, second = (stack.enter_context(connect(door)) for _ in range(3))
        for kept in (first, second, first):
            kept.sendall(LIVE % door.port)
            assert status(kept.recv(65_536)) == 200
        for gone in (second, first):
            stack.enter_context(connect(door))
            assert gone.recv(65_536) == b""
        assert status(stack.enter_context(connect(door)).recv(65_536)) == 503
        silent.sendall(LIVE % door.port)
        assert status(silent.recv(65_536)) == 200


def test_what_is_refused_after_a_head_has_a_body(door: Door) -> None:
    """An error belongs to what came after the request that was answered, whatever its method was."""
    with connect(door) as connection:
        connection.sendall((LIVE % door.port).replace(b"GET", b"HEAD"))
        assert connection.recv(65_536).startswith(b"HTTP/1.1 200")
        connection.sendall(b"nonsense\r\n\r\n")
        assert b"bad_http" in rest(connection)


def test_a_body_that_nobody_reads_is_passed_over(door: Door) -> None:
    """An answer that comes before the body's end holds nothing of the rest, and the next request is answered."""
    with connect(door) as connection:
        head = b"POST /nowhere HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Length: 5000000\r\n\r\n"
        connection.sendall(head % door.port)
        assert connection.recv(65_536).startswith(b"HTTP/1.1 404")
        connection.sendall(b"x" * 5_000_000 + LIVE % door.port)
        assert connection.recv(65_536).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("sent", [b"", b"GET / HT", ask], ids=["nothing", "half a head", "half a body"])
def test_a_request_that_does_not_come_is_given_up(sent: object) -> None:
    """Who is silent, or stops in mid-request, is told 408 once its time is over, and is gone."""
    with gateway(read_seconds=0.4) as door, connect(door) as connection:
        data = sent if isinstance(sent, bytes) else ask(door)[:-5]
        connection.sendall(data)
        began = time.monotonic()
        assert status(rest(connection)) == 408
        assert time.monotonic() - began < 3


def test_who_was_answered_and_sends_no_more_hears_nothing_else() -> None:
    """After an early answer the rest of the body may never come: the connection ends without a second answer."""
    with gateway(read_seconds=0.4) as door, connect(door) as connection:
        connection.sendall(b"POST /nowhere HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Length: 50\r\n\r\nx" % door.port)
        assert rest(connection).count(b"HTTP/1.1") == 1


def test_a_client_may_ask_before_it_sends_its_body(door: Door) -> None:
    """`Expect: 100-continue` is answered once the body is wanted, and not where it is refused."""
    lines = b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(GOOD)
    with connect(door) as connection:
        connection.sendall(HEAD % door.port + lines)
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(GOOD)
        assert connection.recv(65_536).startswith(b"HTTP/1.1 200")
    with connect(door) as connection:
        connection.sendall((HEAD % door.port).replace(CHAT.encode(), b"/nowhere") + lines)
        assert connection.recv(65_536).startswith(b"HTTP/1.1 404")


def test_head_has_the_length_and_no_body(door: Door) -> None:
    """HEAD says what GET would, and the next answer follows at once."""
    with connect(door) as connection:
        connection.sendall((LIVE % door.port).replace(b"GET", b"HEAD") + LIVE % door.port)
        received = b""
        while received.count(b"HTTP/1.1 200") < 2:
            received += connection.recv(65_536)
        time.sleep(0.1)
        received += connection.recv(65_536) if not received.endswith(b"}") else b""
    head, _, second = received.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    assert second.startswith(b"HTTP/1.1 200")
    assert length == len(second.partition(b"\r\n\r\n")[2]) > 0
    assert json.loads(second.partition(b"\r\n\r\n")[2])


def test_the_date_is_right(door: Door) -> None:
    """Every answer says when it was made."""
    date = door.send("GET", "/livez").headers["date"]
    made = time.mktime(time.strptime(date, "%a, %d %b %Y %H:%M:%S GMT")) - time.timezone
    assert abs(made - time.time()) < 3
