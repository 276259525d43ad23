"""What is claimed on the server, and given back by who leaves."""

import asyncio
from typing import Any

import pytest

from chatdoor import Practice
from chatdoor.drive.shared.rows import Rows
from chatdoor.site import Site
from tests.drive.shared.test_gateways import gateways, talk
from tests.servers.redis import RedisServer


def test_who_leaves_while_it_claims_by_itself(redis: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A conversation that was found by the rest of its list is free again, and goes on with who asks next."""
    put = Rows.put

    def put_and_leave(rows: Rows, *how: Any) -> "asyncio.Future[Any]":
        sent = put(rows, *how)
        if (new := how[2]) is not None and new.claimant and (asking := asyncio.current_task()) is not None:
            asyncio.get_running_loop().call_soon(asking.cancel)
        return sent

    async def main(site: Site) -> None:
        async with gateways(redis, site, 1) as (client,):
            said: list[str] = []
            for text in "abcd":
                said.append(text)
                said.append((await client.ask(talk(said))).text)
            trimmed = talk([*said[2:], "e"])
            with monkeypatch.context() as patch:
                patch.setattr(Rows, "put", put_and_leave)
                with pytest.raises(asyncio.CancelledError):
                    await asyncio.create_task(client.ask(trimmed))
            await asyncio.sleep(0.05)  # nobody waits for what is given back
            assert (await client.ask(trimmed)).fidelity == "native"

    with Practice(history="id") as site:
        asyncio.run(main(site))
