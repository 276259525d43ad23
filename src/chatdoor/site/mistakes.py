"""From the library's word for a wrong key to ours: the whole path, what is expected there, what came."""

import re
from collections.abc import Mapping
from typing import Final, Literal, cast, get_args, get_origin

import msgspec

from chatdoor.site import file
from chatdoor.site.grammar import Kind, describe, entries_in, keys_of, members, table_in, type_at
from chatdoor.site.lines import KeyPath
from chatdoor.site.nearest import nearest
from chatdoor.site.problem import Problem, quote

# "Expected `str`, got `int` - at `$.chat[0].take[...].css`": the library writes `[...]` for any name of ours.
_PLACE: Final = re.compile(r" - at (?P<of_name>`key` in )?`\$(?P<place>[\w.\[\]]*)`\Z")
_STEP: Final = re.compile(r"\.(?P<name>\w+)|\[(?P<index>\d+)\]|\[\.\.\.\]")
_UNKNOWN: Final = re.compile(r"Object contains unknown field `(?P<key>.*)`", re.DOTALL)
_MISSING: Final = re.compile(r"Object missing required field `(?P<key>.*)`", re.DOTALL)


def problem_of(
    error: msgspec.ValidationError, table: Mapping[str, object], root: type[file.Table] = file.SiteTable
) -> Problem:
    """The problem that the error is about. `root` is what the table was taken for."""
    what = str(error)
    of_name, path = False, KeyPath()
    if found := _PLACE.search(what):
        what, of_name = what[: found.start()], bool(found["of_name"])
        path = _path(f"{found['place']}{'[...]' if of_name else ''}", table, root)
    if unknown := _UNKNOWN.fullmatch(what):
        return Problem((*path, unknown["key"]), f"unknown key{_right_place(unknown['key'], path, root)}")
    if missing := _MISSING.fullmatch(what):
        return Problem((*path, missing["key"]), "is missing")
    if of_name and (entries := entries_in(type_at(path[:-1], root))):
        return Problem(path, f"this key is {describe(entries[0])}")
    kind = type_at(path, root)
    return Problem(path, f"expected {describe(kind)}, got {_show(_at(table, path), kind)}")


def _path(place: str, table: Mapping[str, object], root: type[file.Table]) -> KeyPath:
    path: KeyPath = ()
    for step in _STEP.finditer(place):
        if step["name"]:
            path = (*path, step["name"])
        elif step["index"]:
            path = (*path, int(step["index"]))
        else:
            path = (*path, _failing_name(type_at(path, root), _at(table, path)))
    return path


def _failing_name(kind: Kind, entries: object) -> str:
    """The first name whose entry, alone, is refused too."""
    names, values = entries_in(kind) or (str, object)
    found = cast(Mapping[str, object], entries).items()
    return next((name for name, value in found if not (_accepts(names, name) and _accepts(values, value))), "...")


def _accepts(kind: Kind, value: object) -> bool:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return False
    return True


def _at(value: object, path: KeyPath) -> object:
    for part in path:
        value = value[part]  # type: ignore[index] # the library's path is one of the table
    return value


def _right_place(key: str, path: KeyPath, root: type[file.Table]) -> str:
    """Where the key belongs, or the nearest word. TOML gives each line below a `[table]` to that table."""
    if path and key in keys_of(root):
        return "; it belongs at the top of the file"
    return nearest(key, _known(path, root))


def _known(path: KeyPath, root: type[file.Table]) -> list[str]:
    """The keys that may stand at the place, and those of the tables in it by their path."""
    table = table_in(type_at(path, root)) or file.Table
    tables = {key: table_in(kind) for key, kind in keys_of(table).items()}
    return [*keys_of(table), *(f"{key}.{name}" for key, below in tables.items() if below for name in keys_of(below))]


def _show(value: object, kind: Kind) -> str:
    """What came: itself where its kind is right, else its kind alone, since it may be a secret in a wrong place."""
    if value in ("", [], {}):
        return {str: "empty text", list: "an empty list", dict: "an empty table"}[type(value)]
    if type(value) in _scalars(kind):
        return quote(value) if isinstance(value, str) else str(value)
    return _KINDS[type(value)]


def _scalars(kind: Kind) -> set[object]:
    """Text and numbers among the types of a union."""
    found = {member.kind for member in members(kind)}
    return found | {type(value) for literal in found if get_origin(literal) is Literal for value in get_args(literal)}


_KINDS: Final[Mapping[type, str]] = {
    str: "text",
    bool: "true or false",
    int: "a whole number",
    float: "a number with a fraction",
    dict: "a table",
    list: "a list",
}
