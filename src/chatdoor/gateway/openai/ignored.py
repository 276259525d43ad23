"""What a request asks for and a web chatbot can not do: named, so that nobody takes it for done."""

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any, Final

Neutral = Callable[[Any], bool]
"""Whether a value asks for nothing but what happens anyway."""


def _never(_value: object) -> bool:
    return False


def _empty(value: object) -> bool:
    return not value


def _one_of(*values: object) -> Neutral:
    return lambda value: value in values


def _says_nothing(value: dict[str, Any]) -> bool:
    return all(wish in (None, "none") for wish in value.values())


class CanNot:
    """Fields for which no web chatbot has a place -> the values of them that ask for nothing."""

    def __init__(self, table: Mapping[str, Neutral]) -> None:
        self.table = table
        self._all = attrgetter(*table)
        self._none = (None,) * len(table)

    def named(self, request: object) -> list[str]:
        """The names of the fields by which the request asks for what can not be done."""
        values = self._all(request)
        if values == self._none:  # as in most requests
            return []
        return [
            name
            for (name, neutral), value in zip(self.table.items(), values, strict=True)
            if value is not None and not neutral(value)
        ]


_TEXT: Final[Mapping[str, Neutral]] = {
    "frequency_penalty": _one_of(0),
    "logit_bias": _empty,
    "presence_penalty": _one_of(0),
}

_TOOLS: Final[Mapping[str, Neutral]] = {
    "parallel_tool_calls": _one_of(True, False),  # it says how tools are called, and these are named themselves
    "tool_choice": _one_of("none", "auto"),
    "tools": _empty,
    "top_logprobs": _one_of(0),
}

CHAT: Final = CanNot({
    **_TEXT,
    **_TOOLS,
    "audio": _never,
    "function_call": _one_of("none", "auto"),
    "functions": _empty,
    "logprobs": _one_of(False),
    "modalities": _one_of(["text"], []),
    "prediction": _never,
    "reasoning_effort": _one_of("none"),
    "response_format": _one_of({"type": "text"}),
    "store": _one_of(False),
    "verbosity": _one_of("medium"),
    "web_search_options": _never,
})  # fmt: skip

COMPLETIONS: Final = CanNot({**_TEXT, "logprobs": _never, "suffix": _empty})

RESPONSES: Final = CanNot({
    **_TOOLS,
    "access_programs": _never,
    "background": _one_of(False),
    "context_management": _empty,
    "include": _empty,
    "moderation": _never,
    "prompt": _never,
    "reasoning": _says_nothing,
    "truncation": _one_of("disabled"),  # how much a site takes is not known before it refuses
})  # fmt: skip

SAMPLING: Final[Mapping[str, Neutral]] = {"temperature": _one_of(1), "top_p": _one_of(1), "seed": _never}
"""Fields for which some sites have a place. A request of an endpoint that has no such field does not ask for it."""


def sampling(request: object, taken: frozenset[str]) -> tuple[dict[str, object], list[str]]:
    """The sampling options for a site that takes those names, and the names of those that it does not take."""
    options: dict[str, object] = {}
    left: list[str] = []
    for name, neutral in SAMPLING.items():
        value = getattr(request, name, None)
        if value is None:
            continue
        if name in taken:
            options[name] = value
        elif not neutral(value):
            left.append(name)
    return options, left
