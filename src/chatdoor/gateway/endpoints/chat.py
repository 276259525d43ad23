"""`POST /v1/chat/completions`: a reply of a site, whole or streamed."""

import time
from contextlib import aclosing
from functools import partial
from typing import Final

import msgspec

from chatdoor.drive.asker import NOBODY
from chatdoor.gateway.asker import asker_of
from chatdoor.gateway.body import Form, decode, read_body
from chatdoor.gateway.conversation_id import NOTHING, named
from chatdoor.gateway.events import Events
from chatdoor.gateway.exchange import JSON, Exchange
from chatdoor.gateway.openai.chat import (
    ChatCompletion,
    ChatFrames,
    ChatRequest,
    PlainChatRequest,
    choice,
)
from chatdoor.gateway.openai.frames import DONE, token_counts
from chatdoor.gateway.openai.ignored import CHAT
from chatdoor.gateway.question import Question, Talk
from chatdoor.gateway.said import of_answers, of_talks
from chatdoor.gateway.side_requests import aside_of
from chatdoor.gateway.state import Conduct, State
from chatdoor.gateway.terms import NO_TERMS, make_terms, tell_left
from chatdoor.gateway.together import together
from chatdoor.messages import Usage

REQUEST: Final = Form(ChatRequest, PlainChatRequest)


async def chat_completions(state: State, exchange: Exchange) -> None:
    """Answers with a chat completion."""
    request = decode(await read_body(exchange, state.conduct.body_bytes), REQUEST)
    question = _question(state, exchange, request)
    exchange.watch()
    if request.stream:
        await _stream(state.conduct, exchange, request, question)
    else:
        await _whole(exchange, request, question)


def _question(state: State, exchange: Exchange, request: ChatRequest) -> Question:
    """What is asked of the site. Raises Problem."""
    served = state.house.find(request.model, exchange.key)
    messages, left = request.told
    terms = NO_TERMS if request.asks_little else make_terms(request, request.limits, served, state.conduct)
    tell_left(exchange, left + CHAT.named(request) + terms.left, state.conduct)
    name = named(exchange.headers, request.metadata, request.litellm_session_id)
    if aside := aside_of(state, exchange, served, messages):
        served, name = aside, NOTHING
    remembers = served.site.remembers
    return Question(
        served=served,
        messages=messages,
        sampling=terms.sampling,
        conversation=name.id if remembers else None,
        asker=asker_of(exchange, state.conduct.user_headers, name.chat) if remembers or exchange.gate else NOBODY,
        aside=aside is not None,
        stops=terms.stops,
        most_tokens=terms.most_tokens,
        note=exchange.note,
    )


async def _whole(exchange: Exchange, request: ChatRequest, question: Question) -> None:
    if (count := request.n or 1) == 1:
        answer = await question.ask()
        answers, usages = [answer], [answer.usage]
        choices = [choice(0, answer.text, answer.finish)]
    else:
        answers = await together([question.ask() for _ in range(count)])
        usages = [answer.usage for answer in answers]
        choices = [choice(index, answer.text, answer.finish) for index, answer in enumerate(answers)]
    counts = token_counts(usages, count)
    body = ChatCompletion(f"chatcmpl-{exchange.number}", int(time.time()), request.model, choices, counts)
    headers = (*JSON, *of_answers(answers, aside=question.aside))
    await exchange.answer(200, msgspec.json.encode(body), headers)


async def _stream(conduct: Conduct, exchange: Exchange, request: ChatRequest, question: Question) -> None:
    frames = ChatFrames(f"chatcmpl-{exchange.number}", int(time.time()), request.model, with_usage=request.with_usage)
    talks = [Talk(question) for _ in range(request.n or 1)]
    async with Events(exchange, partial(of_talks, talks), conduct.heartbeat, choices=len(talks)) as events:
        tellings = [_tell(events, frames, talk, index) for index, talk in enumerate(talks)]
        usages = await together(tellings)
        last = frames.usage(token_counts(usages, len(usages))) + DONE if request.with_usage else DONE
        await events.end(last)


async def _tell(events: Events, frames: ChatFrames, talk: Talk, index: int) -> Usage:
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
    await events.finish(last if begun else frames.first(index) + last)
    return answered.usage
