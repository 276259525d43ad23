"""Which secrets a text holds, as they are and below base64 and hex.

A text is looked at run by run of letters and digits, and a run that held nothing is not looked at again.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from chatdoor.discover.scrub.entries import Entry
from chatdoor.discover.scrub.index import Anchor, Index
from chatdoor.discover.scrub.spellings import unpacked

_MAX_CLEAN: Final = 500_000
_LONGEST_KEPT: Final = 200
"""Characters of a run that is remembered. Longer ones hardly come twice."""

_MIN_PACKED: Final = 8
"""Characters of base64 and hex that are looked into."""


class Run(NamedTuple):
    """What a run of letters, digits and signs of base64 holds: anchors with their places; secrets by their numbers."""

    anchors: Sequence[tuple[Anchor, int]]
    packed: Sequence[int]


class Search:
    """Looks for secrets in texts. They are named by their number in the list of entries."""

    def __init__(self, index: Index, entries: Sequence[Entry]) -> None:
        self._index = index
        self._entries = entries
        shortest = min((len(each.secret.value) for each in entries if each.is_decodable), default=0)
        self._packed_from = max(_MIN_PACKED, shortest * 4 // 3) if shortest else 0
        least = min(filter(None, (index.least, self._packed_from)), default=1)
        self._pattern = re.compile(rf"[A-Za-z0-9+/_-]{{{least},}}")
        self._clean: set[str] = set()

    def runs(self, text: str) -> dict[str, Run]:
        """The runs of a text that hold something."""
        if not self._entries:
            return {}
        unknown = set(self._pattern.findall(text)) - self._clean
        dirty = {run: found for run in unknown if any(found := self._look(run))}
        if len(self._clean) > _MAX_CLEAN:
            self._clean.clear()
        self._clean.update(run for run in unknown if len(run) <= _LONGEST_KEPT and run not in dirty)
        return dirty

    def places(self, text: str, dirty: dict[str, Run]) -> Iterator[tuple[int, int, Run]]:
        """Where these runs begin and end."""
        for found in self._pattern.finditer(text) if dirty else ():
            if found[0] in dirty:
                yield found.start(), found.end(), dirty[found[0]]

    def values(self, text: str, dirty: dict[str, Run]) -> set[int]:
        """The secrets in a text, of which these are the runs."""
        plain = {
            anchor.number
            for start, _, run in self.places(text, dirty)
            for anchor, at in run.anchors
            if self._is_at(anchor.number, text, start + at - anchor.at)
        }
        return plain.union(self._rare(text), *(run.packed for run in dirty.values()))

    def _look(self, run: str) -> Run:
        anchors = self._index.places(run)
        packed = self._below(run) if self._packed_from and len(run) >= self._packed_from else ()
        return Run(anchors, packed)

    def _below(self, run: str) -> Sequence[int]:
        text = "\n".join(unpacked(run))
        found = {
            anchor.number for anchor, at in self._index.places(text) if self._is_at(anchor.number, text, at - anchor.at)
        }
        return [number for number in found | self._rare(text) if self._entries[number].is_decodable]

    def _rare(self, text: str) -> set[int]:
        return {number for number in self._index.rare if self._is_in(number, text)}

    def _is_at(self, number: int, text: str, start: int) -> bool:
        value = self._entries[number].secret.value
        if start < 0 or not text.startswith(value, start):
            return False
        return not self._entries[number].is_word or stands_alone(text, start, start + len(value))

    def _is_in(self, number: int, text: str) -> bool:
        value = self._entries[number].secret.value
        start = text.find(value)
        while start >= 0:
            if self._is_at(number, text, start):
                return True
            start = text.find(value, start + 1)
        return False


def stands_alone(text: str, start: int, end: int) -> bool:
    """Whether no letter or digit stands beside that part of a text."""
    return not (text[start - 1 : start].isalnum() or text[end : end + 1].isalnum())
