"""Gateways in processes of their own behind a real load balancer, which may be killed and started again."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from chatdoor.site import Site, loads_site
from tests.servers.nginx import load_balancer, wait_for_port
from tests.servers.ports import free_port

STOP_SECONDS = 15.0

Balance = Callable[[Path, int, Sequence[int]], AbstractContextManager[None]]


class Replica:
    """One gateway. It has the same port each time that it is started."""

    def __init__(self, options: Sequence[str], folder: Path) -> None:
        self.port = free_port()
        self._options = options
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts it, and returns when it listens."""
        command = [sys.executable, "-W", "error", "-m", "chatdoor", "serve", "--port", str(self.port), *self._options]
        own = {"CHATDOOR_STATE_DIR": str(self._folder), "CHATDOOR_CONFIG_DIR": str(self._folder)}
        with (self._folder / f"{self.port}.log").open("ab") as log:
            self._process = subprocess.Popen(command, env={**os.environ, **own}, stdout=subprocess.DEVNULL, stderr=log)
        wait_for_port(self.port)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ends it with this signal. Gives its exit code."""
        process, self._process = self._process, None
        if process is None:
            return 0
        process.send_signal(number)
        try:
            return process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise


class Row:
    """Some replicas, and the site as which clients see the load balancer."""

    def __init__(self, replicas: list[Replica], port: int) -> None:
        self.replicas = replicas
        self.port = port

    @property
    def site(self) -> Site:
        """The load balancer, as an OpenAI-compatible site."""
        return loads_site(
            f'schema = 1\nname = "balanced"\nurl = "http://127.0.0.1:{self.port}/v1"\nextends = "openai"\n'
            'models = ["practice"]\n[limits]\ntimeout = "120s"\n'
        )


@contextmanager
def replicas(folder: Path, count: int, *options: str, balance: Balance = load_balancer) -> Iterator[Row]:
    """So many gateways behind a load balancer, with these options, for the length of a block."""
    port = free_port()
    row = Row([Replica([*options, "--allowed-host", f"127.0.0.1:{port}"], folder) for _ in range(count)], port)
    try:
        for replica in row.replicas:
            replica.start()
        with balance(folder, port, [replica.port for replica in row.replicas]):
            yield row
    finally:
        for replica in row.replicas:
            replica.stop(signal.SIGKILL)
