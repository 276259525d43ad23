"""A real Redis server of Debian's, which a test may stop, freeze, empty and start again on the same port."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from tests.servers.ports import free_port

SECONDS = 10.0
PROGRAM = shutil.which("redis-server", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/bin")


class RedisServer:
    """The server. It keeps nothing on disk, so that a new start begins empty. `options` are further ones of its own."""

    def __init__(self, folder: Path, *options: str) -> None:
        self._folder = folder
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()

    @property
    def url(self) -> str:
        """Where gateways find it."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Starts it, and returns when it answers."""
        assert PROGRAM is not None
        words = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", str(self._folder)]
        words += self._options
        self._process = subprocess.Popen([PROGRAM, *words], stdout=subprocess.DEVNULL)
        end = time.monotonic() + SECONDS
        while True:
            with contextlib.suppress(OSError):
                assert self.tell("PING") == b"+PONG\r\n"
                return
            assert time.monotonic() < end, "redis-server did not start"
            time.sleep(0.01)

    def stop(self) -> None:
        """Kills it."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)
            self._process.kill()
            self._process.wait(SECONDS)
            self._process = None

    def freeze(self) -> None:
        """It takes connections from now on, and answers nothing."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def tell(self, *words: str | bytes) -> bytes:
        """What it answers to a command, as bytes of its protocol."""
        parts = [word if isinstance(word, bytes) else word.encode() for word in words]
        said = b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%b\r\n" % (len(part), part) for part in parts)
        with socket.create_connection(("127.0.0.1", self.port), SECONDS) as connection:
            connection.sendall(said)
            return connection.recv(1_000_000)

    def keys(self, pattern: str) -> list[str]:
        """The names of keys, after our prefix."""
        listed = self.tell("KEYS", "{chatdoor}:" + pattern).split(b"\r\n")
        return sorted(line.decode().removeprefix("{chatdoor}:") for line in listed if line.startswith(b"{"))


@contextlib.contextmanager
def redis_server(folder: Path, *options: str) -> Iterator[RedisServer]:
    """A server with these options for the length of a block."""
    server = RedisServer(folder, *options)
    server.start()
    try:
        yield server
    finally:
        server.stop()
