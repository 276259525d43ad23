"""`POST /v1/responses`: a reply of a site as a response, whole or streamed, which later ones can go on from."""

import time
from contextlib import aclosing
from functools import partial
from typing import Final

import msgspec

from chatdoor.drive.gate import Ahead
from chatdoor.gateway.asker import asker_of, scope_of
from chatdoor.gateway.body import Form, decode, read_body
from chatdoor.gateway.ending import Ending
from chatdoor.gateway.events import Events
from chatdoor.gateway.exchange import JSON, Exchange
from chatdoor.gateway.history import Meant, Turn, find_all, find_past, find_references, keep, meant_by
from chatdoor.gateway.house import Served
from chatdoor.gateway.ids import secret_id
from chatdoor.gateway.openai.ignored import RESPONSES
from chatdoor.gateway.openai.items import RESPONSE, read_items, told
from chatdoor.gateway.openai.response_events import ResponseEvents
from chatdoor.gateway.openai.responses import Response, ResponseRequest, begin, finish
from chatdoor.gateway.problem import Problem
from chatdoor.gateway.question import Answered, Question, Talk
from chatdoor.gateway.said import of_answers, of_talks
from chatdoor.gateway.side_requests import aside_of, is_marked
from chatdoor.gateway.state import State
from chatdoor.gateway.terms import make_terms, tell_left
from chatdoor.messages import parse_messages


class _Call(msgspec.Struct, frozen=True):
    """One request on its way to its response."""

    question: Question
    turn: Turn
    response: Response
    store: bool


REQUEST: Final = Form(ResponseRequest)


async def responses(state: State, exchange: Exchange) -> None:
    """Answers with a response."""
    exchange.field = "input"
    request = decode(await read_body(exchange, state.conduct.body_bytes), REQUEST)
    if state.shared is not None and exchange.ending is None:
        exchange.ending = Ending()
    call = await _call(state, exchange, request)
    exchange.watch()
    if request.stream:
        await _stream(state, exchange, call)
    else:
        await _whole(state, exchange, call)


async def _call(state: State, exchange: Exchange, request: ResponseRequest) -> _Call:
    """What is asked of the site, and what stands before. Raises Problem."""
    served = state.house.find(request.model, exchange.key)
    meant = meant_by(request, served.site)
    ahead = _ahead(exchange, served, meant) if _goes_on(exchange, meant) else None
    try:
        return await _call_of(state, exchange, request, served, meant=meant, ahead=ahead)
    except BaseException:
        if ahead is not None and (shared := served.client.visitor.shared) is not None:
            shared.give_up(ahead)
        raise


def _goes_on(exchange: Exchange, meant: Meant) -> bool:
    """True where it goes on from what is kept: then its text alone makes it no side request."""
    return bool(meant.ids) and not is_marked(exchange.headers)


def _ahead(exchange: Exchange, served: Served, meant: Meant) -> Ahead | None:
    """What is asked of the other gateways before it is known what was said.

    Where the site remembers, the conversation has to be known by then: what the request goes on from was kept with it.
    """
    visitor = served.client.visitor
    if visitor.shared is None or (served.site.remembers and meant.past is None):
        return None
    from chatdoor.gateway.shared.shelf import name_of

    kept = None if meant.past is None else name_of(meant.past)
    return visitor.shared.ahead(exchange.gate, visitor.total(None), kept)


async def _call_of(
    state: State,
    exchange: Exchange,
    request: ResponseRequest,
    served: Served,
    *,
    meant: Meant,
    ahead: Ahead | None,
) -> _Call:
    turn, left = await _turn(state, exchange, request, served, meant)
    messages = parse_messages(told(turn.told, request.instructions))
    aside = None if _goes_on(exchange, meant) else aside_of(state, exchange, served, messages)
    if aside:
        served, turn = aside, turn.apart
    terms = make_terms(request, request.limits, served, state.conduct)
    tell_left(exchange, left + RESPONSES.named(request) + request.shapes + terms.left, state.conduct)
    question = Question(
        served=served,
        messages=messages,
        sampling=terms.sampling,
        conversation=turn.past.talk,
        asker=asker_of(exchange, state.conduct.user_headers, turn.past.chat, ahead),
        aside=aside is not None,
        stops=terms.stops,
        most_tokens=terms.most_tokens,
        note=exchange.note,
    )
    response = begin(request, secret_id(RESPONSE), int(time.time()), terms.sampling)
    return _Call(question, turn, response, request.store is not False)


async def _turn(
    state: State, exchange: Exchange, request: ResponseRequest, served: Served, meant: Meant
) -> tuple[Turn, list[str]]:
    """What was said and what is new, and the names of what of it is no message. Raises Problem."""
    scope, site = scope_of(exchange, state.conduct.user_headers), served.site
    kept = await find_all(state.shelf, meant.ids, scope)
    past = find_past(kept, exchange, request, site)
    news, left = read_items(request.input, find_references(kept, request.input))
    turn = Turn(past, news, scope, site.name)
    if next((item.role for item in reversed(turn.told) if item.role in {"user", "assistant"}), None) != "user":
        raise Problem(400, "input: there is no message from the user after the last answer.", param="input",
                      code="invalid_value")  # fmt: skip
    return turn, left


async def _whole(state: State, exchange: Exchange, call: _Call) -> None:
    answered = await call.question.ask()
    response = await _finish(state, exchange, call, answered)
    await exchange.answer(
        200, msgspec.json.encode(response), (*JSON, *of_answers([answered], aside=call.question.aside))
    )


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
        response = await _finish(state, exchange, call, talk.answered)
        await events.end(frames.closing(response) if begun else frames.opening() + frames.closing(response))


async def _finish(state: State, exchange: Exchange, call: _Call, answered: Answered) -> Response:
    """The whole response, kept where it is to be kept, or by the time when the last of it is sent."""
    response = finish(call.response, answered.text, answered.finish, answered.usage, int(time.time()))
    talk = None if call.question.aside else answered.conversation
    for kept in keep(state.shelf, call.turn, response, talk, store=call.store):
        if exchange.ending is None:
            await kept
        else:
            exchange.ending.need(kept)
    return response
