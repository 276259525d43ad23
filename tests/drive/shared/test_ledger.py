"""What is claimed on the server, and given back by who leaves."""

import asyncio
from typing import Any

import pytest

from chatdoor import Practice
from chatdoor.drive.asker import Asker
from chatdoor.drive.shared.link import PREFIX
from chatdoor.drive.shared.rows import Rows
from chatdoor.drive.shared.scripts import PUT_KEPT
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


def test_what_was_found_is_free_again_where_a_retry_has_to_look_for_more(redis: RedisServer) -> None:
    """A conversation that was claimed by what was kept with it goes on by its id, for a request with a key, too."""

    async def main(site: Site) -> None:
        async with gateways(redis, site, 1) as (client,):
            reply = await client.ask(talk(["a"]))
            shared = client.visitor.shared
            assert shared is not None
            assert shared.talks is not None
            kept = (-1, 0, "text", 60_000, PREFIX, site.name, reply.conversation or "")
            await shared.talks._link.send(PUT_KEPT, ["k:one"], *kept)
            for key in "xy":
                asker = Asker(key=key, ahead=shared.ahead(None, 5, "k:one"))
                again = await client.ask(talk([key]), conversation=reply.conversation, asker=asker)
                assert (again.conversation, again.fidelity) == (reply.conversation, "native")

    with Practice(history="id") as site:
        asyncio.run(main(site))
