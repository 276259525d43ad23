"""A site file with its presets written out."""

import json
import re
import tomllib
from collections.abc import Mapping, Sequence

from chatdoor.site.load import presets
from chatdoor.site.merge import merge


def resolve_presets(text: str) -> str:
    """The TOML of the same site, with no `extends` in it. Comments are lost. The text has to be a right one.

    The keys that the text has come first, in its order.
    """
    own = tomllib.loads(text)
    extends = own.pop("extends", [])
    table: dict[str, object] = {}
    for name in [extends] if isinstance(extends, str) else extends:
        table = merge(table, tomllib.loads(presets()[name].read_text("utf-8")))
    whole = merge(table, own)
    return write_toml({**{name: whole[name] for name in own if name in whole}, **whole})


def write_toml(table: Mapping[str, object]) -> str:
    """The table as TOML: plain keys first, each table below under a heading of its own."""
    plain = [f"{_key(name)} = {_value(value)}" for name, value in table.items() if not isinstance(value, Mapping)]
    headed = [(name, value) for name, value in table.items() if isinstance(value, Mapping)]
    parts = ["\n".join(plain), *("\n".join([f"[{_key(name)}]", *_lines(below)]) for name, below in headed)]
    return "\n\n".join(filter(None, parts)) + "\n"


def _lines(table: Mapping[str, object]) -> list[str]:
    return [f"{_key(name)} = {_value(value)}" for name, value in table.items()]


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _text(name)


def _value(value: object) -> str:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Mapping):
        return f"{{ {', '.join(_lines(value))} }}" if value else "{}"
    if isinstance(value, Sequence):
        return f"[{', '.join(map(_value, value))}]"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _text(text: str) -> str:
    """A basic string. JSON's escapes are TOML's too; TOML wants one more, for DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
