"""Stacks whose page does one turn in many small requests, and that offer the same to programs in a plain way.

Gradio's page runs a chain of functions for each turn; which of them a program may call stands in its configuration
(https://www.gradio.app/guides/querying-gradio-apps-with-curl). Its chat interface takes the prompt alone.
"""

import re
from collections.abc import Iterator
from typing import Final

import msgspec

from chatdoor.discover.recording import Recording

PRESET_PATH: Final = "/gradio_api/call/chat"
"""The path that the preset `gradio` has."""

_CONFIG: Final = re.compile(r"window\.gradio_config\s*=\s*(?=\{)")


class Offered(msgspec.Struct, frozen=True):
    """What is offered: the preset that says how it is called, the path, and how it is known."""

    preset: str
    path: str
    why: str


class _Function(msgspec.Struct):
    api_name: str | bool | None = None
    visibility: str | None = msgspec.field(default=None, name="api_visibility")
    shown: bool = msgspec.field(default=True, name="show_api")


class _Config(msgspec.Struct):
    mode: str = ""
    prefix: str = msgspec.field(default="", name="api_prefix")
    functions: list[_Function] = msgspec.field(default_factory=list, name="dependencies")


def find_offered(recording: Recording) -> Offered | None:
    """What the stack in a recording offers to programs; None for all others."""
    for index, config in _configs(recording):
        names = [str(each.api_name) for each in config.functions if _is_public(each)]
        if config.mode == "chat_interface" and names:
            name = "chat" if "chat" in names else names[0]
            return Offered("gradio", f"{config.prefix}/call/{name}", f"offered by gradio_config in entry {index}")
    return None


def _is_public(function: _Function) -> bool:
    """Gradio 6 says it by `api_visibility`, before it was `show_api`."""
    named = isinstance(function.api_name, str) and bool(function.api_name)
    return named and (function.shown if function.visibility is None else function.visibility == "public")


def _configs(recording: Recording) -> Iterator[tuple[int, _Config]]:
    for exchange in recording.exchanges:
        text = exchange.answer.body.text
        found = _CONFIG.search(text) if "html" in exchange.answer.body.type else None
        if found:
            yield exchange.index, _parsed(text[found.end() :].partition("</script>")[0].rstrip().rstrip(";"))


def _parsed(text: str) -> _Config:
    try:
        return msgspec.json.decode(text, type=_Config)
    except (msgspec.DecodeError, RecursionError):
        return _Config()
