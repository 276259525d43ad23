"""Protocols that a preset describes whole: what it says is left out of the site file.

Rows follow from the presets, which name their sources: OpenAI's chat completions and what speaks like them, the chat
routes of Vercel's AI SDK.
"""

from collections.abc import Mapping
from typing import Final

from chatdoor.discover.draft import Line, Table
from chatdoor.site.load import presets
from chatdoor.site.toml import parse_toml

_WHOLE: Final = ("openai", "vercel-ai")
_OWN_PATH: Final = frozenset({"openai"})
"""Presets whose path is fixed, below a prefix that belongs to the site's URL."""

_CLIENTS: Final = frozenset({"model", "messages", "stream"})
"""Fields of a request to OpenAI that say no more than the preset does."""


def shortened(tables: list[Table]) -> list[Table]:
    """The tables without what a preset says, which the first one then extends."""
    for name in _WHOLE:
        preset = parse_toml(presets()[name].read_text("utf-8"), name)
        if _speaks(tables, preset, name):
            return _without(tables, preset, name)
    return tables


def _speaks(tables: list[Table], preset: Mapping[str, object], name: str) -> bool:
    """Whether the path or the messages are the preset's, and the reply is read from the same place."""
    chat, reply = _lines(tables, "[chat]"), _lines(tables, "[reply]")
    own = _table(preset, "reply")
    read = all(key in reply and reply[key].value == own[key] for key in ("sse", "where") if key in own)
    if not chat or not read or ("where" in reply and "where" not in own):
        return False
    if name in _OWN_PATH:
        return "post" in chat and str(chat["post"].value).endswith(str(_table(preset, "chat")["post"]))
    item = _lines(tables, "[messages]").get("item")
    return item is not None and item.value == _table(preset, "messages").get("item")


def _without(tables: list[Table], preset: Mapping[str, object], name: str) -> list[Table]:
    top, chat = tables[0], _lines(tables, "[chat]")
    verb = chat["post"]
    before = _lines(tables, "").get("extends")
    extends: object = name if before is None else [before.value, name]
    top.lines = [line for line in top.lines if line.key != "extends"]
    top.add("extends", extends, "; ".join(filter(None, (before.why if before else "", f"{verb.value}: {verb.why}"))))
    if name in _OWN_PATH:
        _move_path(tables, str(_table(preset, "chat")["post"]))
    return [_rest(table, preset) for table in tables]


def _move_path(tables: list[Table], path: str) -> None:
    """The prefix of the path goes into the URL where no other step has a path below it, the model into the models."""
    top, chat = tables[0], next(table for table in tables if table.heading == "[chat]")
    lines = {line.key: line for line in chat.lines}
    others = [line for table in tables[1:] if table is not chat for line in table.lines]
    if not any(str(line.value).startswith("/") for line in others):
        url = f"{_lines(tables, '')['url'].value}{str(lines.pop('post').value).removesuffix(path)}"
        top.lines = [Line("url", url, line.why) if line.key == "url" else line for line in top.lines]
    body = lines["json"].value if "json" in lines else {}
    if isinstance(body, dict) and body.keys() <= _CLIENTS and isinstance(body.get("model"), str):
        top.add("models", [body["model"]])
        lines.pop("json")
    chat.lines = list(lines.values())


def _rest(table: Table, preset: Mapping[str, object]) -> Table:
    """The lines of a table that the preset does not have so."""
    own = _table(preset, table.heading.strip("[]"))
    return Table(table.heading, [line for line in table.lines if _value(own, line.key) != line.value])


def _value(table: Mapping[str, object], key: str) -> object:
    head, dot, name = key.partition(".")
    return _table(table, head).get(name) if dot else table.get(key)


def _table(table: Mapping[str, object], key: str) -> Mapping[str, object]:
    value = table.get(key)
    return value if isinstance(value, dict) else {}


def _lines(tables: list[Table], heading: str) -> dict[str, Line]:
    return {line.key: line for table in tables if table.heading == heading for line in table.lines}
