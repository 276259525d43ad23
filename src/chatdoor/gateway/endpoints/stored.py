"""Responses that are kept: `GET` and `DELETE /v1/responses/{id}`, `GET /v1/responses/{id}/input_items`."""

from chatdoor.gateway.endpoints.kept import A_RESPONSE, answer_items, kept_in_path, take_away
from chatdoor.gateway.exchange import Exchange
from chatdoor.gateway.openai.responses import ResponseQuery
from chatdoor.gateway.problem import Problem
from chatdoor.gateway.query import read_query
from chatdoor.gateway.state import State


async def one_response(state: State, exchange: Exchange) -> None:
    """Answers with the response."""
    kept = await kept_in_path(state, exchange, A_RESPONSE)
    if read_query(exchange, ResponseQuery).stream:
        raise Problem(400, "stream: a response that is kept is given whole.", param="stream", code="invalid_value")
    await exchange.answer(200, kept.body)


async def input_items(state: State, exchange: Exchange) -> None:
    """Answers with what was said before the answer of the response."""
    await answer_items(state, exchange, A_RESPONSE)


async def delete_response(state: State, exchange: Exchange) -> None:
    """Takes the response away."""
    await take_away(state, exchange, A_RESPONSE)
