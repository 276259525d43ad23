"""Messages lose what is not text, and say so."""

from typing import Any

import msgspec
import pytest

from chatdoor.gateway.openai.parts import PlainMessage, plain_messages
from chatdoor.gateway.problem import Problem

TEXT = {"type": "text", "text": "Hello"}
IMAGE = {"type": "image_url", "image_url": {"url": "data:,"}}

KEPT: list[tuple[dict[str, Any], str, list[str]]] = [
    ({"role": "user", "content": "Hello"}, "Hello", []),
    ({"role": "user", "content": [TEXT]}, "Hello", []),
    ({"role": "user", "content": [IMAGE, TEXT]}, "Hello", ["image_url"]),
    ({"role": "user", "content": [{"type": "input_audio"}, TEXT, IMAGE]}, "Hello", ["input_audio", "image_url"]),
    ({"role": "assistant", "content": None, "tool_calls": [{}]}, "", ["tool_calls"]),
    ({"role": "assistant", "tool_calls": [{}]}, "", ["tool_calls"]),
    ({"role": "assistant", "refusal": "no", "audio": None}, "", ["refusal"]),
    ({"role": "function", "name": "f", "content": None}, "", ["function"]),
    ({"role": "tool", "content": "42", "tool_call_id": "1"}, "42", ["tool"]),
    ({"role": "assistant", "content": [{"type": "refusal", "refusal": "no"}]}, "", ["refusal"]),
]


@pytest.mark.parametrize(("message", "content", "left"), KEPT)
def test_text_stays_and_the_rest_is_named(message: dict[str, Any], content: object, left: list[str]) -> None:
    """The text of a message is kept in its place; other parts are left out and named once."""
    messages, names = plain_messages([message])
    assert messages[0].text == content
    assert names == left


@pytest.mark.parametrize("content", [[IMAGE], [], [{}], [{"type": "a, b"}], [{"type": "x\r\ny"}, TEXT], [{"type": 1}]])
def test_a_message_without_text_is_a_problem(content: list[object]) -> None:
    """Where no text is left, or a part has no name that can stand in a header, the message is named."""
    with pytest.raises(Problem) as problem:
        plain_messages([{"role": "user", "content": "a"}, {"role": "user", "content": content}])
    assert (problem.value.status, problem.value.param) == (400, "messages[1].content")


@pytest.mark.parametrize(
    "message",
    ['{"role": "user", "content": [{"type": "text", "text": "a"}]}', '{"role": "user", "content": "a", "name": "b"}',
     '{"role": "tool", "content": "a"}', '{"role": "assistant", "content": null}'],
)  # fmt: skip
def test_a_message_that_is_not_plain_is_left_to_the_other_decoder(message: str) -> None:
    """Whatever a message holds besides role and text is looked at, never passed over."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(message, type=PlainMessage)
