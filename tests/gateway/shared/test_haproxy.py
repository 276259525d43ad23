"""Two gateways behind a real HAProxy, by the file that we deliver for it."""

import asyncio
import signal
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import pytest

from chatdoor import AsyncClient
from chatdoor.errors import ChatdoorError
from chatdoor.practice import Practice
from tests.gateway.shared.replicas import Row, replicas
from tests.gateway.shared.test_three_gateways import site_file
from tests.servers.haproxy import PROGRAM, haproxy
from tests.servers.redis import RedisServer

CALLERS = 200
TURNS = 3

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="haproxy is not installed")


def test_two_hundred_callers_and_a_restart(redis: RedisServer, tmp_path: Path) -> None:
    """Streams and whole answers come through while a gateway is restarted: each turn once, in one conversation."""
    practice = Practice(history="id", slow=0.02)
    failures: Counter[str] = Counter()

    async def said(client: AsyncClient, messages: list[dict[str, str]], *, streamed: bool) -> str:
        for _ in range(50):
            try:
                if not streamed:
                    return (await client.ask(messages)).text
                async with client.stream(messages) as pieces:
                    return "".join([piece.text async for piece in pieces])
            except ChatdoorError:  # a gateway that is about to end takes nothing more
                failures[messages[0]["content"].partition(":")[0]] += 1
                await asyncio.sleep(0.1)
        raise AssertionError("no answer after 50 tries")

    async def talk(client: AsyncClient, name: int) -> None:
        messages: list[dict[str, str]] = []
        for turn in range(TURNS):
            messages.append({"role": "user", "content": f"{name}: {turn}"})
            text = await said(client, messages, streamed=bool(name % 2))
            messages.append({"role": "assistant", "content": text})

    async def restart(row: Row) -> None:
        await asyncio.sleep(0.2)
        assert await asyncio.to_thread(row.replicas[0].stop, signal.SIGTERM) == 0
        await asyncio.to_thread(row.replicas[0].start)

    async def main(row: Row) -> None:
        async with AsyncClient(row.site) as client:
            await asyncio.gather(restart(row), *(talk(client, name) for name in range(CALLERS)))

    with practice, ExitStack() as stack:
        options = ("--site", site_file(practice, tmp_path), "--state", redis.url)
        row = stack.enter_context(replicas(tmp_path, 2, *options, balance=haproxy))
        asyncio.run(main(row))
        begun = Counter(turns[0].partition(":")[0] for turns in practice.heard())
        assert all(count <= 1 + failures[name] for name, count in begun.items())
        wanted = {str(name): [f"{name}: {turn}" for turn in range(TURNS)] for name in range(CALLERS)}
        assert all(turns == wanted[turns[0].partition(":")[0]][: len(turns)] for turns in practice.heard())
        assert sum(len(turns) == TURNS for turns in practice.heard()) == CALLERS
