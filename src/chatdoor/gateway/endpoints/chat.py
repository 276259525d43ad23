"""`POST /v1/chat/completions`: a reply of a site, whole or streamed."""

import asyncio
import time
from collections.abc import Coroutine
from contextlib import aclosing
from typing import TypeVar

import msgspec

from chatdoor.drive.asker import NOBODY, Asker
from chatdoor.gateway.body import decode, read_body
from chatdoor.gateway.conversation_id import conversation_id
from chatdoor.gateway.events import Events
from chatdoor.gateway.exchange import JSON, Exchange
from chatdoor.gateway.ids import fresh_id
from chatdoor.gateway.openai.chat import (
    CHAT_REQUEST,
    DONE,
    ChatCompletion,
    ChatRequest,
    Frames,
    choice,
    token_counts,
)
from chatdoor.gateway.openai.ignored import ignored, sampling
from chatdoor.gateway.openai.parts import plain_messages
from chatdoor.gateway.problem import Header, Problem
from chatdoor.gateway.question import Question, Talk, talk_headers
from chatdoor.gateway.state import Conduct, State
from chatdoor.messages import Usage

T = TypeVar("T")

ESTIMATED: Header = (b"x-chatdoor-usage", b"estimated")


async def chat_completions(state: State, exchange: Exchange) -> None:
    """Answers with a chat completion."""
    request = decode(await read_body(exchange, state.conduct.body_bytes), CHAT_REQUEST)
    question, left = _question(state, exchange, request)
    if left:
        exchange.common.append((b"x-chatdoor-ignored", ", ".join(left).encode()))
    exchange.watch()
    if request.stream:
        await _stream(state.conduct, exchange, request, question)
    else:
        await _whole(exchange, request, question)


def _question(state: State, exchange: Exchange, request: ChatRequest) -> tuple[Question, list[str]]:
    """What is asked of the site, and the names of what the request asks for in vain. Raises Problem."""
    key, conduct = exchange.key, state.conduct
    served = state.house.find(request.model, key)
    messages, left = plain_messages(request.messages)
    options, untaken = sampling(request, served.takes)
    left += ignored(request) + untaken + _limits(request, served.takes, options, conduct)
    if left and conduct.strict:
        raise Problem(400, f"A web chatbot can not do this, and --strict refuses it: {', '.join(left)}.",
                      param=left[0], code="unsupported_parameter")  # fmt: skip
    question = Question(
        served=served,
        messages=messages,
        sampling=options,
        conversation=conversation_id(exchange.headers, request.metadata) if served.site.remembers else None,
        asker=Asker(scope=key.scope) if key else NOBODY,
        stops=request.stops if conduct.apply_stop and "stop" not in options else (),
        most_tokens=request.most_tokens if conduct.apply_stop and "max_tokens" not in options else None,
        note=exchange.note,
    )
    return question, left


def _limits(request: ChatRequest, taken: frozenset[str], options: dict[str, object], conduct: Conduct) -> list[str]:
    """Gives stop sequences and the length limit to a site that takes them; else, where we do not, their names."""
    left: list[str] = []
    wishes = {"stop": list(request.stops), "max_tokens": request.most_tokens}
    for name, wish in wishes.items():
        if wish and name in taken:
            options[name] = wish
        elif wish and not conduct.apply_stop:
            left.append("max_completion_tokens" if name == "max_tokens" and request.max_completion_tokens else name)
    return left


async def _whole(exchange: Exchange, request: ChatRequest, question: Question) -> None:
    count = request.n or 1
    answers = [await question.ask()] if count == 1 else await _together([question.ask() for _ in range(count)])
    choices = [choice(index, answer.text, answer.finish) for index, answer in enumerate(answers)]
    usages = [answer.usage for answer in answers]
    body = ChatCompletion(fresh_id("chatcmpl-"), int(time.time()), request.model, choices, token_counts(usages))
    headers = (*JSON, *talk_headers(answers[0].conversation if count == 1 else None, answers[0].fidelity))
    if any(usage.estimated for usage in usages):
        headers = (*headers, ESTIMATED)
    await exchange.answer(200, msgspec.json.encode(body), headers)


async def _stream(conduct: Conduct, exchange: Exchange, request: ChatRequest, question: Question) -> None:
    frames = Frames(fresh_id("chatcmpl-"), int(time.time()), request.model, with_usage=request.with_usage)
    talks = [Talk(question) for _ in range(request.n or 1)]

    def headers() -> tuple[Header, ...]:
        said = talk_headers(talks[0].conversation if len(talks) == 1 else None, talks[0].fidelity)
        return said if question.served.counts else (*said, ESTIMATED)

    async with Events(exchange, headers, conduct.heartbeat) as events:
        if len(talks) == 1:
            usages = [await _tell(events, frames, talks[0], 0)]
        else:
            usages = await _together([_tell(events, frames, talk, index) for index, talk in enumerate(talks)])
        last = frames.usage(token_counts(usages)) + DONE if request.with_usage else DONE
        await events.end(last)


async def _tell(events: Events, frames: Frames, talk: Talk, index: int) -> Usage:
    """Sends the frames of one choice; its usage."""
    begun = False
    async with aclosing(talk.texts()) as texts:
        async for text in texts:
            frame = frames.content(index, text)
            if not begun:
                frame, begun = frames.first(index) + frame, True
            await events.send(frame)
    answered = talk.answered
    last = frames.finish(index, answered.finish)
    await events.send(last if begun else frames.first(index) + last)
    return answered.usage


async def _together(calls: list[Coroutine[None, None, T]]) -> list[T]:
    """What the calls give, all at a time. The first that fails ends the others, and its error is raised."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(call) for call in calls]
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None
    return [task.result() for task in tasks]
