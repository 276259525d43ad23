"""Secrets in texts: which are there, in whatever spelling, and the text with placeholders for them."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from chatdoor.discover.opaque import shape_of
from chatdoor.discover.scrub.placeholders import placeholder
from chatdoor.discover.scrub.secrets import Secret
from chatdoor.discover.scrub.spellings import ENCODERS, base64_cores, decoded_runs, plain_views

REMOVED: Final = "[removed: a secret that was written in an unusual way]"

MIN_DECODED: Final = 6
"""Shorter secrets are not looked for in what base64 and hex hold: any text holds some by chance."""

_ANCHOR: Final = re.compile(r"[A-Za-z0-9]+")
_MIN_ANCHOR: Final = 6
_RUNS: Final = re.compile(rf"[A-Za-z0-9]{{{_MIN_ANCHOR},}}")


class Spelling(NamedTuple):
    """One way in which a secret is written, and what stands for it. `is_word`: only where it is no part of a word."""

    text: str
    instead: str
    is_word: bool


class Entry(NamedTuple):
    """A secret with its placeholder and spellings. `anchors`: each text that has a spelling has one of them."""

    secret: Secret
    instead: str
    spellings: tuple[Spelling, ...]
    anchors: tuple[str, ...]


class Rewriter:
    """Replaces secrets. The same one becomes the same, in each spelling."""

    def __init__(self, secrets: Iterable[Secret]) -> None:
        self._entries: list[Entry] = []
        known: dict[str, Spelling] = {}
        inner: list[tuple[str, str]] = []
        for number, secret in enumerate(sorted(secrets, key=lambda each: len(each.value)), 1):
            if secret.everywhere and secret.value in known:  # a spelling of another one
                continue
            instead = placeholder(secret, number, _kept(secret, inner))
            spellings = tuple(_spellings(secret, instead, known)) if secret.everywhere else ()
            self._entries.append(Entry(secret, instead, spellings, tuple(_anchors(secret))))
            if shape_of(secret.value):
                inner += [(text, new) for text, new in _pairs_inside(secret.value, instead) if len(text) == len(new)]

    @property
    def entries(self) -> Sequence[Entry]:
        """Each secret with what stands for it."""
        return self._entries

    def present(self, text: str) -> list[Entry]:
        """The secrets that a text may hold, in whatever spelling. It is quick, and may name one too many."""
        views = [text, "\n".join(plain_views(text))]
        joined = ["\n".join(set(_RUNS.findall(view))) for view in views]
        return [
            entry
            for entry in self._entries
            if any(
                anchor in (run if len(anchor) >= _MIN_ANCHOR and anchor.isalnum() and anchor.isascii() else view)
                for anchor in entry.anchors
                for view, run in zip(views, joined, strict=True)
            )
        ]


def rewrite(text: str, present: Sequence[Entry]) -> tuple[str, list[Secret]]:
    """The text with placeholders, and the secret of each that was put in.

    A spelling that nobody knows is found in the text with its escapes undone, and replaced there; what can not be
    replaced even so goes as a whole.
    """
    text, done = _replaced(text, present)
    if not list(leaks(text, present)):
        return text, done
    for plain in plain_views(text):
        again, more = _replaced(plain, present)
        if more and not list(leaks(again, present)):
            return again, done + more
    return REMOVED, done + list(leaks(text, present))


def leaks(text: str, present: Sequence[Entry]) -> Iterator[Secret]:
    """The secrets that a text still holds: as they are, or below escapes, base64 or hex."""
    near = [text, *plain_views(text)]
    deep = list(decoded_runs(text))
    for entry in present:
        secret = entry.secret
        if not secret.everywhere:
            if any(pattern.search(text) for pattern in _beside_names(secret)):
                yield secret
        elif any(_holds(view, secret) for view in (near if len(secret.value) < MIN_DECODED else near + deep)):
            yield secret


def _replaced(text: str, present: Sequence[Entry]) -> tuple[str, list[Secret]]:
    done: list[Secret] = []
    found: dict[str, tuple[str, Secret]] = {}
    words: set[str] = set()
    for entry in present:
        for spelling in entry.spellings:
            if spelling.text in text:
                found.setdefault(spelling.text, (spelling.instead, entry.secret))
                words |= {spelling.text} if spelling.is_word else set()

    def put(match: re.Match[str]) -> str:
        instead, secret = found[match[0]]
        done.append(secret)
        return instead

    if found:
        text = _pattern(tuple(sorted(found, key=lambda each: (-len(each), each))), frozenset(words)).sub(put, text)
    for entry in present:
        if not entry.secret.everywhere:
            for pattern in _beside_names(entry.secret):
                text, count = pattern.subn(lambda match, new=entry.instead: f"{match[1]}{new}", text)  # type: ignore[misc]
                done += [entry.secret] * count
    return text, done


@lru_cache(maxsize=512)
def _pattern(texts: tuple[str, ...], words: Collection[str]) -> "re.Pattern[str]":
    return re.compile("|".join(_bounded(text) if text in words else re.escape(text) for text in texts))


def _bounded(text: str) -> str:
    """The text where no letter or digit stands beside it."""
    return rf"(?<![^\W_]){re.escape(text)}(?![^\W_])"


@lru_cache(maxsize=4096)
def _beside_names(secret: Secret) -> tuple["re.Pattern[str]", ...]:
    """The value of a cookie or field of that name, in a header, a form, JSON (also escaped) or a multipart body."""
    value = re.escape(secret.value)
    sign = r"(?:\\?[\"']?\s?[=:]\s?\\?[\"']?|\"\r?\n\r?\n|\\?[\"'] value=\\?[\"'])"
    return tuple(
        re.compile(rf"((?<![\w-]){re.escape(name)}{sign}){value}(?=\\?[\"'&;,\s}}<>]|$)") for name in secret.names
    )


def _holds(text: str, secret: Secret) -> bool:
    if secret.value not in text:
        return False
    return not secret.is_word or re.search(_bounded(secret.value), text) is not None


def _spellings(secret: Secret, instead: str, known: dict[str, Spelling]) -> Iterator[Spelling]:
    for text, new in _pairs(secret, instead):
        if text and text not in known and text != new:
            known[text] = Spelling(text, new, secret.is_word)
            yield known[text]


def _pairs(secret: Secret, instead: str) -> Iterator[tuple[str, str]]:
    """Each spelling of the secret and the same one of what stands for it. Base64 that does not fit is filled with A."""
    for encode in ENCODERS:
        yield encode(secret.value), encode(instead)
    if shape_of(secret.value) in {"uuid", "hex"}:
        for change in (str.upper, str.lower, lambda text: text.replace("-", "")):
            yield change(secret.value), change(instead)
    if len(secret.value) >= MIN_DECODED:
        yield from _cores(secret.value, instead)


def _pairs_inside(value: str, instead: str) -> Iterator[tuple[str, str]]:
    yield value, instead
    yield from _cores(value, instead)


def _cores(value: str, instead: str) -> Iterator[tuple[str, str]]:
    news = list(base64_cores(instead))
    for at, core in enumerate(base64_cores(value)):
        fits = at < len(news) and len(news[at]) == len(core)
        yield core, news[at] if fits else "A" * len(core)


def _kept(secret: Secret, inner: Sequence[tuple[str, str]]) -> Mapping[int, str]:
    """What stands for other secrets inside this one: position -> the text there. The longest first."""
    kept: dict[int, str] = {}
    free = secret.value
    for text, new in reversed(inner):
        at = free.find(text) if len(text) < len(free) else -1
        if at >= 0:
            kept[at] = new
            free = f"{free[:at]}{chr(0) * len(text)}{free[at + len(text) :]}"
    return kept


def _anchors(secret: Secret) -> Iterator[str]:
    """The longest run of letters and digits, which no escape changes, of the value and of its base64."""
    yield _anchor(secret.value)
    if secret.everywhere and len(secret.value) >= MIN_DECODED:
        yield from {_anchor(core) for core in base64_cores(secret.value)}
    if shape_of(secret.value) in {"uuid", "hex"}:
        yield from (_anchor(secret.value.upper()), _anchor(secret.value.lower()), secret.value.replace("-", ""))
    if secret.everywhere:
        data = secret.value.encode("utf-8", "replace").hex()
        yield from (data, data.upper())


def _anchor(text: str) -> str:
    return max(_ANCHOR.findall(text), key=len, default=text)
