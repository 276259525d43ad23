"""`GET /livez`, `/readyz`, `/health`: whether the gateway runs, and whether it takes requests."""

from chatdoor.gateway.exchange import Exchange
from chatdoor.gateway.state import State

OK = b'{"status":"ok"}'


async def live(_state: State, exchange: Exchange) -> None:
    """Answers that the gateway runs."""
    await exchange.answer(200, OK)


async def ready(_state: State, exchange: Exchange) -> None:
    """Answers that the gateway takes requests. One that is about to end answers 503 before it comes here."""
    await exchange.answer(200, OK)
