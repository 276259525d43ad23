"""Runs proxy.py: ``python -m tests.servers.web_proxy SEEN [proxy.py's own options]``.

Each request that passes, and each CONNECT, is one line in the file SEEN: ``METHOD TARGET``.
"""

import multiprocessing
import os
import signal
import sys
import time
from pathlib import Path

import proxy
from proxy.common.flag import flags
from proxy.common.utils import text_
from proxy.http.parser import HttpParser
from proxy.http.proxy import HttpProxyBasePlugin

from tests.servers.child import announce


class Record(HttpProxyBasePlugin):
    """Writes down what passes. Requests without the right credentials never come here."""

    def handle_client_request(self, request: HttpParser) -> HttpParser:
        """One line for the request, written before it goes on."""
        place = f"{text_(request.host)}:{request.port}"
        target = place if request.is_https_tunnel else f"http://{place}{text_(request.path)}"
        with Path(self.flags.seen).open("a") as seen:
            seen.write(f"{text_(request.method)} {target}\n")
        return request


def main(seen: str, *options: str) -> None:
    """Serve until stopped."""
    flags.add_argument("--seen")
    # One process that accepts and works itself: the quickest to start, and ample for a test.
    fixed = ["--hostname", "127.0.0.1", "--port", "0", "--num-acceptors", "1", "--local-executor", "1"]
    plugin = ["--plugins", "tests.servers.web_proxy.Record", "--seen", seen, "--log-level", "w"]
    running = proxy.Proxy([*fixed, *plugin, *options])
    running.setup()
    signal.signal(signal.SIGTERM, _end)
    announce(running.flags.port)
    while True:
        time.sleep(3600)


def _end(*_signal: object) -> None:
    # proxy.py's own way out waits for its acceptor, for ever where that has not begun to listen for it.
    for acceptor in multiprocessing.active_children():
        acceptor.kill()
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
