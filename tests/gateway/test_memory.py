"""What many callers and large bodies cost: a gateway in a process of its own, with few files, measured."""

import contextlib
import re
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatdoor import ChatdoorError
from chatdoor.gateway.exchange import Exchange
from tests.gateway.door import practice_door
from tests.gateway.rings import left_in_rings
from tests.gateway.test_hostile import GOOD, HEAD
from tests.servers.waiting import wait_until

FILES = 64
CALLERS = 500
GROWTH_MOST = 60_000_000
pytestmark = pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is read from /proc")


class Serving:
    """A running `chatdoor serve`."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        found = re.search(r"127\.0\.0\.1:(\d+)/", process.stdout.readline())
        assert found
        self.port = int(found[1])
        self._memory = Path(f"/proc/{process.pid}/statm")

    def rss(self) -> int:
        """Its memory in bytes."""
        return int(self._memory.read_text().split()[1]) * resource.getpagesize()

    def connect(self) -> socket.socket:
        """A connection to it."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)

    def answers(self) -> bool:
        """True where it answers a prompt."""
        with self.connect() as connection:
            connection.sendall(HEAD % self.port + b"Content-Length: %d\r\n\r\n" % len(GOOD) + GOOD)
            return connection.recv(65_536).startswith(b"HTTP/1.1 200")


@pytest.fixture
def serving() -> Iterator[Serving]:
    """A gateway that may open 64 files."""
    command = f"ulimit -n {FILES}; exec {sys.executable} -m chatdoor serve --port 0 --grace 0"
    with subprocess.Popen(["sh", "-c", command], stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Serving(process)
        finally:
            process.terminate()


def test_many_callers_and_few_files(serving: Serving) -> None:
    """Five hundred callers at a time, of whom it can serve few: each has an answer, and it goes on."""
    request = b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n" % serving.port
    assert serving.answers()
    before, statuses = serving.rss(), []
    with contextlib.ExitStack() as stack:
        callers = [stack.enter_context(serving.connect()) for _ in range(CALLERS)]
        for caller in callers:
            with contextlib.suppress(ConnectionError):
                caller.sendall(request)
        began = time.monotonic()
        for caller in callers:
            with contextlib.suppress(ConnectionError):
                statuses.append(caller.recv(65_536)[9:12])
        assert time.monotonic() - began < 3
    assert len(statuses) == CALLERS
    assert {b"200", b"503"} == set(statuses)
    assert serving.rss() - before < GROWTH_MOST
    wait_until(serving.answers)  # once it has seen them leave


@pytest.mark.parametrize(
    "lines", [b"Content-Length: 1000000000\r\n", b"Transfer-Encoding: chunked\r\n"], ids=["declared", "chunked"]
)
def test_a_gigabyte_is_not_kept(serving: Serving, lines: bytes) -> None:
    """A body of a gigabyte is refused at once, and what its sender goes on sending is not held."""
    assert serving.answers()
    before = serving.rss()
    chunk = b"%x\r\n%b\r\n" % (1_000_000, b" " * 1_000_000)
    with serving.connect() as connection:
        connection.sendall(HEAD % serving.port + lines + b"\r\n")
        began = time.monotonic()
        with contextlib.suppress(ConnectionError, TimeoutError):
            for _ in range(12):
                connection.sendall(chunk)
        assert connection.recv(65_536).startswith(b"HTTP/1.1 413")
        assert time.monotonic() - began < 3
        with contextlib.suppress(ConnectionError, TimeoutError):
            for _ in range(200):
                connection.sendall(chunk)
        assert serving.rss() - before < GROWTH_MOST
    assert serving.answers()


@pytest.mark.parametrize("streamed", [True, False], ids=["streamed", "whole"])
def test_a_refused_prompt_leaves_nothing_to_the_collector(streamed: bool) -> None:
    """Errors are freed with their answer: their traces hold the prompt, and a collector may not come for long."""
    with practice_door() as (door, _):
        long = [{"role": "user", "content": "a" * 1_100_000}]
        assert door.chat(messages=long, stream=streamed).status == 424
        door.wait_until_idle()
        with left_in_rings(ChatdoorError, Exchange) as held:
            assert door.chat(messages=long, stream=streamed).status == 424
            door.wait_until_idle()
        assert not held
