"""One posted prompt: refused, failed on purpose, or answered."""

from msgspec.structs import replace

from chatdoor.errors import ArgumentError
from chatdoor.practice.behaviour import Behaviour
from chatdoor.practice.eliza import reply
from chatdoor.practice.page import forbidden_page, server_error_page
from chatdoor.practice.prompts import read_said
from chatdoor.practice.replies import compose, cut_short
from chatdoor.practice.state import State
from chatdoor.practice.tokens import CARRIERS, VISITOR_COOKIE, refusal, token_headers
from chatdoor.practice.wire import HTML, Answer, Request, document, problem


def answer_prompt(request: Request, state: State) -> Answer:
    """The answer to a posted prompt: 403 without a good token, 400 where it makes no sense, else a fault or a reply."""
    behaviour = state.behaviour
    if reason := refusal(request, behaviour, state.visitors):
        state.counts.refused += 1
        return document(403, HTML, forbidden_page(reason))
    try:
        said = read_said(request, behaviour)
    except ArgumentError as error:
        return problem(400, str(error))
    state.prompts += 1
    answer = _fault(behaviour, state) or _taken(said, request, state)
    return replace(answer, wait=behaviour.slow)


def _is_due(every: int, number: int) -> bool:
    return every > 0 and number % every == 0


def _fault(behaviour: Behaviour, state: State) -> Answer | None:
    """The answer that keeps this prompt from being taken, where one is due."""
    if _is_due(behaviour.limit_every, state.prompts):
        state.counts.limited += 1
        return problem(429, "too many prompts", ("Retry-After", str(behaviour.retry_after)))
    if _is_due(behaviour.fail_every, state.prompts):
        state.counts.failed += 1
        return document(500, HTML, server_error_page())
    return None


def _taken(said: list[str], request: Request, state: State) -> Answer:
    behaviour = state.behaviour
    state.counts.accepted += 1
    answer = replace(_with_token(reply(said), request, state), pause=behaviour.pause)
    if _is_due(behaviour.expire_every, state.counts.accepted):
        state.visitors.expire()
    if _is_due(behaviour.cut_every, state.prompts):
        state.counts.failed += 1
        return cut_short(answer)
    return answer


def _with_token(text: str, request: Request, state: State) -> Answer:
    """The reply, with the next token where tokens rotate, except where only a page can show it."""
    behaviour = state.behaviour
    if not behaviour.rotate or behaviour.token == "none":
        return compose(behaviour.reply, text, {})
    token = state.visitors.renew(request.cookies()[VISITOR_COOKIE])
    key = CARRIERS[behaviour.token].key
    answer = compose(behaviour.reply, text, {key: token} if key else {})
    return replace(answer, headers=answer.headers + token_headers(behaviour.token, token))
