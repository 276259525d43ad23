"""`GET /v1/models` and `/v1/models/{id}`: the sites that can be asked."""

from urllib.parse import unquote_to_bytes

import msgspec

from chatdoor.gateway.exchange import Exchange
from chatdoor.gateway.openai.models import model_list
from chatdoor.gateway.state import State


async def some_models(state: State, exchange: Exchange) -> None:
    """Answers with all models that the key is good for."""
    await exchange.answer(200, model_list(state.house.models(exchange.key)))


async def one_model(state: State, exchange: Exchange) -> None:
    """Answers with one model. Its name may hold a slash, as it is or percent-encoded."""
    name = unquote_to_bytes(exchange.tail).decode("utf-8", "replace")
    await exchange.answer(200, msgspec.json.encode(state.house.model(name, exchange.key)))
