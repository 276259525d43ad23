"""Plain HTTP on a socket: connections are kept, ended, and shared neither by two answers nor by two processes."""

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from chatdoor.drive.access import Access, Timeout
from chatdoor.drive.plain.blocking import PlainHttp
from chatdoor.errors import ConnectFailed, Place, ReadFailed, TimedOut
from chatdoor.flow.effects import Request
from tests.servers.waiting import wait_until

PLACE = Place("bot", "GET /")
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

pytestmark = pytest.mark.skipif(os.name != "posix", reason="elsewhere the library does it")

Talk = Callable[[socket.socket], None]


@contextmanager
def serving(talk: Talk) -> Iterator[tuple[str, list[socket.socket]]]:
    """The URL of a server, and its connections so far."""
    connections: list[socket.socket] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            connections.append(connection)
            threading.Thread(target=talk, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/", connections
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()
        for connection in connections:
            connection.close()


def _answer_all(connection: socket.socket) -> None:
    while connection.recv(65_536):
        connection.sendall(OK)


def _answer_once(connection: socket.socket) -> None:
    connection.recv(65_536)
    connection.sendall(OK)
    connection.close()


def _begin_an_answer(connection: socket.socket) -> None:
    connection.recv(65_536)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nthe beginning")
    connection.recv(1)


def _say_nothing(connection: socket.socket) -> None:
    while connection.recv(65_536):
        pass


def _get(http: PlainHttp, url: str, seconds: float = 5.0) -> bytes:
    target = http.target_of(url)
    assert target
    answer = http.send(Request("GET", url, ()), target, PLACE, seconds)
    try:
        body = b""
        while (data := answer.read()) is not None:
            body += data
    finally:
        answer.close()
    return body


def test_a_connection_is_used_again() -> None:
    """One after the other needs one connection."""
    http = PlainHttp(Access())
    with serving(_answer_all) as (url, connections):
        assert [_get(http, url) for _ in range(5)] == [b"ok"] * 5
        assert len(connections) == 1
        http.close()


def test_threads_share_no_connection_at_a_time() -> None:
    """Each answer is its own asker's."""
    http = PlainHttp(Access())

    def echo(connection: socket.socket) -> None:
        while request := connection.recv(65_536):
            path = request.split(b" ")[1]
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(path), path))

    with serving(echo) as (url, _):
        wrong: list[bytes] = []

        def work(name: int) -> None:
            for turn in range(100):
                path = f"{name}/{turn}"
                if (body := _get(http, f"{url}{path}")) != f"/{path}".encode():
                    wrong.append(body)

        threads = [threading.Thread(target=work, args=(name,)) for name in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        http.close()
    assert wrong == []


def test_a_connection_that_the_site_has_closed_is_not_used_again() -> None:
    """The next request goes out on a new one, and nobody notices."""
    http = PlainHttp(Access())
    with serving(_answer_once) as (url, connections):
        for _ in range(3):
            assert _get(http, url) == b"ok"
            time.sleep(0.05)
        assert len(connections) == 3
        http.close()


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
    """Both limits count."""
    with serving(talk) as (url, _), pytest.raises(TimedOut) as caught:
        _get(PlainHttp(Access(timeout=timeout)), url, timeout.total)
    assert caught.value.phase == phase


def test_nobody_there_is_told_by_name() -> None:
    """Nothing was sent."""
    with serving(_answer_all) as (url, _):
        pass
    with pytest.raises(ConnectFailed, match="bot: GET /: no connection: "):
        _get(PlainHttp(Access()), url)


def test_closing_ends_what_is_under_way_on_another_thread() -> None:
    """And the next request works."""
    http = PlainHttp(Access())
    with serving(_begin_an_answer) as (url, connections), serving(_answer_all) as (good, _):
        errors: list[BaseException] = []

        def work() -> None:
            try:
                _get(http, url)
            except ReadFailed as error:
                errors.append(error)

        thread = threading.Thread(target=work)
        thread.start()
        wait_until(lambda: connections)
        time.sleep(0.2)
        http.close()
        thread.join(5)
        assert not thread.is_alive()
        assert len(errors) == 1
        assert _get(http, good) == b"ok"
        http.close()


def test_a_name_is_left_to_the_library() -> None:
    """Python's look-up of a name does not hear Ctrl-C."""
    http = PlainHttp(Access())
    assert http.target_of("http://bot.test/") is None
    assert http.target_of("https://127.0.0.1/") is None
    for url in ("http://127.0.0.1:1/", "http://localhost/x", "http://[::1]:8000/"):
        assert http.target_of(url)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_fork_takes_no_connection_along() -> None:
    """Two processes on one connection would read each other's answers."""
    http = PlainHttp(Access())
    with serving(_answer_all) as (url, connections):
        assert _get(http, url) == b"ok"
        pid = os.fork()
        if pid == 0:
            os._exit(0 if _get(http, url) == b"ok" else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        assert len(connections) == 2
        assert _get(http, url) == b"ok"
        assert len(connections) == 2
        http.close()
