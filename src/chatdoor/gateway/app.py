"""The gateway: every request goes through here, and every failure becomes an answer here."""

import asyncio
import logging
from collections.abc import Awaitable
from functools import partial
from traceback import extract_tb

from chatdoor.errors import ArgumentError, ChatdoorError
from chatdoor.gateway.asker import scope_of
from chatdoor.gateway.body import read_body
from chatdoor.gateway.exchange import Exchange
from chatdoor.gateway.joins import Ask, Joined, Mark, mark_of
from chatdoor.gateway.openai.errors import NO_RETRY, bug, busy, is_unsent, problem_of
from chatdoor.gateway.problem import Problem
from chatdoor.gateway.request import Gone
from chatdoor.gateway.route import Endpoint, Route
from chatdoor.gateway.routes import find_route
from chatdoor.gateway.state import RUNNING_MOST, State

logger = logging.getLogger("chatdoor.gateway")


class Gateway:
    """Answers the requests of one gateway."""

    def __init__(self, state: State) -> None:
        self.state = state

    async def __call__(self, exchange: Exchange) -> None:
        """Answers one request. Ends without a word where the client has left."""
        state = self.state
        exchange.room = state.bodies
        state.running += 1
        try:
            try:
                await _settle(exchange, self._answer)
            finally:
                state.running -= 1
                exchange.give_room_back()
                state.ended(exchange)
        except Exception as error:  # noqa: BLE001 - one where all had been said; asyncio would log its text
            _log_bug(error)

    def _answer(self, exchange: Exchange) -> Awaitable[None]:
        """What answers the request, which is admitted first. Raises Problem."""
        route = self._admit(exchange)
        if route.prompts and (mark := mark_of(exchange.headers)):
            return self._answer_once(exchange, mark, route.endpoint)
        return route.endpoint(self.state, exchange)

    def _admit(self, exchange: Exchange) -> Route:
        """What answers the request, which may be answered. Raises Problem."""
        state, guard = self.state, self.state.guard
        guard.check_source(exchange)
        route = find_route(exchange)
        if (state.running > RUNNING_MOST or state.closing) and not route.always:
            raise busy()
        if not route.open:
            guard.check_key(exchange)
        if route.prompts:
            guard.check_prompt(exchange)
        return route

    async def _answer_once(self, exchange: Exchange, mark: Mark, endpoint: Endpoint) -> None:
        state = self.state
        body = await read_body(exchange, state.conduct.body_bytes)
        asker = scope_of(exchange, state.conduct.user_headers)
        settle = partial(_settle, work=partial(endpoint, state))
        await state.joins.answer(exchange, asker, mark, body, settle)


async def _settle(exchange: Exchange, work: Ask) -> None:
    """Has the work answer, and answers in its place where it does not."""
    try:
        await work(exchange)
    except Gone:
        pass
    except Joined as joined:
        await _settle(exchange, joined.tell)
        _let_go(joined)
    except Problem as problem:
        exchange.unsent = NO_RETRY not in problem.headers
        _note_error(exchange, problem.__cause__)
        await exchange.fail(problem)
        _let_go(problem)
    except ChatdoorError as error:
        exchange.unsent = is_unsent(error)
        _note_error(exchange, error)
        await exchange.fail(problem_of(error, exchange.field))
        _let_go(error)
    except asyncio.CancelledError:
        if not exchange.gone:
            raise
    except Exception as error:  # noqa: BLE001 - a bug of ours must not end the gateway
        _log_bug(error)
        await exchange.fail(bug(asked=bool(exchange.note.site)))


def _let_go(error: BaseException | None) -> None:
    # A frame on the trace holds the error, as it does the prompt: a ring, which would wait for the collector.
    while error is not None and error.__traceback__ is not None:
        error.__traceback__ = None
        error = error.__cause__ or error.__context__


def _log_bug(error: Exception) -> None:
    logger.error("%s at %s, %s", type(error).__name__, *_place(error))  # a trace may show texts


def _note_error(exchange: Exchange, error: BaseException | None) -> None:
    own = isinstance(error, ArgumentError) and error.status == ArgumentError.status
    if isinstance(error, ChatdoorError) and not own:  # else it is the client's
        exchange.note.error = type(error).__name__


def _place(error: Exception) -> tuple[str, int]:
    """File and line. The error's text and the rest of the trace could hold what was said."""
    *_, frame = extract_tb(error.__traceback__)
    return frame.filename, frame.lineno or 0
