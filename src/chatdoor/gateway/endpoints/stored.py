"""Responses that are kept: `GET` and `DELETE /v1/responses/{id}`, `GET /v1/responses/{id}/input_items`."""

import msgspec

from chatdoor.gateway.asker import scope_of
from chatdoor.gateway.exchange import Exchange
from chatdoor.gateway.history import find, missing
from chatdoor.gateway.openai.conversations import Deleted, ListQuery, page
from chatdoor.gateway.openai.items import ITEMS, RESPONSE
from chatdoor.gateway.openai.responses import ResponseQuery
from chatdoor.gateway.problem import Problem
from chatdoor.gateway.query import read_query
from chatdoor.gateway.shelf import Kept
from chatdoor.gateway.state import State


async def one_response(state: State, exchange: Exchange) -> None:
    """Answers with the response."""
    kept = await _kept(state, exchange)
    if read_query(exchange, ResponseQuery).stream:
        raise Problem(400, "stream: a response that is kept is given whole.", param="stream", code="invalid_value")
    await exchange.answer(200, kept.body)


async def input_items(state: State, exchange: Exchange) -> None:
    """Answers with what was said before the answer of the response."""
    kept = await _kept(state, exchange)
    await exchange.answer(200, page(ITEMS.decode(kept.items), read_query(exchange, ListQuery)))


async def delete_response(state: State, exchange: Exchange) -> None:
    """Takes the response away."""
    kept = await _kept(state, exchange)
    await state.shelf.compare_and_set(kept.id, kept.revision, None)
    await exchange.answer(200, msgspec.json.encode(Deleted(kept.id, "response")))


async def _kept(state: State, exchange: Exchange) -> Kept:
    """The response of the path. Raises Problem (404)."""
    kept_id = exchange.tail.decode("ascii", "replace")
    kept = (
        await find(state.shelf, kept_id, scope_of(exchange, state.conduct.user_headers))
        if kept_id.startswith(RESPONSE)
        else None
    )
    if kept is None:
        raise missing("Response", kept_id, None, None)
    return kept
