"""`GET /v1/chatdoor/state`: how each site is, and what became of the last requests.

A key sees the sites that it may ask, and of the requests its own. With `show_texts` it sees all requests to those
sites, prompts and replies among them.
"""

import time
from typing import Final

import msgspec

from chatdoor.drive.async_client import AsyncClient
from chatdoor.flow.excerpt import mask
from chatdoor.gateway.exchange import JSON, Exchange
from chatdoor.gateway.header import header
from chatdoor.gateway.recent import TEXT_MOST, History, Past
from chatdoor.gateway.state import State
from chatdoor.gateway.ways_out import way_out

ROWS: Final = 50
"""The most requests that are told."""

NO_STORE: Final = (*JSON, header(b"cache-control", b"no-store"))


class Fault(msgspec.Struct, frozen=True):
    """The last fault of a site. The message is empty where it was told to somebody else."""

    at: float
    status: int
    code: str | None
    message: str
    way_out: str


class Took(msgspec.Struct, frozen=True):
    """How long one request took, in milliseconds."""

    ms: int
    fault: bool


class SiteState(msgspec.Struct, frozen=True):
    """How a site is: `unasked`, `ready` or `failing`. `session_age` is in seconds, None where no session is open."""

    name: str
    models: list[str]
    remembers: bool
    state: str
    session_age: int | None
    requests: int
    faults: int
    fault: Fault | None
    took: list[Took]


class Row(msgspec.Struct, frozen=True):
    """A request that is over. Times are seconds since 1970 and milliseconds."""

    at: float
    site: str
    model: str
    status: int
    ms: int
    first_ms: int | None
    conversation: str | None
    code: str | None
    message: str
    way_out: str
    prompt: str
    reply: str


class Told(msgspec.Struct, frozen=True):
    """All of it. `keys`: a key is needed; `texts`: those of others are told. `now` is in seconds since 1970."""

    now: float
    keys: bool
    texts: bool
    sites: list[SiteState]
    requests: list[Row]


async def site_states(state: State, exchange: Exchange) -> None:
    """Answers with what the key may see."""
    key, texts = exchange.key, state.conduct.show_texts
    scope = key.scope if key else ""
    sites, rows, recent = [], [], state.histories()
    for name, client in state.house.sites.items():
        if key is None or key.may_ask(name):
            history = recent.of(name)
            sites.append(_site(name, state.house.names_of(name), client, history, scope=None if texts else scope))
            secrets = client.visitor.hidden
            rows += [_row(name, past, secrets) for past in history.last if texts or past.scope == scope]
    rows.sort(key=lambda row: row.at, reverse=True)
    told = Told(time.time(), bool(state.guard.keys), texts, sites, rows[:ROWS])
    await exchange.answer(200, msgspec.json.encode(told), NO_STORE)


def _site(name: str, models: list[str], client: AsyncClient, history: History, *, scope: str | None) -> SiteState:
    """How a site is; the message of its fault only for the scope that it was told to (None: for all)."""
    opened = client.visitor.opened
    return SiteState(
        name,
        models,
        client.site.remembers,
        "failing" if history.failing else "ready" if history.requests else "unasked",
        None if opened is None else max(0, int(time.time() - opened)),
        history.requests,
        history.faults,
        _fault(history.fault, client.visitor.hidden, scope) if history.fault else None,
        [Took(_ms(past.took), past.fault) for past in history.last],
    )


def _fault(past: Past, secrets: frozenset[str], scope: str | None) -> Fault:
    shown = scope is None or past.scope == scope
    return Fault(past.at, past.status, past.code, mask(past.message, secrets) if shown else "", way_out(past.code))


def _row(site: str, past: Past, secrets: frozenset[str]) -> Row:
    return Row(
        past.at,
        site,
        past.model,
        past.status,
        _ms(past.took),
        None if past.first is None else _ms(past.first),
        past.conversation,
        past.code,
        mask(past.message, secrets),
        way_out(past.code),
        _shown(past.prompt, secrets),
        _shown(past.reply, secrets),
    )


def _shown(text: str, secrets: frozenset[str]) -> str:
    """A kept text. A word that the limit has cut is left out: half a secret would not be known as one."""
    whole = text if len(text) < TEXT_MOST else text.rsplit(None, 1)[0]
    return mask(whole, secrets)


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
