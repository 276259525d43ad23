"""What a request asks for in vain is named."""

import msgspec
import pytest

from chatdoor.gateway.openai.chat import ChatRequest
from chatdoor.gateway.openai.ignored import CHAT, sampling

BASE = {"model": "m", "messages": [{"role": "user", "content": "Hello"}]}


def _request(**fields: object) -> ChatRequest:
    return msgspec.json.decode(msgspec.json.encode(BASE | fields), type=ChatRequest)


NEUTRAL: list[dict[str, object]] = [
    {}, {"tools": []}, {"tool_choice": "auto"}, {"logprobs": False}, {"response_format": {"type": "text"}},
    {"modalities": ["text"]}, {"frequency_penalty": 0}, {"presence_penalty": 0.0}, {"store": False},
    {"parallel_tool_calls": True}, {"tools": None}, {"logit_bias": {}}, {"unknown": {"deep": [1]}}, {"user": "me"},
    {"verbosity": "medium"},
]  # fmt: skip


@pytest.mark.parametrize("fields", NEUTRAL, ids=str)
def test_what_asks_for_nothing_is_not_named(fields: dict[str, object]) -> None:
    """Values that ask for what happens anyway, and fields that nobody knows, are no trouble."""
    assert CHAT.named(_request(**fields)) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [("tools", [{}]), ("tool_choice", "required"), ("logprobs", True), ("top_logprobs", 3), ("audio", {}),
     ("response_format", {"type": "json_schema"}), ("modalities", ["text", "audio"]), ("logit_bias", {"5": 1}),
     ("presence_penalty", 0.5), ("store", True), ("reasoning_effort", "high"), ("prediction", {}), ("functions", [1]),
     ("verbosity", "low")],
)  # fmt: skip
def test_what_is_asked_in_vain_is_named(name: str, value: object) -> None:
    """A field that a web chatbot has no place for is named by its own name."""
    assert name in CHAT.table
    assert CHAT.named(_request(**{name: value})) == [name]


def test_sampling_goes_where_the_site_has_a_field() -> None:
    """An option that the site takes is passed on; another is named, unless it is the default."""
    request = _request(temperature=0.5, top_p=1, seed=3)
    assert sampling(request, frozenset({"temperature"})) == ({"temperature": 0.5}, ["seed"])
    assert sampling(request, frozenset()) == ({}, ["temperature", "seed"])
