"""Bodies and frames are as OpenAI describes them, with no field more and none less; and the check finds faults."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from pydantic import ValidationError

from tests.gateway.door import Door, practice_door
from tests.gateway.openai_shapes import check_answer, check_error, check_frames, check_list, check_shape

CHOICES = pytest.mark.parametrize("choices", [1, 3], ids=["one", "three"])


@CHOICES
def test_a_completion_is_as_described(door: Door, choices: int) -> None:
    """A whole answer, with one choice or several."""
    completion: Any = check_shape(door.chat(n=choices).json())
    assert [choice.index for choice in completion.choices] == list(range(choices))
    assert completion.usage


@CHOICES
@pytest.mark.parametrize("usage", [False, True], ids=["plain", "usage"])
def test_the_frames_of_a_stream_are_as_described(usage: bool, choices: int) -> None:
    """Each frame by itself, and all of them together."""
    with practice_door(reply="sse-delta") as (door, _):
        seen = door.chat(stream=True, n=choices, stream_options={"include_usage": usage})
    assert seen.headers["content-type"].startswith("text/event-stream")
    chunks = check_frames(seen.frames(), choices=choices, usage=usage)
    assert len(chunks) > 2 * choices


def test_models_are_as_described(door: Door) -> None:
    """The list of them, and each by its name."""
    models: list[Any] = check_list(door.send("GET", "/v1/models").json())
    assert models
    for model in models:
        assert check_shape(door.send("GET", f"/v1/models/{model.id}").json()) == model


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/v1/chat/completions", b"{", 400),
        ("POST", "/v1/chat/completions", {"model": "practice"}, 400),
        ("POST", "/v1/chat/completions", {"model": "none", "messages": [{"role": "user", "content": "x"}]}, 404),
        ("GET", "/v1/models/none", None, 404),
        ("GET", "/v1/nothing", None, 404),
        ("DELETE", "/v1/models", None, 405),
    ],
)
def test_errors_are_as_described(door: Door, method: str, path: str, body: object, status: int) -> None:
    """All of them have the same envelope."""
    seen = door.send(method, path, body)
    assert seen.status == status
    assert check_error(seen.json()).message


BODY_FAULTS: Mapping[str, Callable[[Any], object]] = {
    "unknown": lambda body: body.update(chatdoor=1),
    "unknown within": lambda body: body["choices"][0]["message"].update(chatdoor=1),
    "missing": lambda body: body.pop("created"),
    "missing, where null would do": lambda body: body["choices"][0]["message"].pop("refusal"),
    "another type": lambda body: body.update(created="1"),
}

FRAME_FAULTS: Mapping[str, Callable[[Any], object]] = {
    "no end": lambda frames: frames.pop(),
    "no reason": lambda frames: frames.pop(-2),
    "no role": lambda frames: frames.pop(0),
    "two roles": lambda frames: frames.insert(0, frames[0]),
    "two answers": lambda frames: frames[1].update(id="chatcmpl-other"),
    "another choice": lambda frames: frames[1]["choices"][0].update(index=1),
    "usage unasked": lambda frames: frames[1].update(usage=None),
}


@pytest.mark.parametrize("fault", BODY_FAULTS)
def test_the_check_of_a_body_finds(door: Door, fault: str) -> None:
    """What is wrong with a body is found."""
    body = door.chat().json()
    assert check_shape(body)
    BODY_FAULTS[fault](body)
    with pytest.raises((AssertionError, ValidationError)):
        check_shape(body)


@pytest.mark.parametrize("kind", ["application/json", "text/event-stream; charset=utf-8"])
def test_what_any_test_gets_is_checked(door: Door, kind: str) -> None:
    """A body or frame with an unknown field, and an error without its parameter, are found wherever they come."""
    wrong = [door.chat().json() | {"chatdoor": 1}, {"error": {"message": "m", "type": "t", "code": None}}]
    for data in wrong:
        body = json.dumps(data).encode()
        with pytest.raises(AssertionError):
            check_answer(kind, body if kind == "application/json" else b"data: " + body + b"\n\n")


@pytest.mark.parametrize("fault", FRAME_FAULTS)
def test_the_check_of_frames_finds(door: Door, fault: str) -> None:
    """What is wrong with the frames of a stream is found."""
    frames = door.chat(stream=True).frames()
    assert check_frames(frames)
    FRAME_FAULTS[fault](frames)
    with pytest.raises((AssertionError, ValidationError)):
        check_frames(frames)
