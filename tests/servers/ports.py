"""Ports for servers that begin again on the one that they had."""

import random
import socket
from contextlib import suppress
from typing import Final

LEAST: Final = 15_000
MOST: Final = 32_000
"""From which on systems give ports to connections, one of which might have it when the server begins again."""


def free_port() -> int:
    """A port that nobody listens on now."""
    while True:
        port = random.SystemRandom().randint(LEAST, MOST)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
