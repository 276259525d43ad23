"""The official openai SDK against a gateway: completions whole and streamed, models, errors, retries."""

import contextlib
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from tests.gateway.door import HELLO, Door, gateway, key, practice_door

MESSAGES: Any = HELLO


@contextlib.contextmanager
def sdk(door: Door, api_key: str = "any", retries: int = 0) -> Iterator[openai.OpenAI]:
    """A client of the gateway, which takes only answers that fit the SDK's own types."""
    with openai.OpenAI(
        base_url=door.url, api_key=api_key, max_retries=retries, _strict_response_validation=True
    ) as client:
        yield client


def test_a_completion(door: Door) -> None:
    """A whole answer has every field of the API, and headers that say how it came about."""
    with sdk(door) as client:
        raw = client.chat.completions.with_raw_response.create(model="practice", messages=MESSAGES)
    completion: ChatCompletion = raw.parse()
    assert completion.id.startswith("chatcmpl-")
    assert (completion.object, completion.model, completion.created > 1e9) == ("chat.completion", "practice", True)
    (choice,) = completion.choices
    assert (choice.index, choice.finish_reason, choice.logprobs) == (0, "stop", None)
    assert (choice.message.role, choice.message.refusal, bool(choice.message.content)) == ("assistant", None, True)
    assert completion.usage is not None
    assert completion.usage.total_tokens == completion.usage.prompt_tokens + completion.usage.completion_tokens > 2
    assert raw.headers["x-chatdoor-usage"] == "estimated"
    assert raw.headers["x-chatdoor-fidelity"] == "native"
    assert raw.headers["x-request-id"].startswith("req_")


def test_a_stream() -> None:
    """A streamed answer begins with the role, goes on with each piece as it is, and ends with a reason."""
    with practice_door(reply="sse-delta") as (door, _), sdk(door) as client:
        whole = client.chat.completions.create(model="practice", messages=MESSAGES)
        with client.chat.completions.create(model="practice", messages=MESSAGES, stream=True) as stream:
            chunks: list[ChatCompletionChunk] = list(stream)
    first, *pieces, last = chunks
    assert first.choices[0].delta.role == "assistant"
    assert len(pieces) > 2
    assert "".join(chunk.choices[0].delta.content or "" for chunk in pieces) == whole.choices[0].message.content
    assert (last.choices[0].finish_reason, last.choices[0].delta.content) == ("stop", None)
    assert {chunk.id for chunk in chunks} == {first.id}
    assert {chunk.object for chunk in chunks} == {"chat.completion.chunk"}
    assert all("usage" not in chunk.model_fields_set for chunk in chunks)


def test_a_stream_with_usage() -> None:
    """Where usage is asked for, it is null in all frames but one at the end, which has no choice."""
    with practice_door(reply="sse-delta") as (door, _), sdk(door) as client:
        stream = client.chat.completions.create(
            model="practice", messages=MESSAGES, stream=True, stream_options={"include_usage": True}
        )
        *chunks, last = list(stream)
    assert last.choices == []
    assert last.usage is not None
    assert last.usage.completion_tokens > 0
    assert all("usage" in chunk.model_fields_set and chunk.usage is None for chunk in chunks)


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_several_choices(streamed: bool) -> None:
    """With `n` the site is asked so many times, and each answer has its index."""
    with practice_door(reply="sse-delta", history="session") as (door, practice), sdk(door) as client:
        if streamed:
            stream = client.chat.completions.create(model="practice", messages=MESSAGES, n=3, stream=True)
            assert stream.response.headers["x-chatdoor-fidelity"] == "native"
            assert "x-conversation-id" not in stream.response.headers
            chunks = list(stream)
            texts = {
                index: "".join(
                    chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices[0].index == index
                )
                for index in range(3)
            }
            assert [chunk.choices[0].finish_reason for chunk in chunks].count("stop") == 3
        else:
            completion = client.chat.completions.create(model="practice", messages=MESSAGES, n=3)
            texts = {choice.index: choice.message.content or "" for choice in completion.choices}
        assert sorted(texts) == [0, 1, 2]
        assert all(texts.values())
        assert practice.heard() == [["Hello"]] * 3


def test_a_request_with_everything(door: Door) -> None:
    """Whatever a client sends besides is accepted, and what is in vain is named."""
    everything: dict[str, Any] = {
        "temperature": 0.3, "top_p": 0.9, "seed": 7, "user": "somebody", "metadata": {"a": "b"}, "n": 1,
        "max_tokens": 5, "stop": ["x"], "logprobs": True, "presence_penalty": 1, "store": True,
        "tools": [{"type": "function", "function": {"name": "f", "parameters": {}}}], "tool_choice": "auto",
        "response_format": {"type": "json_object"}, "extra_body": {"nobody": {"knows": "this"}},
    }  # fmt: skip
    parts = [
        {"type": "text", "text": "Hel"},
        {"type": "image_url", "image_url": {"url": "data:,"}},
        {"type": "text", "text": "lo"},
    ]
    messages: Any = [{"role": "developer", "content": "Be brief."}, {"role": "user", "content": parts}]
    with sdk(door) as client:
        raw = client.chat.completions.with_raw_response.create(model="practice", messages=messages, **everything)
    assert raw.parse().choices[0].finish_reason == "stop"
    assert set(raw.headers["x-chatdoor-ignored"].split(", ")) == {
        "image_url", "temperature", "top_p", "seed", "max_tokens", "stop", "logprobs", "presence_penalty", "store",
        "tools", "response_format",
    }  # fmt: skip


def test_models(door: Door) -> None:
    """Sites are models, by their name and with each of their own models; a name may hold a slash."""
    with sdk(door) as client:
        names = [model.id for model in client.models.list()]
        assert names == ["practice", "practice/eliza"]
        assert [client.models.retrieve(name).id for name in names] == names
        with pytest.raises(openai.NotFoundError) as missing:
            client.models.retrieve("practise")
    assert missing.value.code == "model_not_found"
    assert "'practice'" in missing.value.message


def test_a_model_that_is_none(door: Door) -> None:
    """A model that nobody serves is a 404 that names the nearest."""
    with sdk(door) as client, pytest.raises(openai.NotFoundError) as missing:
        client.chat.completions.create(model="gpt-4o", messages=MESSAGES)
    assert (missing.value.param, missing.value.code) == ("model", "model_not_found")


def test_a_wrong_key() -> None:
    """A wrong key is the SDK's AuthenticationError; the right one is answered, for its sites alone."""
    with practice_door() as (inner, practice):
        site = inner.state.house.sites["practice"].site
        keys = [key("right"), key("elsewhere", sites=frozenset({"other"}))]
        with gateway(site, keys=keys) as door:
            with sdk(door, "wrong") as client, pytest.raises(openai.AuthenticationError) as refused:
                client.models.list()
            assert refused.value.code == "invalid_api_key"
            with sdk(door, "right") as client:
                assert client.chat.completions.create(model="practice", messages=MESSAGES).choices
            with sdk(door, "elsewhere") as client:
                assert list(client.models.list()) == []
                with pytest.raises(openai.NotFoundError):
                    client.chat.completions.create(model="practice", messages=MESSAGES)
        assert practice.stats()["accepted"] == 1


def test_a_site_that_fails_is_not_asked_twice() -> None:
    """A site may have read what it failed on: the SDK does not ask again, however often it may."""
    with practice_door(fail_every=1) as (door, practice), sdk(door, retries=3) as client:
        with pytest.raises(openai.APIStatusError) as failed:
            client.chat.completions.create(model="practice", messages=MESSAGES)
        assert failed.value.status_code == 424
        assert failed.value.code == "site_failed"
        assert practice.stats()["failed"] == 1


def test_a_site_that_wants_us_to_wait() -> None:
    """A wait that does not fit into a call is a 429 that says how long."""
    with practice_door(limit_every=1, retry_after=600) as (door, _), sdk(door) as client:
        with pytest.raises(openai.RateLimitError) as limited:
            client.chat.completions.create(model="practice", messages=MESSAGES)
        assert limited.value.code == "rate_limit_exceeded"
        assert limited.value.response.headers["retry-after"] == "600"
        assert limited.value.response.headers["x-should-retry"] == "true"


def test_a_reply_that_is_cut_is_an_error_in_the_stream() -> None:
    """A stream that has begun and breaks ends with an error, never as if it were whole."""
    with practice_door(reply="sse-delta", cut_every=1) as (door, _), sdk(door) as client:
        stream = client.chat.completions.create(model="practice", messages=MESSAGES, stream=True)
        pieces = []
        with pytest.raises(openai.APIError) as cut:
            pieces += [chunk.choices[0].delta.content for chunk in stream]
        assert cut.value.code == "reply_cut_short"


def test_a_reply_that_is_cut_is_an_error_as_a_whole() -> None:
    """A whole answer that breaks is a 424, and is not asked for again."""
    with practice_door(reply="sse-delta", cut_every=1) as (door, practice), sdk(door, retries=3) as client:
        with pytest.raises(openai.APIStatusError):
            client.chat.completions.create(model="practice", messages=MESSAGES)
        assert practice.stats()["accepted"] == 1
