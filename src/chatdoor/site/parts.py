"""The small parts that the tables of a site file are made of: templates, paths, units, keys of which there is one.

Each reader takes a value and its place in the file, and raises Problem with that place.
"""

import re
from collections.abc import Callable, Iterable
from typing import Final, TypeVar, cast

from msgspec import UNSET, UnsetType

from chatdoor.site import file
from chatdoor.site.lines import KeyPath
from chatdoor.site.paths import Find, PathError, compile_path
from chatdoor.site.patterns import PatternError, Pick, compile_pattern
from chatdoor.site.problem import Problem
from chatdoor.site.template import Fields, Shape, Template, TemplateError, parse_shape, parse_template
from chatdoor.site.walk import texts

SECONDS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
BYTES: Final = {"B": 1, "kB": 10**3, "KB": 10**3, "MB": 10**6, "GB": 10**9}

LONGEST: Final = 100 * 86400.0
"""Seconds. What is meant to last longer is meant to have no end."""

LARGEST: Final = 10**9
"""Bytes. A reply is held in memory."""

T = TypeVar("T")
V = TypeVar("V")


def read_template(text: str, path: KeyPath) -> Template:
    """The text's template."""
    return checked(parse_template, text, path, TemplateError)


def read_shape(value: object, path: KeyPath) -> Shape:
    """The shape of a body."""
    for place, text in texts(value, path):  # first one by one: a problem has the place of its text
        read_template(text, place)
    return parse_shape(value)


def read_fields(table: dict[str, object], path: KeyPath) -> Fields | None:
    """A table whose keys and values are templates; None where it is empty."""
    return cast(Fields, read_shape(table, path)) if table else None


def read_path(expression: str, path: KeyPath) -> Find:
    """The function that finds what a JMESPath describes."""
    return checked(compile_path, expression, path, PathError)


def read_optional_path(expression: str | UnsetType, path: KeyPath) -> Find | None:
    """The same where the key may not be there."""
    return None if isinstance(expression, UnsetType) else read_path(expression, path)


def read_pattern(expression: str | UnsetType, path: KeyPath) -> Pick | None:
    """The function that picks a regular expression's first group; None where the key is not there."""
    return None if isinstance(expression, UnsetType) else checked(compile_pattern, expression, path, PatternError)


def read_duration(text: str, path: KeyPath) -> float:
    """Seconds, from text such as `"30m"`."""
    seconds = _measure(text, SECONDS)
    if not 0 < seconds <= LONGEST:
        raise Problem(path, f'expected more than nothing and at most "100d", got {text}')
    return seconds


def read_size(value: str | int, path: KeyPath) -> int:
    """Bytes, from a number or text such as `"8MB"`."""
    size = int(_measure(value, BYTES)) if isinstance(value, str) else value
    if not 0 < size <= LARGEST:
        raise Problem(path, f'expected more than nothing and at most "1GB", got {value}')
    return size


def read_statuses(value: int | str | list[int | str]) -> frozenset[int]:
    """Every status that is meant: `"5xx"` is a hundred of them."""
    found: set[int] = set()
    for item in value if isinstance(value, list) else [value]:
        first = int(item[0]) * 100 if isinstance(item, str) else item
        found.update(range(first, first + 100) if isinstance(item, str) else (first,))
    return frozenset(found)


def read_words(value: file.Words | UnsetType) -> tuple[str, ...]:
    """One word or several."""
    if isinstance(value, UnsetType):
        return ()
    return tuple(value) if isinstance(value, list) else (value,)


def read_one_of(table: file.Table, keys: Iterable[str], path: KeyPath, law: str) -> str | None:
    """The one key of these that the table has, None where it has none. `law` is what the second one breaks."""
    found = [key for key in keys if getattr(table, key) is not UNSET]
    if len(found) > 1:
        raise Problem((*path, found[1]), f"{law}; {found[0]} is there already")
    return found[0] if found else None


def checked(read: Callable[[V], T], value: V, path: KeyPath, error: type[ValueError]) -> T:
    """What `read` makes of the value; its error becomes a Problem."""
    try:
        return read(value)
    except error as problem:
        raise Problem(path, str(problem)) from problem


def given(value: T | UnsetType) -> T | None:
    """The value of a key, None where the key is not there."""
    return None if isinstance(value, UnsetType) else value


def _measure(text: str, units: dict[str, float] | dict[str, int]) -> float:
    number, unit = re.fullmatch(r"([0-9.]+)([A-Za-z]+)", text).groups()  # type: ignore[union-attr] # the grammar's
    return float(number) * units[unit]
