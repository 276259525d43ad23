"""`POST /v1/responses`: a reply of a site as a response, whole or streamed, which later ones can go on from."""

import time
from contextlib import aclosing
from functools import partial

import msgspec

from chatdoor.gateway.asker import asker_of, scope_of
from chatdoor.gateway.body import decode, read_body
from chatdoor.gateway.events import Events
from chatdoor.gateway.exchange import JSON, Exchange
from chatdoor.gateway.history import Turn, find_past, find_references, keep
from chatdoor.gateway.house import Served
from chatdoor.gateway.ids import secret_id
from chatdoor.gateway.openai.ignored import RESPONSES
from chatdoor.gateway.openai.items import RESPONSE, read_items, told
from chatdoor.gateway.openai.response_events import ResponseEvents
from chatdoor.gateway.openai.responses import RESPONSE_REQUEST, Response, ResponseRequest, begin, finish
from chatdoor.gateway.problem import Problem
from chatdoor.gateway.question import Answered, Question, Talk
from chatdoor.gateway.said import of_answers, of_talks
from chatdoor.gateway.shelf import Shelf
from chatdoor.gateway.state import State
from chatdoor.gateway.terms import make_terms, tell_left
from chatdoor.messages import parse_messages


class _Call(msgspec.Struct, frozen=True):
    """One request on its way to its response."""

    question: Question
    turn: Turn
    response: Response
    store: bool


async def responses(state: State, exchange: Exchange) -> None:
    """Answers with a response."""
    exchange.field = "input"
    request = decode(await read_body(exchange, state.conduct.body_bytes), RESPONSE_REQUEST)
    call = await _call(state, exchange, request)
    exchange.watch()
    if request.stream:
        await _stream(state, exchange, call)
    else:
        await _whole(state, exchange, call)


async def _call(state: State, exchange: Exchange, request: ResponseRequest) -> _Call:
    """What is asked of the site, and what stands before. Raises Problem."""
    served = state.house.find(request.model, exchange.key)
    turn, left = await _turn(state, exchange, request, served)
    terms = make_terms(request, request.limits, served, state.conduct)
    tell_left(exchange, left + RESPONSES.named(request) + request.shapes + terms.left, state.conduct)
    question = Question(
        served=served,
        messages=parse_messages(told(turn.told, request.instructions)),
        sampling=terms.sampling,
        conversation=turn.past.talk,
        asker=asker_of(exchange, state.conduct.user_headers),
        stops=terms.stops,
        most_tokens=terms.most_tokens,
        note=exchange.note,
    )
    response = begin(request, secret_id(RESPONSE), int(time.time()), terms.sampling)
    return _Call(question, turn, response, request.store is not False)


async def _turn(state: State, exchange: Exchange, request: ResponseRequest, served: Served) -> tuple[Turn, list[str]]:
    """What was said and what is new, and the names of what of it is no message. Raises Problem."""
    scope, site, shelf = scope_of(exchange, state.conduct.user_headers), served.site, state.shelf
    past = await find_past(shelf, exchange, request, site, scope)
    news, left = read_items(request.input, await find_references(shelf, scope, request.input))
    turn = Turn(past, news, scope, site.name)
    if next((item.role for item in reversed(turn.told) if item.role in {"user", "assistant"}), None) != "user":
        raise Problem(400, "input: there is no message from the user after the last answer.", param="input",
                      code="invalid_value")  # fmt: skip
    return turn, left


async def _whole(state: State, exchange: Exchange, call: _Call) -> None:
    answered = await call.question.ask()
    response = await _finish(state.shelf, call, answered)
    await exchange.answer(200, msgspec.json.encode(response), (*JSON, *of_answers([answered])))


async def _stream(state: State, exchange: Exchange, call: _Call) -> None:
    frames = ResponseEvents(call.response)
    talk = Talk(call.question)
    exchange.error_frame = frames.failure
    headers = partial(of_talks, [talk])
    begun = False
    async with Events(exchange, headers, state.conduct.heartbeat) as events, aclosing(talk.texts()) as texts:
        async for text in texts:
            await events.send(frames.delta(text) if begun else frames.opening() + frames.delta(text))
            begun = True
        response = await _finish(state.shelf, call, talk.answered)
        await events.end(frames.closing(response) if begun else frames.opening() + frames.closing(response))


async def _finish(shelf: Shelf, call: _Call, answered: Answered) -> Response:
    """The whole response, kept where it is to be kept."""
    response = finish(call.response, answered.text, answered.finish, answered.usage, int(time.time()))
    await keep(shelf, call.turn, response, answered.conversation, store=call.store)
    return response
