"""The other ways into the openai SDK: async, helpers for streams and types, raw answers, timeouts, error classes."""

import asyncio
import json
from typing import Any

import openai
import pytest
from pydantic import BaseModel

from tests.gateway.door import HELLO, Door, gateway, practice_door
from tests.gateway.openai_shapes import check_frames, check_shape
from tests.gateway.test_sdk import MESSAGES, sdk

WORDS: Any = [{"role": "user", "content": "say exactly: one two three"}]


class Count(BaseModel):
    """What a reply may hold as JSON."""

    n: int


def test_the_async_client() -> None:
    """Whole and streamed, several at a time, each with its own answer."""

    async def ask(client: openai.AsyncOpenAI, number: int) -> str | None:
        messages: Any = [{"role": "user", "content": f"say exactly: number {number}"}]
        completion = await client.chat.completions.create(model="practice", messages=messages)
        return completion.choices[0].message.content

    async def main(door: Door) -> tuple[list[str | None], str]:
        async with openai.AsyncOpenAI(base_url=door.url, api_key="any", _strict_response_validation=True) as client:
            told = await asyncio.gather(*(ask(client, number) for number in range(5)))
            stream = await client.chat.completions.create(model="practice", messages=WORDS, stream=True)
            pieces = [chunk.choices[0].delta.content or "" async for chunk in stream]
            assert [model.id async for model in client.models.list()]
            return told, "|".join(pieces)

    with practice_door(reply="sse-delta", history="session") as (door, _):
        told, pieces = asyncio.run(main(door))
    assert told == [f"number {number}" for number in range(5)]
    assert pieces == "|one| two| three|"


def test_the_streaming_helper() -> None:
    """The SDK's own events of a stream, and the completion that it puts together."""
    with practice_door(reply="sse-delta") as (door, _), sdk(door) as client:
        options: Any = {"include_usage": True}
        with client.chat.completions.stream(model="practice", messages=WORDS, stream_options=options) as stream:
            deltas = [event.delta for event in stream if event.type == "content.delta"]
            completion = stream.get_final_completion()
    assert [delta for delta in deltas if delta] == ["one", " two", " three"]
    assert completion.choices[0].message.content == "one two three"
    assert completion.choices[0].finish_reason == "stop"
    assert completion.usage is not None


def test_the_async_streaming_helper() -> None:
    """The same, async."""

    async def main(door: Door) -> str | None:
        async with (
            openai.AsyncOpenAI(base_url=door.url, api_key="any") as client,
            client.chat.completions.stream(model="practice", messages=WORDS) as stream,
        ):
            return (await stream.get_final_completion()).choices[0].message.content

    with practice_door(reply="sse-delta") as (door, _):
        assert asyncio.run(main(door)) == "one two three"


def test_raw_answers(door: Door) -> None:
    """Bodies as they are on the wire are as described, whole and line by line."""
    with sdk(door) as client:
        raw = client.chat.completions.with_raw_response.create(model="practice", messages=MESSAGES)
        assert check_shape(raw.http_response.json()) == raw.parse()
        assert raw.request_id == raw.headers["x-request-id"]
        assert raw.retries_taken == 0
        with client.chat.completions.with_streaming_response.create(
            model="practice", messages=MESSAGES, stream=True
        ) as streamed:
            lines = [line.removeprefix("data: ") for line in streamed.iter_lines() if line]
    assert check_frames([*map(json.loads, lines[:-1]), lines[-1]])


def test_a_reply_that_is_parsed(door: Door) -> None:
    """Where a bot does answer in JSON, the SDK's parser takes it; the answer says that nobody promised it."""
    messages: Any = [{"role": "user", "content": 'say exactly: {"n": 3}'}]
    with sdk(door) as client:
        raw = client.chat.completions.with_raw_response.parse(
            model="practice", messages=messages, response_format=Count
        )
        assert raw.headers["x-chatdoor-ignored"] == "response_format"
        assert raw.parse().choices[0].message.parsed == Count(n=3)


@pytest.mark.parametrize(
    ("wrong", "kind", "code", "param"),
    [
        ({"messages": []}, openai.BadRequestError, "invalid_value", "messages"),
        ({"temperature": 3}, openai.BadRequestError, "invalid_value", "temperature"),
        ({"n": "two"}, openai.BadRequestError, "invalid_type", "n"),
        ({"model": "nobody"}, openai.NotFoundError, "model_not_found", "model"),
        ({"extra_headers": {"Content-Type": "text/plain"}}, openai.APIStatusError, "content_type", None),
        ({"extra_headers": {"Host": "elsewhere.example.org"}}, openai.APIStatusError, "wrong_host", None),
        ({"extra_body": {"x": "y" * 10_000_000}}, openai.APIStatusError, "request_too_large", None),
    ],
)
def test_errors_by_class(
    door: Door, wrong: dict[str, Any], kind: type[openai.APIStatusError], code: str, param: str | None
) -> None:
    """What is wrong with a request is an error of the SDK's class for it, with its code, parameter and request id."""
    with sdk(door, retries=2) as client, pytest.raises(kind) as failed:
        client.chat.completions.create(**{"model": "practice", "messages": HELLO} | wrong)
    assert (failed.value.code, failed.value.param) == (code, param)
    assert failed.value.request_id is not None
    assert failed.value.request.headers["x-stainless-retry-count"] == "0"


def test_a_site_that_is_not_there_is_asked_again() -> None:
    """Where nothing can have reached the site, the SDK's own retry is welcome."""
    with practice_door() as (first, practice):
        site = first.state.house.sites["practice"].site
        practice.stop()
        with gateway(site) as door, sdk(door, retries=1) as client, pytest.raises(openai.InternalServerError) as failed:
            client.chat.completions.create(model="practice", messages=MESSAGES)
    assert failed.value.code == "connect_failed"
    assert failed.value.request.headers["x-stainless-retry-count"] == "1"


def test_a_client_that_waits_no_longer() -> None:
    """The SDK's timeout ends the request at the gateway too."""
    with practice_door(slow=5.0) as (door, _), sdk(door) as client:
        with pytest.raises(openai.APITimeoutError):
            client.with_options(timeout=0.3).chat.completions.create(model="practice", messages=MESSAGES)
        door.wait_until_idle()
