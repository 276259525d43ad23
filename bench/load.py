"""A load client: so many connections, each asking again as soon as it has its answer. Counts, and times first chunks.

`python -m bench.load PORT CONNECTIONS REQUESTS [sdk] < BODY` prints what it saw as JSON; with `sdk`, requests have the
headers of the official client. Its own cost is not measured, so
it is simple: one request after the other on a connection, bodies by length or by chunks.
"""

import asyncio
import json
import sys
import time
from statistics import median

from bench.processes import pin

PATH = "/v1/chat/completions"
KEY = "sk-bench"
SDK = (
    "Accept: application/json\r\nAccept-Encoding: gzip, deflate\r\nConnection: keep-alive\r\n"
    "User-Agent: OpenAI/Python 2.8.0\r\nX-Stainless-Arch: x64\r\nX-Stainless-Async: false\r\n"
    "X-Stainless-Lang: python\r\nX-Stainless-OS: Linux\r\nX-Stainless-Package-Version: 2.8.0\r\n"
    "X-Stainless-Read-Timeout: 600\r\nX-Stainless-Retry-Count: 0\r\nX-Stainless-Runtime: CPython\r\n"
    "X-Stainless-Runtime-Version: 3.11.7\r\n"
)
"""What the official client for Python says of itself. The retry count makes a request one that can be joined."""

LAST_CHUNK = b"0\r\n\r\n"


class Asker(asyncio.Protocol):
    """One connection. `left` is a list with the number of requests that are left for all of them."""

    def __init__(self, request: bytes, left: list[int], done: "asyncio.Future[None]") -> None:
        self._request = request
        self._left = left
        self._done = done
        self.firsts: list[float] = []
        self.chunks = 0
        self.problem: str | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asks."""
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport
        self._ask()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing more comes."""
        if not self._done.done():
            self.problem = f"the connection was lost: {exc}"
            self._done.set_result(None)

    def data_received(self, data: bytes) -> None:
        """Reads on; asks again where the answer is whole."""
        self._received += data
        if not self.firsts or self._waiting:
            head, there, body = self._received.partition(b"\r\n\r\n")
            if not there or not body:
                return
            self.firsts.append(time.perf_counter() - self._began)
            self._waiting = False
            if not head.startswith(b"HTTP/1.1 200"):
                self.problem = self._received[:300].decode("latin-1")
                self._finish()
                return
        if self._is_whole():
            self.chunks += self._received.count(b'"content":')
            self._ask()

    def _is_whole(self) -> bool:
        head, _, body = self._received.partition(b"\r\n\r\n")
        _, sized, rest = head.lower().partition(b"content-length:")
        return len(body) >= int(rest.partition(b"\r\n")[0]) if sized else body.endswith(LAST_CHUNK)

    def _ask(self) -> None:
        if not self._left[0]:
            self._finish()
            return
        self._left[0] -= 1
        self._received, self._waiting, self._began = b"", True, time.perf_counter()
        self._transport.write(self._request)

    def _finish(self) -> None:
        self._done.set_result(None)
        self._transport.close()


async def load(port: int, connections: int, requests: int, body: bytes, headers: str = "") -> dict[str, object]:
    """What was seen: requests answered, seconds, chunks with text, the median time to the first byte of a body."""
    loop = asyncio.get_running_loop()
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {KEY}\r\n"
        f"{headers}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    left, askers, ends, began = [requests], [], [], time.perf_counter()
    for _ in range(connections):
        ends.append(loop.create_future())
        asker = Asker(head.encode() + body, left, ends[-1])
        askers.append(asker)
        await loop.create_connection(lambda asker=asker: asker, "127.0.0.1", port)  # type: ignore[misc]
    await asyncio.gather(*ends)
    if problem := next((asker.problem for asker in askers if asker.problem), None):
        raise RuntimeError(problem)
    firsts = [first for asker in askers for first in asker.firsts]
    return {
        "requests": len(firsts),
        "seconds": time.perf_counter() - began,
        "chunks": sum(asker.chunks for asker in askers),
        "first_ms": median(firsts) * 1000,
    }


if __name__ == "__main__":
    pin(-1)
    port, connections, requests = (int(argument) for argument in sys.argv[1:4])
    headers = SDK if sys.argv[4:] == ["sdk"] else ""
    print(json.dumps(asyncio.run(load(port, connections, requests, sys.stdin.buffer.read(), headers))))
