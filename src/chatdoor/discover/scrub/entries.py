"""A secret with what stands for it, and the ways in which both may be written.

Most secrets are letters and digits, which escapes leave alone, so their spellings are made when a text needs them.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from chatdoor.discover.opaque import shape_of
from chatdoor.discover.scrub.secrets import Secret
from chatdoor.discover.scrub.spellings import DECODABLE, ESCAPES, base64_cores

MIN_DECODED: Final = 6
"""Shorter secrets are not looked for in what base64 and hex hold: any text holds some by chance."""

_PLAIN: Final = re.compile(r"[\w.~-]+", re.ASCII)
"""What no escape changes (RFC 3986, section 2.3)."""


class Spelling(NamedTuple):
    """One way in which a secret is written, and what stands for it."""

    text: str
    instead: str


class Entry(NamedTuple):
    """A secret with its placeholder. `is_word`: meant only where it is no part of a word."""

    secret: Secret
    instead: str
    is_word: bool

    @property
    def is_decodable(self) -> bool:
        """Whether it is looked for in base64 and hex."""
        return len(self.secret.value) >= MIN_DECODED


@lru_cache(maxsize=4096)
def escaped(entry: Entry) -> tuple[Spelling, ...]:
    """The spellings that keep letters and digits: escapes; of ids other cases, and uuids without their dashes."""
    return tuple(_distinct(_escaped(entry.secret.value, entry.instead)))


@lru_cache(maxsize=4096)
def packed(entry: Entry) -> tuple[Spelling, ...]:
    """The spellings in base64 and hex, also inside longer texts."""
    return tuple(_distinct(_packed(entry.secret.value, entry.instead)))


def cores(value: str, instead: str) -> Iterator[tuple[str, str]]:
    """What base64 of a longer text holds of a value, and of what stands for it; A's where that does not fit."""
    news = list(base64_cores(instead))
    for at, core in enumerate(base64_cores(value)):
        fits = at < len(news) and len(news[at]) == len(core)
        yield core, news[at] if fits else "A" * len(core)


def _distinct(pairs: Iterator[tuple[str, str]]) -> Iterator[Spelling]:
    seen: set[str] = set()
    for text, instead in pairs:
        if text and text not in seen and text != instead:
            seen.add(text)
            yield Spelling(text, instead)


def _escaped(value: str, instead: str) -> Iterator[tuple[str, str]]:
    yield value, instead
    if not _PLAIN.fullmatch(value):
        yield from ((encode(value), encode(instead)) for encode in ESCAPES)
    if shape_of(value) in {"uuid", "hex"}:
        yield from ((value.upper(), instead.upper()), (value.lower(), instead.lower()))
        yield value.replace("-", ""), instead.replace("-", "")


def _packed(value: str, instead: str) -> Iterator[tuple[str, str]]:
    yield from ((encode(value), encode(instead)) for encode in DECODABLE)
    yield from cores(value, instead)
