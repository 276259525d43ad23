"""The grammar read as data: which type stands at a place of a site file, and how people say it.

A type here is an annotation from `file`: a table (a struct), a list, a dictionary, text, or a union of these.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import UnionType
from typing import Annotated, Final, Literal, NamedTuple, TypeAlias, Union, get_args, get_origin, get_type_hints

from msgspec import Meta, UnsetType

from chatdoor.site import file
from chatdoor.site.lines import KeyPath

Kind: TypeAlias = object
"""An annotation. Python has no narrower type for these."""


class Member(NamedTuple):
    """One type of a union, and what is noted of it."""

    kind: Kind
    meta: Meta


def type_at(path: KeyPath, root: type[file.Table] = file.SiteTable) -> Kind:
    """The type of what may stand at the place; `object` where the language leaves that open.

    `root` is the table that the path begins in.
    """
    found: Kind = root
    for part in path:
        found = _inside(found, part)
    return found


def members(kind: Kind, meta: Meta | None = None) -> list[Member]:
    """The types of a union, in order; any other type is a union of one."""
    if get_origin(kind) is Annotated:
        plain, *notes = get_args(kind)
        return members(plain, next((note for note in notes if isinstance(note, Meta)), meta))
    if get_origin(kind) in {Union, UnionType}:
        return [member for part in get_args(kind) if part is not UnsetType for member in members(part, meta)]
    return [Member(kind, meta or Meta())]


def note_on(kind: Kind) -> Meta:
    """What is noted of a key: its meaning, and its default where that is not a constant."""
    notes = getattr(kind, "__metadata__", ())
    return next((note for note in notes if isinstance(note, Meta) and note.description), Meta())


@lru_cache
def keys_of(table: type[file.Table]) -> Mapping[str, Kind]:
    """The keys of a table and their types, in the order of the grammar."""
    hints = get_type_hints(table, include_extras=True)
    return {name: hints[name] for name in table.__struct_fields__}


def table_in(kind: Kind) -> type[file.Table] | None:
    """The table of the language among the types of a union."""
    for member in members(kind):
        if isinstance(member.kind, type) and issubclass(member.kind, file.Table):
            return member.kind
    return None


def entries_in(kind: Kind) -> tuple[Kind, Kind] | None:
    """The types of names and values, where a table with names of one's own is among the types of a union."""
    return next((get_args(member.kind) for member in members(kind) if get_origin(member.kind) is dict), None)


def describe(kind: Kind) -> str:
    """The type in words: `text or a list of text`."""
    return either(_words(member) for member in members(kind))


def either(words: Iterable[str]) -> str:
    """`a, b or c`; what is there twice is said once."""
    *others, last = dict.fromkeys(words)
    return f"{', '.join(others)} or {last}" if others else last


def _inside(kind: Kind, part: str | int) -> Kind:
    if isinstance(part, int):
        lists = (member.kind for member in members(kind) if get_origin(member.kind) is list)
        return next((get_args(found)[0] for found in lists), object)
    if (table := table_in(kind)) is not None:
        return keys_of(table).get(part, object)
    entries = entries_in(kind)
    return entries[1] if entries else object


_NOUNS: Final[Mapping[Kind, tuple[str, str]]] = {
    str: ("text", "text"),
    int: ("a whole number", "whole numbers"),
    float: ("a number", "numbers"),
    bool: ("true or false", "true or false"),
    object: ("anything", "anything"),
    file.SourceTable: ("a source", "sources"),
    file.MatchTable: ("a match", "matches"),
    file.StepTable: ("a step", "steps"),
}
"""One, and several."""


def _words(member: Member) -> str:
    kind, meta = member
    if meta.title:
        return meta.title
    if get_origin(kind) is Literal:
        return either(f'"{value}"' if isinstance(value, str) else str(value) for value in get_args(kind))
    if get_origin(kind) is list:
        inner = get_args(kind)[0]
        return "a list of these" if members(inner)[0].meta.title else f"a list of {_plural(inner)}"
    if get_origin(kind) is dict:
        _, inner = get_args(kind)
        return "a table" if inner is object else f"a table of {_plural(inner)}"
    if meta.ge is not None or meta.gt is not None:
        return f"{_NOUNS[kind][0]} " + (f"from {meta.ge}" if meta.gt is None else f"above {meta.gt}")
    return _NOUNS.get(kind, ("a table", "tables"))[0]


def _plural(kind: Kind) -> str:
    """The type of what is in a list or a table, in words."""
    inner = members(kind)[0]
    return inner.meta.title or _NOUNS.get(inner.kind, ("a table", "tables"))[1]
