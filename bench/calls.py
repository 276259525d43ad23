"""One call: `ask` of a client whose session is open, beside the same POST made by hand.

CPU of the whole process, its threads included, because the HTTP library works on threads of its own. Wall time
says little: the mock site takes part of it.
"""

import asyncio
import gc
import importlib.util
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor

from bench.by_hand import TURN, AsyncByHand, ByHand
from bench.processes import in_fresh_process
from bench.rows import Row, compared
from chatdoor import AsyncClient, Client, load_site

ASYNC_MOST = 1.5
BLOCKING_MOST = 2.0

AsyncAsk = Callable[[], Awaitable[object]]
Ask = Callable[[], object]
Pairs = list[tuple[float, float]]


def measure(url: str, rounds: int, calls: int) -> list[Row]:
    """The rows of this part."""
    rows = []
    for at_a_time, most in ((1, ASYNC_MOST), (32, None)):
        for loop in loops():
            pairs = in_fresh_process(async_pairs, url, rounds, calls, at_a_time, loop)
            target = most if loop == "asyncio" else None  # the loop that everybody has
            rows.append(compared("call", f"AsyncClient.ask, {loop}, {at_a_time} at a time", "us CPU", pairs, target))
    pairs = in_fresh_process(blocking_pairs, url, rounds, calls, on_main=True)
    rows.append(compared("call", "Client.ask on the main thread", "us CPU", pairs, BLOCKING_MOST))
    pairs = in_fresh_process(blocking_pairs, url, rounds, calls, on_main=False)
    rows.append(compared("call", "Client.ask on another thread", "us CPU", pairs, BLOCKING_MOST))
    return rows


def loops() -> Sequence[str]:
    """The event loops that are there."""
    return ("asyncio", *(["uvloop"] if importlib.util.find_spec("uvloop") else []))


def run_on(loop: str, main: Coroutine[object, object, Pairs]) -> Pairs:
    """What the coroutine gives, on this event loop."""
    with asyncio.Runner(loop_factory=importlib.import_module(loop).new_event_loop) as runner:
        return runner.run(main)


def async_pairs(url: str, rounds: int, calls: int, at_a_time: int, loop: str) -> Pairs:
    """Microseconds of CPU for a call, ours and by hand, of each round."""

    async def main() -> Pairs:
        async with AsyncClient(load_site("voigpt", url=url)) as client, AsyncByHand(url) as by_hand:
            return [
                (
                    await async_cost(lambda: client.ask(TURN), calls, at_a_time),
                    await async_cost(lambda: by_hand.ask(TURN), calls, at_a_time),
                )
                for _ in range(rounds)
            ]

    return run_on(loop, main())


async def async_cost(ask: AsyncAsk, calls: int, at_a_time: int) -> float:
    """Microseconds of CPU for a call."""

    async def work(count: int) -> None:
        for _ in range(count):
            await ask()

    async def crowd(count: int) -> None:
        await asyncio.gather(*(work(count // at_a_time) for _ in range(at_a_time)))

    await crowd(max(at_a_time, calls // 10))  # connections are open, caches are warm
    gc.collect()
    began = time.process_time()
    await crowd(calls)
    return (time.process_time() - began) / (calls // at_a_time * at_a_time) * 1e6


def blocking_pairs(url: str, rounds: int, calls: int, *, on_main: bool) -> Pairs:
    """The same, blocking. On the main thread chatdoor's waits are done by a helper thread, so that Ctrl-C ends them."""
    if on_main:
        return _blocking_pairs(url, rounds, calls)
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(_blocking_pairs, url, rounds, calls).result()


def _blocking_pairs(url: str, rounds: int, calls: int) -> Pairs:
    by_hand = ByHand(url)
    with Client(load_site("voigpt", url=url)) as client:
        pairs = [(cost(lambda: client.ask(TURN), calls), cost(lambda: by_hand.ask(TURN), calls)) for _ in range(rounds)]
    by_hand.close()
    return pairs


def cost(ask: Ask, calls: int) -> float:
    """Microseconds of CPU for a call."""
    for _ in range(calls // 10):
        ask()
    gc.collect()
    began = time.process_time()
    for _ in range(calls):
        ask()
    return (time.process_time() - began) / calls * 1e6
