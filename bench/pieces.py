"""A streamed reply: CPU for each piece, beside reading chunks by hand.

The pieces leave the mock site one millisecond apart, so that each arrives by itself. On an event loop, eight streams
run at a time; blocking, one.
"""

import asyncio
import gc
import time
from collections.abc import AsyncIterable, Callable, Iterable

from bench.by_hand import TURN, AsyncByHand, ByHand
from bench.calls import Pairs, loops, run_on
from bench.mock_site import PIECES
from bench.processes import in_fresh_process
from bench.rows import Row, compared
from chatdoor import AsyncClient, Client, Site
from chatdoor.site import loads_site

AT_A_TIME = 8

SITE = """
schema = 1
name = "streamed"
url = "{url}"
extends = "django"
chat.post = "{path}"
chat.json = {{ messages = "{{messages}}" }}
reply.sse = "delta"
reply.done = "[DONE]"
"""


def stream_site(url: str, path: str = "/long/") -> Site:
    """The mock site's streamed half."""
    return loads_site(SITE.format(url=url, path=path))


def measure(url: str, rounds: int, _calls: int) -> list[Row]:
    """The rows of this part."""
    rows = [
        compared("piece", f"AsyncClient.stream, {loop}", "us CPU", in_fresh_process(async_pairs, url, rounds, loop))
        for loop in loops()
    ]
    pairs = in_fresh_process(blocking_pairs, url, rounds)
    return [*rows, compared("piece", "Client.stream on the main thread", "us CPU", pairs)]


def async_pairs(url: str, rounds: int, loop: str) -> Pairs:
    """Microseconds of CPU for a piece, ours and by hand, of each round."""

    async def main() -> Pairs:
        async with AsyncClient(stream_site(url)) as client, AsyncByHand(url) as by_hand:
            return [
                (await async_cost(lambda: client.stream(TURN)), await async_cost(lambda: by_hand.stream(TURN)))
                for _ in range(rounds)
            ]

    return run_on(loop, main())


async def async_cost(stream: Callable[[], AsyncIterable[object]]) -> float:
    """Microseconds of CPU for a piece."""

    async def read() -> int:
        return len([piece async for piece in stream()])

    await read()  # connections are open, caches are warm
    gc.collect()
    began = time.process_time()
    counts = await asyncio.gather(*(read() for _ in range(AT_A_TIME)))
    used = time.process_time() - began
    if set(counts) != {PIECES}:
        raise RuntimeError(f"expected {PIECES} pieces of each stream, got {counts}")
    return used / sum(counts) * 1e6


def blocking_pairs(url: str, rounds: int) -> Pairs:
    """The same, blocking, where each piece is fetched by a helper thread, so that Ctrl-C ends a wait."""
    by_hand = ByHand(url)
    with Client(stream_site(url)) as client:
        pairs = [(cost(lambda: client.stream(TURN)), cost(lambda: by_hand.stream(TURN))) for _ in range(rounds)]
    by_hand.close()
    return pairs


def cost(stream: Callable[[], Iterable[object]]) -> float:
    """Microseconds of CPU for a piece."""
    gc.collect()
    began = time.process_time()
    count = len(list(stream()))
    used = time.process_time() - began
    if count != PIECES:
        raise RuntimeError(f"expected {PIECES} pieces, got {count}")
    return used / count * 1e6
