"""Frames and answers of chat completions, byte for byte what the API says."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatdoor.gateway.openai.chat import ChatFrames, choice
from chatdoor.gateway.openai.frames import token_counts
from chatdoor.messages import Usage


def _read(frame: bytes) -> Any:
    assert frame.startswith(b"data: ")
    assert frame.endswith(b"\n\n")
    assert frame.count(b"\n") == 2
    return msgspec.json.decode(frame[6:])


@given(st.text(st.characters(exclude_categories=["Cs"])), st.booleans(), st.integers(0, 15))
def test_a_frame_is_json_whatever_is_said(text: str, with_usage: bool, index: int) -> None:
    """Quotes, line breaks and any other character arrive unchanged, on one line."""
    chunk = _read(ChatFrames("id", 7, 'm"\n', with_usage=with_usage).content(index, text))
    usage = {"usage": None} if with_usage else {}
    assert chunk == {
        "id": "id", "object": "chat.completion.chunk", "created": 7, "model": 'm"\n',
        "choices": [{"index": index, "delta": {"content": text}, "logprobs": None, "finish_reason": None}], **usage,
    }  # fmt: skip


def test_the_first_and_the_last_frame() -> None:
    """The first says who speaks, the last why it ends, one more what it cost."""
    frames = ChatFrames("id", 7, "m", with_usage=True)
    assert _read(frames.first(2))["choices"] == [
        {"index": 2, "delta": {"role": "assistant", "content": "", "refusal": None}, "logprobs": None,
         "finish_reason": None}
    ]  # fmt: skip
    assert _read(frames.finish(2, "stop"))["choices"] == [
        {"index": 2, "delta": {}, "logprobs": None, "finish_reason": "stop"}
    ]
    last = _read(frames.usage(token_counts([Usage(3, 4), Usage(3, 5)], 2)))
    assert (last["choices"], last["usage"]) == ([], {"prompt_tokens": 3, "completion_tokens": 9, "total_tokens": 12})


@pytest.mark.parametrize(
    ("said", "finish"),
    [("stop", "stop"), ("length", "length"), ("max_tokens", "length"), ("end_turn", "stop"), ("", "stop")],
)
def test_a_sites_word_for_the_end_is_the_apis(said: str, finish: str) -> None:
    """Only the API's words reach a client."""
    assert choice(0, "text", said).finish_reason == finish
    assert _read(ChatFrames("id", 7, "m", with_usage=False).finish(0, said))["choices"][0]["finish_reason"] == finish
