"""What looks made by a machine: ids, tokens, keys.

A person writes words, with spaces. A program writes random characters: digits among letters, capitals anywhere. These
rules know no site.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final, Literal, TypeAlias

Shape: TypeAlias = Literal["uuid", "jwt", "hex", "token"]
"""What an opaque value looks like. A JWT has three parts in base64url (RFC 7519); a token is none of the others."""

MIN_CHARS: Final = 16
"""Shorter values can be told from words only by where they stand."""

MAX_CHARS: Final = 16_384
"""Longer ones are content."""

_SHAPES: Final[tuple[tuple[Shape, "re.Pattern[str]"], ...]] = (
    ("uuid", re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")),
    ("jwt", re.compile(r"eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*")),
    ("hex", re.compile(r"(?=[a-fA-F]*[0-9])(?=[0-9]*[a-fA-F])(?:[0-9a-f]{16,}|[0-9A-F]{16,})")),
)
_TOKEN: Final = re.compile(r"[\w~+=.%:/!|$*-]+", re.ASCII)
_RUN: Final = re.compile(rf"[\w~+=.%:|/-]{{{MIN_CHARS},{MAX_CHARS}}}", re.ASCII)
_NAMED: Final = re.compile(r"=(?=\w)")
_CHANGE: Final = re.compile(r"(?<=[a-z])[A-Z0-9]|(?<=[A-Z])[a-z0-9]|(?<=[0-9])[A-Za-z]")
_INNER_DIGIT: Final = re.compile(r"[0-9][A-Za-z]")
_DIGITS: Final = re.compile(r"[0-9]+")
_PATHLIKE: Final = re.compile(r"[a-z][\w+.-]*://|\.{0,2}/[\w.-]*/|[a-z-]+/[a-z.+-]+(?:/|$)", re.ASCII)

_CHANGES: Final = 0.2
"""Of random letters and digits every second neighbour is of another kind; of names in camel case every fourth."""

_VISIBLY_RANDOM: Final = 0.35

_WITH_A_DIGIT: Final = 0.3

_RANDOM_ALONE: Final = 0.45
"""Of a value with no digit before a letter: names have digits at their end alone."""


def shape_of(value: str) -> Shape | None:
    """What the whole value looks like, None where a person could have written it."""
    if not MIN_CHARS <= len(value) <= MAX_CHARS or " " in value:
        return None
    for shape, pattern in _SHAPES:
        if pattern.fullmatch(value):
            return shape
    return "token" if _TOKEN.fullmatch(value) and not _PATHLIKE.match(value) and _is_random(value) else None


def opaque_runs(text: str) -> Iterator[str]:
    """The opaque values within a text, between its words and signs. Of paths and URLs, each part by itself."""
    if len(text) >= MIN_CHARS:
        for run in _RUN.findall(text):
            yield from _opaque_parts(run)


@lru_cache(maxsize=20_000)
def _opaque_parts(run: str) -> tuple[str, ...]:
    """A recording holds most values several times: in what came, in what was sent, in the body as a whole."""
    parts = (each for part in _NAMED.split(run) for each in ([part] if shape_of(part) else re.split(r"[/:|]", part)))
    return tuple(filter(shape_of, parts))


def is_marked(value: str) -> bool:
    """Whether a value may be a secret where its name says that it is one: no word, and nothing short.

    `{"token": "Hello"}` is a piece of a reply, and `{"auth": "required"}` a word.
    """
    if len(value) < 6 or len(value) > MAX_CHARS or re.search(r"\s", value) or _PATHLIKE.match(value):
        return False
    digits, changes = bool(_DIGITS.search(value)), len(_CHANGE.findall(value))
    return len(value) >= 20 or (digits and (changes >= 2 or value.isdigit())) or changes >= len(value) * _VISIBLY_RANDOM


def _is_random(value: str) -> bool:
    changes = len(_CHANGE.findall(value)) / len(value)
    if _INNER_DIGIT.search(value):
        return changes >= (_CHANGES if len(_DIGITS.findall(value)) >= 2 else _WITH_A_DIGIT)
    return changes >= _RANDOM_ALONE
