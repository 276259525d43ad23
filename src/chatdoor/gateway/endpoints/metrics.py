"""`GET /metrics`: what was counted, by all workers together, as Prometheus reads it.

It holds no text of anybody, and no key.
"""

import asyncio
from typing import Final

from chatdoor.gateway.counts import Counts
from chatdoor.gateway.exchange import Exchange
from chatdoor.gateway.header import header
from chatdoor.gateway.problem import Problem
from chatdoor.gateway.shares import Tallies
from chatdoor.gateway.state import State

METRICS_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
"""Of the text format, which every version of Prometheus reads."""


async def metrics(state: State, exchange: Exchange) -> None:
    """Answers with all metrics. Where there are keys it needs one for all sites, unless the operator opens it."""
    if not state.conduct.open_metrics:
        state.guard.check_key(exchange)
    if exchange.key is not None and exchange.key.sites is not None:
        raise Problem(403, "Metrics are of all sites, and this key is for some.", code="insufficient_permissions")
    page = await asyncio.to_thread(_page, *state.numbers())
    await exchange.answer(200, page, (header(b"content-type", METRICS_TYPE.encode()),))


def _page(counts: Counts, tallies: Tallies, running: int) -> bytes:
    from chatdoor.gateway.exposition import metrics_page  # the library takes 0.1 s to load; not everybody scrapes

    return metrics_page(counts, tallies, running)
