"""10,000 calls leave memory and open files where they were."""

import asyncio
import gc
import os
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from bench.by_hand import TURN
from bench.pieces import stream_site
from bench.processes import in_fresh_process
from bench.rows import Row
from chatdoor import AsyncClient, Client, load_site

CALLS = 10_000
WARM_UP = CALLS
"""Calls before the first look: pools are filled, and the allocator has given back what it gives back late."""

MOST_BYTES = 100.0
"""A call that keeps anything keeps more: the smallest object of Python has 16 bytes, a string 49, a message list 200.
What the allocator itself moves about is a few dozen."""

MOST_FILES = 0

Growth = tuple[float, float]
"""Bytes of memory for a call, and open files."""


def measure(url: str, _rounds: int, _calls: int) -> list[Row]:
    """The rows of this part: none where the platform does not tell."""
    if resident() is None:
        return []
    rows = []
    for what, grow in _WAYS.items():
        growth, files = in_fresh_process(grow, url)
        rows.append(Row(part="leak", what=f"memory, {what}", unit="bytes a call", ours=growth, most=MOST_BYTES))
        rows.append(Row(part="leak", what=f"open files, {what}", unit="more than before", ours=files, most=MOST_FILES))
    return rows


def blocking_growth(url: str) -> Growth:
    """What `Client.ask` leaves behind."""
    with Client(load_site("voigpt", url=url)) as client:
        return growth_of(lambda count: _times(lambda: client.ask(TURN), count))


def blocking_stream_growth(url: str) -> Growth:
    """What `Client.stream` leaves behind, every other stream closed before its end."""
    with Client(stream_site(url, "/short/")) as client:

        def stream() -> None:
            for whole in (True, False):
                with client.stream(TURN) as pieces:
                    next(pieces)
                    for _ in pieces if whole else ():
                        pass

        return growth_of(lambda count: _times(stream, count // 2))


def async_growth(url: str) -> Growth:
    """What `AsyncClient.ask` leaves behind."""
    with asyncio.Runner() as runner:
        client = AsyncClient(load_site("voigpt", url=url))
        found = growth_of(lambda count: runner.run(_times_async(lambda: client.ask(TURN), count)))
        runner.run(client.close())
        return found


def async_stream_growth(url: str) -> Growth:
    """What `AsyncClient.stream` leaves behind, every other stream closed before its end."""
    with asyncio.Runner() as runner:
        client = AsyncClient(stream_site(url, "/short/"))

        async def stream() -> None:
            for whole in (True, False):
                async with client.stream(TURN) as pieces:
                    async for _ in pieces:
                        if not whole:
                            break

        found = growth_of(lambda count: runner.run(_times_async(stream, count // 2)))
        runner.run(client.close())
        return found


_WAYS: Mapping[str, Callable[[str], Growth]] = {
    f"{CALLS} x Client.ask": blocking_growth,
    f"{CALLS} x AsyncClient.ask": async_growth,
    f"{CALLS} x Client.stream": blocking_stream_growth,
    f"{CALLS} x AsyncClient.stream": async_stream_growth,
}


def growth_of(run: Callable[[int], object]) -> Growth:
    """What CALLS calls leave behind."""
    run(WARM_UP)
    gc.collect()
    memory, files = resident() or 0, open_files()
    run(CALLS)
    gc.collect()
    return ((resident() or 0) - memory) / CALLS, open_files() - files


def resident() -> int | None:
    """Bytes of its own that this process has in memory, None where the platform does not tell.

    Pages of files are left out: the system takes them away and brings them back as it likes.
    """
    try:
        _, pages, of_files, *_ = map(int, Path("/proc/self/statm").read_text("ascii").split())
    except OSError:
        return None
    return (pages - of_files) * os.sysconf("SC_PAGE_SIZE")


def open_files() -> int:
    """How many files and sockets are open."""
    return len(list(Path("/proc/self/fd").iterdir()))


def _times(work: Callable[[], object], count: int) -> None:
    for _ in range(count):
        work()


async def _times_async(work: Callable[[], Awaitable[object]], count: int) -> None:
    for _ in range(count):
        await work()
