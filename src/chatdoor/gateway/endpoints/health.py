"""`GET /livez`, `/readyz`, `/health`: whether the gateway runs, whether it takes requests, how its sites are."""

import time
from typing import Final, Literal

import msgspec

from chatdoor._version import __version__
from chatdoor.drive.async_client import AsyncClient
from chatdoor.gateway.counts import Failure
from chatdoor.gateway.exchange import Exchange
from chatdoor.gateway.openai.errors import BUSY
from chatdoor.gateway.state import State


class Alive(msgspec.Struct, frozen=True):
    """It is."""

    status: Literal["ok"] = "ok"


OK: Final = msgspec.json.encode(Alive())


class SiteHealth(msgspec.Struct, frozen=True, kw_only=True):
    """A site. `session_age` is in seconds, None where no session is kept; `failure` is of the last call that failed."""

    status: Literal["ok", "failing"]
    session_age: float | None
    failure: Failure | None


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """The gateway. `state` is that of what several gateways share, None where nothing is.

    `sites` are those that the asking key may see; None where a key is needed and not there.
    """

    status: Literal["ok", "closing"]
    version: str
    running: int
    state: Literal["ok", "away"] | None
    sites: dict[str, SiteHealth] | None


async def live(_state: State, exchange: Exchange) -> None:
    """Answers that the gateway runs."""
    await exchange.answer(200, OK)


async def ready(state: State, exchange: Exchange) -> None:
    """Answers that the gateway takes requests, or 503 where it is about to end, or can not do without what is away."""
    if state.closing or not state.able:
        await exchange.fail(BUSY)
    else:
        await exchange.answer(200, OK)


async def health(state: State, exchange: Exchange) -> None:
    """Answers how the gateway and its sites are."""
    known, key = state.guard.knows(exchange), exchange.key
    seen = {name: client for name, client in state.house.sites.items() if key is None or key.may_ask(name)}
    told = Health(
        status="closing" if state.closing else "ok",
        version=__version__,
        running=state.running,
        state=None if state.shared is None else "away" if state.shared.link.problem else "ok",
        sites={name: _site(state, client) for name, client in seen.items()} if known else None,
    )
    await exchange.answer(200, msgspec.json.encode(told))


def _site(state: State, client: AsyncClient) -> SiteHealth:
    session, failure = client.visitor.sessions.current, state.counts.failing.get(client.site.name)
    return SiteHealth(
        status="failing" if failure else "ok",
        session_age=round(time.time() - session.opened, 1) if session else None,
        failure=failure,
    )
