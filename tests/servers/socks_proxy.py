"""Runs pproxy as a SOCKS5 server: ``python -m tests.servers.socks_proxy SEEN [USER:PASSWORD]``.

Each connection that it opens is one line in the file SEEN: ``HOST:PORT``, the host as the client named it.
"""

import asyncio
import sys
from pathlib import Path

import pproxy

from tests.servers.child import announce


async def serve(seen: Path, credentials: str) -> None:
    """Serve until stopped; `credentials` may be empty, which lets everybody in."""
    server = pproxy.Server(f"socks5://127.0.0.1:1/#{credentials}")
    server.port = 0  # its URL parser takes 0 for "no port given"

    def note(event: str) -> None:
        _, opened, target = event.partition(" -> ")
        if opened:
            with seen.open("a") as lines:
                lines.write(f"{target}\n")

    # It remembers who logged in by IP address; a negative age makes it ask each time.
    listener = await server.start_server({"rserver": [], "verbose": note, "authtime": -1})
    announce(listener.sockets[0].getsockname()[1])
    await listener.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), "".join(sys.argv[2:])))
