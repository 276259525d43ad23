"""What a visitor has done, in numbers: the same for both drivers."""

import asyncio
from collections.abc import Callable

import pytest

from chatdoor.drive.async_client import AsyncClient
from chatdoor.drive.client import Client
from chatdoor.drive.tally import Tally
from chatdoor.errors import RateLimited
from chatdoor.practice import Practice
from chatdoor.site import Site

HELLO = [{"role": "user", "content": "Hello"}]


def ask_blocking(site: Site, times: int, **options: float) -> Tally:
    """The tally after so many calls of the blocking client."""
    with Client(site, **options) as client:  # type: ignore[arg-type]
        for _ in range(times):
            client.ask(HELLO)
        return client.visitor.tally


def ask_async(site: Site, times: int, **options: float) -> Tally:
    """The tally after so many calls of the async client."""

    async def main() -> Tally:
        async with AsyncClient(site, **options) as client:  # type: ignore[arg-type]
            for _ in range(times):
                await client.ask(HELLO)
            return client.visitor.tally

    return asyncio.run(main())


@pytest.fixture(params=[ask_blocking, ask_async], ids=["blocking", "async"])
def ask(request: pytest.FixtureRequest) -> Callable[..., Tally]:
    """A driver."""
    driver: Callable[..., Tally] = request.param
    return driver


def test_sessions_are_counted(ask: Callable[..., Tally]) -> None:
    """One for all calls; another where the site lets the first one expire."""
    with Practice() as site:
        assert ask(site, 3).sessions_opened == 1
    with Practice(expire_every=1) as site:
        assert ask(site, 2).sessions_opened == 2


def test_a_renewed_session_is_no_new_one() -> None:
    """A token that expires within a conversation is renewed, and that is counted by itself."""
    practice = Practice(history="session")
    with practice as site, Client(site) as client:
        reply = client.ask(HELLO)
        practice.faults(expire=True)
        client.ask(HELLO, conversation=reply.conversation)
        tally = client.visitor.tally
    assert (tally.sessions_opened, tally.sessions_refreshed) == (1, 1)


def test_waits_for_the_pace_are_counted(ask: Callable[..., Tally]) -> None:
    """With one call at a time and one in a second, each call after the first waits for most of one."""
    with Practice() as site:
        tally = ask(site, 3, concurrency=1, per_minute=60)
    assert tally.waits == 2
    assert 0.5 < tally.wait_seconds < 3


def test_waits_that_a_site_asks_for_are_counted(ask: Callable[..., Tally]) -> None:
    """An answer with Retry-After is one, also where the call can not wait for so long."""
    with Practice(limit_every=1, retry_after=600) as site, Client(site) as client, pytest.raises(RateLimited):
        client.ask(HELLO)
    assert client.visitor.tally.waits_asked == 1
    with Practice(limit_every=2, retry_after=1) as site:
        assert ask(site, 2).waits_asked == 1
