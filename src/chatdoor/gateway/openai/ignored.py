"""What a request asks for and a web chatbot can not do: named, so that nobody takes it for done."""

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any, Final

from chatdoor.gateway.openai.chat import ChatRequest

Neutral = Callable[[Any], bool]
"""Whether a value asks for nothing but what happens anyway."""


def _never(_value: object) -> bool:
    return False


def _empty(value: object) -> bool:
    return not value


def _one_of(*values: object) -> Neutral:
    return lambda value: value in values


CAN_NOT: Final[Mapping[str, Neutral]] = {
    "audio": _never,
    "frequency_penalty": _one_of(0),
    "function_call": _one_of("none", "auto"),
    "functions": _empty,
    "logit_bias": _empty,
    "logprobs": _one_of(False),
    "modalities": _one_of(["text"], []),
    "parallel_tool_calls": _one_of(True, False),  # it says how tools are called, and these are named themselves
    "prediction": _never,
    "presence_penalty": _one_of(0),
    "reasoning_effort": _one_of("none"),
    "response_format": _one_of({"type": "text"}),
    "store": _one_of(False),
    "tool_choice": _one_of("none", "auto"),
    "tools": _empty,
    "top_logprobs": _one_of(0),
    "verbosity": _never,
    "web_search_options": _never,
}
"""Fields for which no web chatbot has a place -> the values of them that ask for nothing."""

SAMPLING: Final[Mapping[str, Neutral]] = {"temperature": _one_of(1), "top_p": _one_of(1), "seed": _never}
"""Fields for which some sites have a place."""

_ALL: Final = attrgetter(*CAN_NOT)
_NONE: Final = (None,) * len(CAN_NOT)


def ignored(request: ChatRequest) -> list[str]:
    """The names of the fields that ask for what no web chatbot can do."""
    values = _ALL(request)
    if values == _NONE:  # as most requests are
        return []
    return [
        name
        for (name, neutral), value in zip(CAN_NOT.items(), values, strict=True)
        if value is not None and not neutral(value)
    ]


def sampling(request: ChatRequest, taken: frozenset[str]) -> tuple[dict[str, object], list[str]]:
    """The sampling options for a site that takes those names, and the names of those that it does not take."""
    options: dict[str, object] = {}
    left: list[str] = []
    for name, neutral in SAMPLING.items():
        value = getattr(request, name)
        if value is None:
            continue
        if name in taken:
            options[name] = value
        elif not neutral(value):
            left.append(name)
    return options, left
