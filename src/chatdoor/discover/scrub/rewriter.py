"""Secrets in texts: which are there, in whatever spelling, and the text with placeholders for them."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from chatdoor.discover.opaque import shape_of
from chatdoor.discover.scrub.beside import Beside
from chatdoor.discover.scrub.entries import Entry, Spelling, cores, escaped, packed
from chatdoor.discover.scrub.index import Anchor, Index, small
from chatdoor.discover.scrub.placeholders import placeholder
from chatdoor.discover.scrub.search import Run, Search, stands_alone
from chatdoor.discover.scrub.secrets import Secret
from chatdoor.discover.scrub.spellings import packed_runs, packed_whole, plain_views, unpacked

REMOVED: Final = "[removed: a secret that was written in an unusual way]"


_SHORT: Final = 100
_MAX_CLEAN: Final = 500_000


class _Span(NamedTuple):
    """What is replaced: from where, the longest first, by what."""

    start: int
    shortness: int
    number: int
    instead: str


class Rewriter:
    """Replaces secrets. The same one becomes the same, in each spelling."""

    def __init__(self, secrets: Iterable[Secret]) -> None:
        own = list(_without_spellings(sorted(secrets, key=lambda each: len(each.value))))
        searched = [secret for secret in own if secret.everywhere]
        self._index = Index([secret.value for secret in searched])
        self._searched: list[Entry] = []
        self._clean: set[str | bytes] = set()
        self._entries: list[Entry] = []
        for number, secret in enumerate(own, 1):
            kept = self._kept(secret) if secret.everywhere else {}
            entry = Entry(secret, placeholder(secret, number, kept), secret.is_word)
            self._entries.append(entry)
            if secret.everywhere:
                self._searched.append(entry)
        self._search = Search(self._index, self._searched)
        self._beside = Beside(entry for entry in self._entries if not entry.secret.everywhere)

    @property
    def entries(self) -> Sequence[Entry]:
        """Each secret with what stands for it."""
        return self._entries

    def beside(self, name: object, value: object) -> Entry | None:
        """The common word that is secret under that name, where this is one."""
        return self._beside.entry(name, value)

    def rewrite(self, text: str) -> tuple[str, list[Secret]]:
        """The text with placeholders, and the secret of each that was put in.

        A spelling that nobody knows is found in the text with its escapes undone, and replaced there; what can not be
        replaced even so goes as a whole.
        """
        if _key(text) in self._clean:
            return text, []
        dirty = self._search.runs(text)
        text, done = self._replaced(text, dirty, ())
        left = self._left(text, {} if dirty == {} else None)
        if not left:
            return text, done
        for plain in (text, *plain_views(text)):
            again, more = self._replaced(plain, self._search.runs(plain), left)
            if more and not self._left(again):
                return again, done + more
        return REMOVED, done + [entry.secret for entry in left]

    def leaks(self, text: str, *, everywhere: bool = False) -> list[Secret]:
        """The secrets that a text holds: as they are, or below escapes, base64 or hex.

        With `everywhere`, without those that are secret beside their names alone.
        """
        return [entry.secret for entry in self._left(text) if entry.secret.everywhere or not everywhere]

    def _left(self, text: str, known: dict[str, Run] | None = None) -> list[Entry]:
        """The secrets in a text. `known` is what its runs hold, where somebody has looked already."""
        key = _key(text)
        if key in self._clean:
            return []
        found = self._search.values(text, self._search.runs(text) if known is None else known)
        for view in plain_views(text):
            found |= self._search.values(view, self._search.runs(view))
        left = [self._searched[number] for number in sorted(found)] + [each for _, each in self._beside.in_text(text)]
        if not left and len(self._clean) < _MAX_CLEAN:
            self._clean.add(key)
        return left

    def _replaced(self, text: str, dirty: dict[str, Run], hidden: Sequence[Entry]) -> tuple[str, list[Secret]]:
        """The text with what is found in it replaced. `hidden` is looked for in every spelling, word for word."""
        done = list[Secret]()
        if dirty or hidden or self._index.rare:
            text, done = self._put(text, [*self._by_runs(text, dirty), *self._by_words(text, hidden)])
        for pattern, entry in list(self._beside.in_text(text)):
            text, count = pattern.subn(lambda match, new=entry.instead: f"{match[1]}{new}", text)  # type: ignore[misc]
            done += [entry.secret] * count
        return text, done

    def _put(self, text: str, spans: list[_Span]) -> tuple[str, list[Secret]]:
        parts, done, at = list[str](), list[Secret](), 0
        for start, shortness, number, instead in sorted(spans):
            if start >= at:
                parts += [text[at:start], instead]
                done.append(self._searched[number].secret)
                at = start - shortness
        return "".join([*parts, text[at:]]), done

    def _by_runs(self, text: str, dirty: dict[str, Run]) -> Iterator[_Span]:
        for begin, end, run in self._search.places(text, dirty):
            for anchor, at in run.anchors:
                entry = self._searched[anchor.number]
                for spelling in escaped(entry):
                    start = begin + at - _offset(spelling, anchor)
                    if start >= 0 and text.startswith(spelling.text, start):
                        yield from _span(text, start, spelling, anchor.number, is_word=entry.is_word)
            for number in run.packed:
                for spelling in packed(self._searched[number]):
                    yield from _spans(text, spelling, number, (begin, end))

    def _by_words(self, text: str, hidden: Sequence[Entry]) -> Iterator[_Span]:
        rare = [(number, self._searched[number]) for number in self._index.rare]
        numbers = {entry: number for number, entry in enumerate(self._searched)} if hidden else {}
        for number, entry in [*rare, *((numbers[entry], entry) for entry in hidden if entry in numbers)]:
            for spelling in (*escaped(entry), *(packed(entry) if entry.is_decodable else ())):
                yield from _spans(text, spelling, number, (0, len(text)), is_word=entry.is_word)

    def _kept(self, secret: Secret) -> Mapping[int, str]:
        """What stands for other secrets inside this one: position -> the text there. The longest first."""
        kept: dict[int, str] = {}
        free = secret.value
        for text, new in sorted(self._inside(secret.value), key=lambda pair: -len(pair[0])):
            at = free.find(text) if len(text) < len(free) else -1
            if at >= 0:
                kept[at] = new
                free = f"{free[:at]}{chr(0) * len(text)}{free[at + len(text) :]}"
        return kept

    def _inside(self, value: str) -> Iterator[tuple[str, str]]:
        """The random values inside this one that have their placeholders already, as they are and in base64."""
        runs = packed_runs(value) if shape_of(value) == "token" else ()
        for view in (value, *(says for run in runs for says in unpacked(run))):
            for number in {anchor.number for anchor, _ in self._index.places(view)}:
                entry = self._searched[number] if number < len(self._searched) else None
                if entry is not None and shape_of(entry.secret.value):
                    pairs = [(entry.secret.value, entry.instead), *cores(entry.secret.value, entry.instead)]
                    yield from ((text, new) for text, new in pairs if len(text) == len(new))


def _without_spellings(secrets: Iterable[Secret]) -> Iterator[Secret]:
    """The secrets, the shortest first, without those that are spellings of another one."""
    known: set[str] = set()
    plain: set[str] = set()
    for secret in secrets:
        if not secret.everywhere:
            yield secret
        elif secret.value not in known and not any(each in plain for each in packed_whole(secret.value)):
            plain.add(secret.value)
            known.update(spelling.text for spelling in escaped(Entry(secret, "", is_word=False)))
            yield secret


def _key(text: str) -> str | bytes:
    """What stands for a text among those that hold no secret, so that it is searched once: itself, or its hash."""
    if len(text) <= _SHORT:
        return text
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=20).digest()


def _offset(spelling: Spelling, anchor: Anchor) -> int:
    """Where the anchor stands in a spelling. Escapes before it make that another place than in the value."""
    if spelling.text[anchor.at : anchor.at + len(anchor.text)].lower() == anchor.text:
        return anchor.at
    return max(small(spelling.text).find(anchor.text), 0)


def _spans(
    text: str, spelling: Spelling, number: int, within: tuple[int, int], *, is_word: bool = False
) -> Iterator[_Span]:
    """Each place of a spelling that begins within these bounds."""
    at = text.find(spelling.text, within[0])
    while 0 <= at < within[1]:
        yield from _span(text, at, spelling, number, is_word=is_word)
        at = text.find(spelling.text, at + 1)


def _span(text: str, start: int, spelling: Spelling, number: int, *, is_word: bool) -> Iterator[_Span]:
    end = start + len(spelling.text)
    if not is_word or stands_alone(text, start, end):
        yield _Span(start, start - end, number, spelling.instead)
