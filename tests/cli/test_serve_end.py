"""SIGTERM: nothing new is taken, and nothing that runs is lost."""

import http.client
import signal
import sys
import threading
import time
from urllib.parse import urlsplit

import pytest

from chatdoor.practice import Practice
from tests.cli.gateway_client import Remote, running, site_file, words
from tests.cli.program import Program

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals as POSIX has them")

STREAMS = 50

FULL = """
import os
os.set_blocking(2, False)
for size in (4096, 1):
    try:
        while os.write(2, b"x" * size):
            pass
    except BlockingIOError:
        pass
os.set_blocking(2, True)
"""
"""Python after which standard error, a pipe that nobody reads, takes nothing more."""


class Streams:
    """Streams that are read side by side, each to its end."""

    def __init__(self, gateway: Remote, prompt: str) -> None:
        self.ends: list[bytes] = []
        self._begun = threading.Barrier(STREAMS + 1, timeout=20)
        self._threads = [threading.Thread(target=self._read, args=(gateway, prompt)) for _ in range(STREAMS)]
        for thread in self._threads:
            thread.start()
        self._begun.wait()

    def _read(self, gateway: Remote, prompt: str) -> None:
        with gateway.streaming(prompt) as answer:
            self._begun.wait()
            try:
                self.ends.append(answer.read())
            except (OSError, http.client.HTTPException) as error:
                self.ends.append(repr(error).encode())

    def wait(self) -> None:
        """Waits until all have ended."""
        for thread in self._threads:
            thread.join(20)
            assert not thread.is_alive()


def test_fifty_streams_come_to_their_end(program: Program) -> None:
    """Each gets its last word and its clean end; connections on which nothing is asked are closed, new ones refused."""
    practice = Practice(reply="sse-delta", pause=0.05)
    with practice, running(program, "--site", site_file(program, practice)) as gateway:
        kept = [http.client.HTTPConnection(gateway.host, timeout=20) for _ in range(5)]
        for connection in kept:
            connection.request("GET", "/livez")
            assert connection.getresponse().read()
        streams = Streams(gateway, words(30))
        gateway.process.send_signal(signal.SIGTERM)
        for connection in kept:
            assert connection.sock is not None
            assert connection.sock.recv(1) == b""
            connection.close()
        with pytest.raises(OSError, match=r"refused|reset"):
            gateway.chat()
        streams.wait()
        out, err = gateway.process.communicate(timeout=10)
    assert [end[-14:] for end in streams.ends] == [b"data: [DONE]\n\n"] * STREAMS
    assert all(b"w29" in end for end in streams.ends)
    assert (gateway.process.returncode, out, err) == (0, b"", b"")


def test_the_grace_time_is_heeded(program: Program) -> None:
    """With --grace, what takes longer is ended, and is no clean end; the program ends soon and well."""
    practice = Practice(reply="sse-delta", pause=0.3)
    options = ("--grace", "0.3")
    with practice, running(program, "--site", site_file(program, practice), *options) as gateway:
        with gateway.streaming(words(60)) as answer:
            began = time.monotonic()
            gateway.process.send_signal(signal.SIGTERM)
            with pytest.raises((OSError, http.client.HTTPException)):
                answer.read()
        gateway.process.communicate(timeout=10)
        assert time.monotonic() - began < 3
    assert gateway.process.returncode == 0


def test_the_log_has_what_ran_at_the_end(program: Program) -> None:
    """The line of a stream that ended in the grace time is written before the program ends."""
    practice = Practice(reply="sse-delta", pause=0.05)
    log = program.folder / "access.log"
    with practice, running(program, "--site", site_file(program, practice), "--access-log", log) as gateway:
        with gateway.streaming(words(10)) as answer:
            gateway.process.send_signal(signal.SIGTERM)
            assert answer.read().endswith(b"[DONE]\n\n")
        gateway.process.communicate(timeout=10)
    assert log.read_text("utf-8").count('"finish":"stop"') == 1


def test_a_standard_error_that_takes_nothing_stops_nobody(program: Program) -> None:
    """With a pipe that is full, what is logged waits, requests do not, and the end comes."""
    with program.started("serve", "--port", "0", "--verbose", before=FULL) as process:
        assert process.stdout is not None
        url = next(word for word in process.stdout.readline().decode().split() if word.startswith("http"))
        gateway = Remote(process, urlsplit(url).netloc, {})
        assert [gateway.chat()[0] for _ in range(3)] == [200] * 3
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
