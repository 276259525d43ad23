"""Three gateways behind nginx, with one Redis: many callers, a token that expires, replicas that are killed.

`CALLERS` and `TALKS` are of a size for the test command; `scripts/soak gateways` runs them larger.
"""

import asyncio
import os
import signal
from collections import Counter
from pathlib import Path

import pytest

from chatdoor import AsyncClient, Practice
from chatdoor.errors import ChatdoorError
from chatdoor.practice import site_text
from chatdoor.site import Site
from tests.gateway.shared.replicas import Row, replicas
from tests.servers.nginx import PROGRAM
from tests.servers.redis import RedisServer

CALLERS = int(os.environ.get("SOAK_CALLERS", "1000"))
TALKS = int(os.environ.get("SOAK_TALKS", "24"))
TURNS = int(os.environ.get("SOAK_TURNS", "12"))
KILLS = int(os.environ.get("SOAK_KILLS", "6"))

TRIES = 150
"""How often a caller asks, 0.1 s apart: while kills fall badly, nginx takes all three for dead for some seconds."""

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="nginx is not installed")


def site_file(practice: Practice, folder: Path) -> str:
    """The site's file, where the gateways find it."""
    file = folder / "practice.toml"
    file.write_text(site_text(practice.behaviour, practice.url))
    return str(file)


def test_a_thousand_callers_and_one_refresh(redis: RedisServer, tmp_path: Path) -> None:
    """Of a thousand callers at once whose token has expired all get their answers, and one page was fetched for all."""
    practice = Practice()

    async def main(site: Site) -> None:
        async with AsyncClient(site) as client:
            for number in range(3):
                await client.ask([{"role": "user", "content": f"warm {number}"}])
            assert practice.stats()["tokens"] == 1
            practice.faults(expire=True)
            asked = [client.ask([{"role": "user", "content": f"caller {at}"}]) for at in range(CALLERS)]
            assert all(reply.text for reply in await asyncio.gather(*asked))

    with practice, replicas(tmp_path, 3, "--site", site_file(practice, tmp_path), "--state", redis.url) as row:
        asyncio.run(main(row.site))
        assert practice.stats()["tokens"] == 2
        assert practice.stats()["accepted"] == CALLERS + 3


def test_replicas_are_killed_in_mid_conversation(redis: RedisServer, tmp_path: Path) -> None:
    """Callers whose turn fails ask once more; in the end each turn stands once, in order, in one conversation."""
    practice = Practice(history="id", slow=0.03)
    failures: Counter[str] = Counter()

    async def talk(client: AsyncClient, name: int) -> None:
        messages: list[dict[str, str]] = []
        for turn in range(TURNS):
            messages.append({"role": "user", "content": f"{name}: {turn}"})
            messages.append({"role": "assistant", "content": await answer(client, messages, failures)})

    async def kill(row: Row) -> None:
        for number in range(KILLS):
            replica = row.replicas[number % 3]
            ending = signal.SIGKILL if number % 2 else signal.SIGTERM
            await asyncio.to_thread(replica.stop, ending)
            await asyncio.sleep(0.1)
            await asyncio.to_thread(replica.start)

    async def main(row: Row) -> None:
        async with AsyncClient(row.site) as client:
            await asyncio.gather(kill(row), *(talk(client, name) for name in range(TALKS)))

    with practice, replicas(tmp_path, 3, "--site", site_file(practice, tmp_path), "--state", redis.url) as row:
        asyncio.run(main(row))
        away = any("it counts as away" in log.read_text() for log in tmp_path.glob("*.log"))
        check(practice.heard(), failures, away=away)


async def answer(client: AsyncClient, messages: list[dict[str, str]], failures: Counter[str]) -> str:
    """The reply, asked for again as a person would where it fails; that is counted for the caller."""
    for _ in range(TRIES):
        try:
            return (await client.ask(messages)).text
        except ChatdoorError:
            failures[messages[0]["content"].partition(":")[0]] += 1
            await asyncio.sleep(0.1)
    raise AssertionError(f"no answer after {TRIES} tries")


def check(heard: list[list[str]], failures: Counter[str], *, away: bool) -> None:
    """No conversation has a gap, a turn twice or another caller's turn, and each caller has a whole one.

    A caller has another conversation only for a turn that has failed: nobody knows whether the site had heard that. On
    a machine that was too busy for Redis to answer, gateways have gone on without what the others knew.
    """
    whole, begun = set(), Counter[str]()
    for turns in heard:
        name = turns[0].partition(":")[0]
        assert turns == [f"{name}: {at}" for at in range(len(turns))]
        begun[name] += 1
        if len(turns) == TURNS:
            whole.add(name)
    assert away or all(count <= 1 + failures[name] for name, count in begun.items())
    assert whole == {str(name) for name in range(TALKS)}
