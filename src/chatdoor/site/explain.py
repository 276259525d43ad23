"""From the library's word for a wrong key to ours: the whole path, what is expected there, what came."""

import re
from collections.abc import Mapping
from typing import Final, Literal, get_args, get_origin

import msgspec

from chatdoor.site import file
from chatdoor.site.grammar import Kind, describe, entries_in, keys_of, members, table_in, type_at
from chatdoor.site.lines import KeyPath
from chatdoor.site.nearest import nearest
from chatdoor.site.problem import Problem, quote

# "Expected `str`, got `int` - at `$.chat[0].take[...].css`": the library writes `[...]` for any name of ours.
_MESSAGE: Final = re.compile(r"(?P<what>.*?)(?: - at (?P<key>`key` in )?`\$(?P<place>[\w.\[\]]*)`)?\Z", re.DOTALL)
_STEP: Final = re.compile(r"\.(?P<name>\w+)|\[(?P<index>\d+)\]|\[\.\.\.\]")
_UNKNOWN: Final = re.compile(r"Object contains unknown field `(?P<key>.*)`", re.DOTALL)
_MISSING: Final = re.compile(r"Object missing required field `(?P<key>.*)`", re.DOTALL)


def explain(error: msgspec.ValidationError, table: Mapping[str, object]) -> Problem:
    """The problem that the error is about."""
    message = _MESSAGE.fullmatch(str(error))
    what, place, of_name = message.group("what", "place", "key") if message else (str(error), None, None)
    path = _path(f"{place or ''}{'[...]' if of_name else ''}", table)
    if unknown := _UNKNOWN.fullmatch(what):
        return Problem((*path, unknown["key"]), f"unknown key{nearest(unknown['key'], _known(path))}")
    if missing := _MISSING.fullmatch(what):
        return Problem((*path, missing["key"]), "is missing")
    if of_name and (entries := entries_in(type_at(path[:-1]))):
        return Problem(path, f"this key is {describe(entries[0])}")
    kind = type_at(path)
    return Problem(path, f"expected {describe(kind)}, got {_show(_at(table, path), kind)}")


def _path(place: str, table: Mapping[str, object]) -> KeyPath:
    path: KeyPath = ()
    for step in _STEP.finditer(place):
        if step["name"]:
            path = (*path, step["name"])
        elif step["index"]:
            path = (*path, int(step["index"]))
        else:
            path = (*path, _failing_name(_at(table, path), entries_in(type_at(path))))
    return path


def _failing_name(entries: object, kinds: tuple[Kind, Kind] | None) -> str:
    """The first name whose entry, alone, is refused too."""
    names, values = kinds or (str, object)
    for name, value in entries.items() if isinstance(entries, dict) else ():
        if not (_accepts(names, name) and _accepts(values, value)):
            return str(name)
    return "..."


def _accepts(kind: Kind, value: object) -> bool:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return False
    return True


def _at(value: object, path: KeyPath) -> object:
    for part in path:
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and isinstance(part, int):
            value = value[part]
    return value


def _known(path: KeyPath) -> list[str]:
    """The keys that may stand at the place; at the top also those of the tables, by their whole path."""
    table = table_in(type_at(path)) or file.Table
    below = [
        f"{key}.{name}"
        for key, kind in keys_of(table).items()
        if not path and (inner := table_in(kind))
        for name in keys_of(inner)
    ]
    return [*keys_of(table), *below]


def _show(value: object, kind: Kind) -> str:
    """What came: itself where its kind is right, else its kind alone, since it may be a secret in a wrong place."""
    if value in ("", [], {}):
        return {str: "empty text", list: "an empty list", dict: "an empty table"}[type(value)]
    if isinstance(value, str | int) and type(value) in _scalars(kind):
        return quote(value) if isinstance(value, str) else str(value)
    return _KINDS.get(type(value), "a date or a time")


def _scalars(kind: Kind) -> set[object]:
    """Text and numbers among the types of a union."""
    found = {member.kind for member in members(kind)}
    return found | {type(value) for literal in found if get_origin(literal) is Literal for value in get_args(literal)}


_KINDS: Final = {
    str: "text",
    bool: "true or false",
    int: "a whole number",
    float: "a number with a fraction",
    dict: "a table",
    list: "a list",
}
