"""One prompt: refused, failed on purpose, or answered in the conversation that it goes on in."""

import secrets
from collections.abc import Callable, Mapping

from msgspec.structs import replace

from chatdoor.errors import ArgumentError
from chatdoor.practice.behaviour import Behaviour, History
from chatdoor.practice.conversations import Conversations
from chatdoor.practice.eliza import reply
from chatdoor.practice.gate import stopped
from chatdoor.practice.jobs import handed_over
from chatdoor.practice.page import forbidden_page, server_error_page
from chatdoor.practice.prompts import NAMED, Prompt, read_prompt
from chatdoor.practice.replies import Spoken, compose, cut_short
from chatdoor.practice.state import State
from chatdoor.practice.tokens import CARRIERS, VISITOR_COOKIE, refusal, token_headers
from chatdoor.practice.wire import (
    CONVERSATION_HEADER,
    HTML,
    Answer,
    Request,
    document,
    json_document,
    problem,
)


def answer_prompt(request: Request, state: State) -> Answer:
    """The answer to a prompt.

    403 without a good token, 400 where it makes no sense, 404 where its conversation is gone, else a fault or a reply.
    """
    behaviour = state.behaviour
    if (kept_out := _kept_out(request, state)) is not None:
        return kept_out
    try:
        prompt = read_prompt(request, behaviour)
    except ArgumentError as error:
        return problem(400, str(error))
    visitor = request.cookies().get(VISITOR_COOKIE, "")
    if _IS_LOST[behaviour.history](prompt, visitor, state.conversations):
        state.counts.lost += 1
        return problem(404, "there is no such conversation, or not any more")
    state.prompts += 1
    answer = _fault(behaviour, state) or _taken(prompt, visitor, state)
    return replace(answer, wait=behaviour.slow)


def start_conversation(request: Request, state: State) -> Answer:
    """The id of a new conversation; 404 where none is begun that way."""
    if state.behaviour.history != "start":
        return problem(404, "conversations are not begun here")
    if (kept_out := _kept_out(request, state, anywhere=True)) is not None:
        return kept_out
    return json_document(201, {"conversation": state.conversations.begin()})


def _kept_out(request: Request, state: State, *, anywhere: bool = False) -> Answer | None:
    """The answer to somebody who is not signed in, or has no good token."""
    answer = stopped(request, state)
    reason = "" if answer else refusal(request, state.behaviour, state.visitors, anywhere=anywhere)
    if reason:
        answer = document(403, HTML, forbidden_page(reason))
    if answer:
        state.counts.refused += 1
    return answer


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
    if _is_due(behaviour.error_every, state.prompts):
        state.counts.failed += 1
        return _sent(Spoken("", error="the model is overloaded"), "", state)
    return None


def _taken(prompt: Prompt, visitor: str, state: State) -> Answer:
    behaviour = state.behaviour
    state.counts.accepted += 1
    key = _KEYS[behaviour.history](prompt, visitor)
    others = [turn for talk in state.conversations.heard() for turn in talk] if behaviour.mix else []
    turns = [*others, *(state.conversations.hear(key, prompt.said) if key else _noted(prompt, state))]
    beside = {"conversation": key} if behaviour.history in NAMED else {}
    answer = _sent(Spoken(reply(turns), turns, beside), visitor, state)
    if _is_due(behaviour.expire_every, state.counts.accepted):
        state.expire()
    if _is_due(behaviour.forget_every, state.counts.accepted):
        state.conversations.forget()
    return answer


def _noted(prompt: Prompt, state: State) -> list[str]:
    state.conversations.note(prompt.said)
    return prompt.said


def _sent(spoken: Spoken, visitor: str, state: State) -> Answer:
    """The answer that says this, with the next token where tokens rotate, except where only a page can show it."""
    behaviour = state.behaviour
    kind = behaviour.token
    renews = behaviour.rotate and kind != "none" and bool(visitor)
    token = state.visitors.renew(visitor) if renews else _token(visitor, state)
    key = CARRIERS[kind].key if renews else ""
    beside = {**({key: token} if key else {}), **spoken.beside}
    answer = compose(behaviour, replace(spoken, beside=beside, token=token))
    headers = token_headers(kind, token) if renews else ()
    named = ((CONVERSATION_HEADER, spoken.beside["conversation"]),) if "conversation" in spoken.beside else ()
    answer = replace(answer, headers=(*answer.headers, *headers, *named), pause=behaviour.pause)
    if not spoken.error and _is_due(behaviour.cut_every, state.prompts):
        state.counts.failed += 1
        answer = cut_short(answer, behaviour.reply)
    return handed_over(behaviour.reply, answer, beside, state.jobs)


def _token(visitor: str, state: State) -> str:
    """The token for a page that is the answer."""
    return state.visitors.token(visitor) if visitor and state.behaviour.token != "none" else ""


def _was_forgotten(_prompt: Prompt, visitor: str, kept: Conversations) -> bool:
    return kept.has_ended(visitor)


def _is_named_and_gone(prompt: Prompt, _visitor: str, kept: Conversations) -> bool:
    return bool(prompt.conversation) and not kept.knows(prompt.conversation)


def _is_gone(prompt: Prompt, _visitor: str, kept: Conversations) -> bool:
    return not kept.knows(prompt.conversation)


_IS_LOST: Mapping[History, Callable[[Prompt, str, Conversations], bool]] = {
    "client": lambda *_: False,
    "none": lambda *_: False,
    "session": _was_forgotten,
    "id": _is_named_and_gone,
    "start": _is_gone,
}
"""Whether the site no longer has the conversation that a prompt goes on in."""

_KEYS: Mapping[History, Callable[[Prompt, str], str]] = {
    "client": lambda *_: "",
    "none": lambda *_: "",
    "session": lambda _prompt, visitor: visitor,
    "id": lambda prompt, _visitor: prompt.conversation or secrets.token_hex(8),
    "start": lambda prompt, _visitor: prompt.conversation,
}
"""What the site finds a conversation by; empty where it keeps none."""
