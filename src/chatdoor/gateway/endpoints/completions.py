"""`POST /v1/completions`: each prompt is a message of its own, and what the site replies is its completion."""

import time
from contextlib import aclosing
from functools import partial
from typing import Final

import msgspec

from chatdoor.gateway.asker import asker_of
from chatdoor.gateway.body import Form, decode, read_body
from chatdoor.gateway.conversation_id import NOTHING, Named, named
from chatdoor.gateway.events import Events
from chatdoor.gateway.exchange import JSON, Exchange
from chatdoor.gateway.house import Served
from chatdoor.gateway.openai.completions import (
    Completion,
    CompletionFrames,
    CompletionRequest,
    completion_choice,
)
from chatdoor.gateway.openai.frames import DONE, token_counts
from chatdoor.gateway.openai.ignored import COMPLETIONS
from chatdoor.gateway.question import Question, Talk
from chatdoor.gateway.said import of_answers, of_talks
from chatdoor.gateway.side_requests import aside_of
from chatdoor.gateway.state import Conduct, State
from chatdoor.gateway.terms import Terms, make_terms, tell_left
from chatdoor.gateway.together import together
from chatdoor.messages import CheckedMessages, Usage, parse_messages

REQUEST: Final = Form(CompletionRequest)


async def completions(state: State, exchange: Exchange) -> None:
    """Answers with a completion."""
    exchange.field = "prompt"
    request = decode(await read_body(exchange, state.conduct.body_bytes), REQUEST)
    prompts = [prompt for prompt in request.prompts for _ in range(request.n or 1)]
    questions = _questions(state, exchange, request, prompts)
    exchange.watch()
    echoes = prompts if request.echo else [""] * len(prompts)
    if request.stream:
        await _stream(state.conduct, exchange, request, questions, echoes)
    else:
        await _whole(exchange, request, questions, echoes)


def _questions(state: State, exchange: Exchange, request: CompletionRequest, prompts: list[str]) -> list[Question]:
    """A question for each answer. One alone may name the conversation that it goes on in. Raises Problem."""
    served = state.house.find(request.model, exchange.key)
    terms = make_terms(request, request.limits, served, state.conduct)
    picks = ["best_of"] if request.picks else []
    tell_left(exchange, COMPLETIONS.named(request) + picks + terms.left, state.conduct)
    name = named(exchange.headers, None) if len(prompts) == 1 else NOTHING
    lists = [parse_messages([{"role": "user", "content": prompt}]) for prompt in prompts]
    return [_question(state, exchange, messages, terms, served, name=name) for messages in lists]


def _question(
    state: State, exchange: Exchange, messages: CheckedMessages, terms: Terms, served: Served, *, name: Named
) -> Question:
    if aside := aside_of(state, exchange, served, messages):
        served, name = aside, NOTHING
    return Question(
        served=served,
        messages=messages,
        sampling=terms.sampling,
        conversation=name.id if served.site.remembers else None,
        asker=asker_of(exchange, state.conduct.user_headers, name.chat),
        aside=aside is not None,
        stops=terms.stops,
        most_tokens=terms.most_tokens,
        note=exchange.note,
    )


async def _whole(exchange: Exchange, request: CompletionRequest, questions: list[Question], echoes: list[str]) -> None:
    answers = await together([question.ask() for question in questions], exchange.field)
    choices = [
        completion_choice(index, echo + answer.text, answer.finish)
        for index, (echo, answer) in enumerate(zip(echoes, answers, strict=True))
    ]
    usages = [answer.usage for answer in answers]
    counts = token_counts(usages, request.n or 1)
    body = Completion(f"cmpl-{exchange.number}", int(time.time()), request.model, choices, counts)
    await exchange.answer(200, msgspec.json.encode(body), (*JSON, *of_answers(answers, aside=questions[0].aside)))


async def _stream(
    conduct: Conduct, exchange: Exchange, request: CompletionRequest, questions: list[Question], echoes: list[str]
) -> None:
    frames = CompletionFrames(f"cmpl-{exchange.number}", int(time.time()), request.model, with_usage=request.with_usage)
    talks = [Talk(question) for question in questions]
    async with Events(exchange, partial(of_talks, talks), conduct.heartbeat, choices=len(talks)) as events:
        tellings = [_tell(events, frames, talk, index, echoes[index]) for index, talk in enumerate(talks)]
        usages = await together(tellings, exchange.field)
        counts = token_counts(usages, request.n or 1)
        await events.end(frames.usage(counts) + DONE if request.with_usage else DONE)


async def _tell(events: Events, frames: CompletionFrames, talk: Talk, index: int, echo: str) -> Usage:
    """Sends the frames of one answer, after the `echo` of its prompt if that is wanted; its usage."""
    async with aclosing(talk.texts()) as texts:
        async for text in texts:
            await events.send(frames.text(index, echo) + frames.text(index, text) if echo else frames.text(index, text))
            echo = ""
    answered = talk.answered
    last = frames.finish(index, answered.finish)
    await events.finish(frames.text(index, echo) + last if echo else last)
    return answered.usage
