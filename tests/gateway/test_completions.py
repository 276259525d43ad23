"""`POST /v1/completions` as the official SDK sees it: one text or many, whole and streamed, echoed."""

import http.client
import json
from typing import Any

import openai
import pytest
from openai.types import Completion

from chatdoor.gateway.state import Conduct
from tests.gateway.door import SECONDS, Door, Seen, practice_door
from tests.gateway.sdk_types import fits
from tests.gateway.test_sdk import sdk

PATH = "/v1/completions"


def complete(door: Door, prompt: object = "Hello", **more: object) -> Seen:
    """A completion of the practice site."""
    return door.send("POST", PATH, {"model": "practice", "prompt": prompt} | more)


def good(seen: Seen) -> Completion:
    """The completion, which has to be one."""
    assert seen.status == 200, seen.body
    return fits(Completion, seen.body)


def chunks(seen: Seen) -> list[Completion]:
    """The frames, each of which has to be one; the SDK has no word for a reason that is not known yet, the API null."""
    *frames, done = seen.frames()
    assert done == "[DONE]"
    for frame in frames:
        for choice in frame["choices"]:
            assert "finish_reason" in choice
            choice["finish_reason"] = choice["finish_reason"] or "stop"
    return [fits(Completion, json.dumps(frame)) for frame in frames]


def test_a_completion(door: Door) -> None:
    """A whole answer has every field of the API, and headers that say how it came about."""
    seen = complete(door, "say exactly: it works", user="me", nobody={"knows": "this"})
    completion = good(seen)
    assert completion.id.startswith("cmpl-")
    assert (completion.object, completion.model, completion.created > 1e9) == ("text_completion", "practice", True)
    (choice,) = completion.choices
    assert (choice.index, choice.text, choice.finish_reason, choice.logprobs) == (0, "it works", "stop", None)
    assert completion.usage is not None
    assert completion.usage.total_tokens == completion.usage.prompt_tokens + completion.usage.completion_tokens > 2
    assert seen.headers["x-chatdoor-usage"] == "estimated"
    assert seen.headers["x-chatdoor-fidelity"] == "native"
    assert "x-chatdoor-ignored" not in seen.headers


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("echo", [False, True])
def test_several_prompts_and_answers(streamed: bool, echo: bool) -> None:
    """Each prompt is answered `n` times, in order, after the prompt itself where that is wanted."""
    prompts = ["say exactly: a b", "say exactly: c d"]
    with practice_door(reply="sse-delta", history="session") as (door, practice):
        more: dict[str, Any] = {"stream_options": {"include_usage": True}} if streamed else {}
        seen = complete(door, prompts, n=2, echo=echo, stream=streamed, **more)
        if streamed:
            *frames, last = chunks(seen)
            assert last.choices == []
            assert {frame.usage for frame in frames} == {None}
            assert all('"usage":null' in line for line in seen.body.decode().split("\n\n")[:-4])
            texts = [
                "".join(frame.choices[0].text for frame in frames if frame.choices[0].index == index)
                for index in range(4)
            ]
            usage = last.usage
        else:
            completion = good(seen)
            assert [choice.index for choice in completion.choices] == [0, 1, 2, 3]
            texts = [choice.text for choice in completion.choices]
            usage = completion.usage
        answers = ["a b", "a b", "c d", "c d"]
        asked = [prompt for prompt in prompts for _ in range(2)]
        assert texts == [prompt + answer if echo else answer for prompt, answer in zip(asked, answers, strict=True)]
        assert usage is not None
        assert (usage.prompt_tokens, usage.completion_tokens) == (8, 4)
        assert "x-conversation-id" not in seen.headers
        assert sorted(practice.heard()) == [[prompt] for prompt in asked]


def test_the_sdk_whole_and_streamed() -> None:
    """The SDK reads a completion and its stream, piece by piece."""
    with practice_door(reply="sse-delta") as (door, _):
        with sdk(door) as client:
            whole = client.completions.create(model="practice", prompt="Hello")
        plain = openai.OpenAI(base_url=door.url, api_key="any", max_retries=0)
        with plain, plain.completions.create(model="practice", prompt="Hello", stream=True) as stream:
            frames = list(stream)
    assert "".join(frame.choices[0].text for frame in frames) == whole.choices[0].text
    assert len(frames) > 3
    reasons = [frame.choices[0].finish_reason for frame in frames]
    assert reasons == [None] * (len(frames) - 1) + ["stop"]


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"prompt": [1, 2]}, "prompt"), ({"prompt": [[1, 2], [3]]}, "prompt"), ({"prompt": []}, "prompt"),
    ({"prompt": None}, "prompt"), ({"prompt": ["a", 1]}, "prompt"), ({"prompt": ["a"] * 33, "n": 2}, "prompt"),
    ({"n": 0}, "n"), ({"max_tokens": -1}, "max_tokens"), ({"stop": 5}, "stop"), ({"echo": "yes"}, "echo"),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "param"), WRONG, ids=[str(row[0])[:60] for row in WRONG])
def test_what_can_not_be_used_is_a_400(door: Door, fields: dict[str, Any], param: str) -> None:
    """Tokens, and whatever else is wrong, are refused with the parameter."""
    seen = complete(door, **fields) if "prompt" not in fields else complete(door, fields.pop("prompt"), **fields)
    assert (seen.status, seen.error["param"]) == (400, param)


def test_tokens_are_refused_in_plain_words(door: Door) -> None:
    """Whoever sends tokens is told what to send."""
    assert "not tokens" in complete(door, [[1, 2]]).error["message"]
    missing = door.send("POST", PATH, {"model": "practice"})
    assert (missing.status, missing.error["code"]) == (400, "missing_required_parameter")


def test_what_is_in_vain_is_named(door: Door) -> None:
    """What a web chatbot can not do is accepted, and named."""
    seen = complete(
        door, suffix="end", logprobs=3, best_of=4, n=2, temperature=0.3, stop=["x"], max_tokens=5, logit_bias={"5": 1}
    )
    good(seen)
    assert set(seen.headers["x-chatdoor-ignored"].split(", ")) == {
        "suffix", "logprobs", "best_of", "temperature", "stop", "max_tokens", "logit_bias",
    }  # fmt: skip
    assert "x-chatdoor-ignored" not in complete(door, best_of=2, n=2, suffix="", echo=True).headers


def test_what_is_asked_in_vain_is_refused_if_strict() -> None:
    """Under `--strict` what can not be done is a 400, and the site is not asked."""
    with practice_door(conduct=Conduct(strict=True)) as (door, practice):
        seen = complete(door, suffix="end")
        assert (seen.status, seen.error["param"]) == (400, "suffix")
        assert practice.heard() == []


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_stops_and_limits_that_we_apply(streamed: bool) -> None:
    """With `--apply-stop` an answer ends before the text or after the length, and says why."""
    with practice_door(reply="sse-delta", conduct=Conduct(apply_stop=True)) as (door, _):
        prompt = "say exactly: one two three four five six"
        for fields, text, reason in [({"stop": "thr"}, "one two ", "stop"), ({"max_tokens": 1}, "one ", "length")]:
            seen = complete(door, prompt, stream=streamed, **fields)
            read = chunks(seen) if streamed else [good(seen)]
            assert "".join(one.choices[0].text for one in read) == text
            assert read[-1].choices[0].finish_reason == reason


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_a_length_of_nothing(streamed: bool) -> None:
    """`max_tokens` may be 0, for the prompt alone: named as not done, or applied."""
    wish: dict[str, Any] = {"max_tokens": 0, "echo": True, "stream": streamed}
    for apply, text, ignored in [(False, "say exactly: oneone", "max_tokens"), (True, "say exactly: one", None)]:
        with practice_door(reply="sse-delta", conduct=Conduct(apply_stop=apply)) as (door, _):
            seen = complete(door, "say exactly: one", **wish)
        read = chunks(seen) if streamed else [good(seen)]
        assert "".join(one.choices[0].text for one in read) == text
        assert seen.headers.get("x-chatdoor-ignored") == ignored


def test_a_cut_stream_has_no_clean_end() -> None:
    """After the error event the connection breaks, so that no client takes the answer for whole."""
    with practice_door(reply="sse-delta", cut_every=1) as (door, _):
        connection = http.client.HTTPConnection("127.0.0.1", door.port, timeout=SECONDS)
        body = json.dumps({"model": "practice", "prompt": "Hello", "stream": True})
        connection.request("POST", PATH, body, {"Content-Type": "application/json"})
        with pytest.raises(http.client.IncompleteRead) as cut:
            connection.getresponse().read()
        connection.close()
    *_, last, end = cut.value.partial.split(b"\n\n")
    assert json.loads(last.removeprefix(b"data: "))["error"]["code"] == "reply_cut_short"
    assert (end, b"[DONE]" in cut.value.partial) == (b"", False)


def test_one_prompt_may_go_on_in_a_conversation() -> None:
    """The id of an earlier answer, as a header, is where a single prompt is told."""
    with practice_door(history="session") as (door, practice):
        name = complete(door).headers["x-conversation-id"]
        fields = {"model": "practice", "prompt": "Two"}
        seen = door.send("POST", PATH, fields, {"X-Conversation-Id": name})
        assert (seen.status, seen.headers["x-conversation-id"]) == (200, name)
        assert practice.heard() == [["Hello", "Two"]]
