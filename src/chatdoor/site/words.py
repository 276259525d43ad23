"""Matches in words: what an answer is expected to be, or is taken for."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from msgspec import UNSET, UnsetType

from chatdoor.site import file
from chatdoor.site.problem import one_line, quote

MATCH_WORDS: Final[Mapping[str, Callable[[str], str]]] = {
    "status": "status {}".format,
    "url": "a redirect to {}".format,
    "type": "the content type {}".format,
    "css": "an element {}".format,
    "text": "the text {}".format,
    "close": "the close code {}".format,
}
"""Key of a match -> how it is said. JSON is a record match, which says itself."""

QUOTED: Final = frozenset({"css", "text"})
"""Keys whose value is free text, so that it stands in quotes."""


def match_words(matches: file.Matches | UnsetType) -> str:
    """What the matches describe, any of which holds: `a redirect to /chat, or status 204`. Empty for none."""
    if isinstance(matches, UnsetType):
        return ""
    return ", or ".join(_one(match) for match in (matches if isinstance(matches, list) else [matches]))


def record_words(match: file.RecordMatch) -> str:
    """What a record match describes: `type is 'token'`."""
    return " and ".join(f"{_plain(path)} is {either(_each(value), _shown)}" for path, value in match.items())


def either(values: Iterable[object], say: Callable[[object], str]) -> str:
    """The values, any of which will do: `401, 403 or 419`."""
    *before, last = map(say, values)
    return f"{', '.join(before)} or {last}" if before else last


def _one(match: file.MatchTable) -> str:
    said = [
        words(either(_each(value), _shown if key in QUOTED else _plain))
        for key, words in MATCH_WORDS.items()
        if (value := getattr(match, key)) is not UNSET
    ]
    if not isinstance(match.json, UnsetType):
        said.append(f"JSON in which {record_words(match.json)}")
    return " with ".join(said)


def _each(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _plain(value: object) -> str:
    return one_line(str(value))


def _shown(value: object) -> str:
    return quote(value) if isinstance(value, str) else str(value).lower()
