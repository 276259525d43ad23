"""Many values looked for at once, in time that grows with the text and not with their number.

Each value has an anchor: a run of its letters and digits, which no escape changes. A text's own runs are looked up in a
table of how anchors begin; a run that was seen before is not looked at again.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

_RUN: Final = re.compile(r"[A-Za-z0-9]+")
_BEGINNINGS: Final = (12, 6, 3)
"""Characters of an anchor that stand in a table: of long anchors many, so that few other runs begin as they do."""

_MAX_CLEAN: Final = 1_000_000
_LONGEST_KEPT: Final = 200
"""Characters of a run that is remembered. Longer ones hardly come twice."""


class Anchor(NamedTuple):
    """Whose it is, the run in lower case, and where in the value it stands."""

    number: int
    text: str
    at: int


class Index:
    """Values by their anchors. `rare` are the numbers of those without one, to be looked for by themselves."""

    def __init__(self, values: Sequence[str]) -> None:
        often = Counter(run for value in values for run in {each.lower() for each in _RUN.findall(value)})
        self.anchors: dict[int, Anchor] = {}
        for number, value in enumerate(values):
            anchor = _anchor(number, value, often)
            if anchor is not None:
                self.anchors[number] = anchor
        self.rare = tuple(number for number in range(len(values)) if number not in self.anchors)
        self._tables = _tables(self.anchors.values())
        least = min((len(anchor.text) for anchor in self.anchors.values()), default=1)
        self._runs = re.compile(rf"[A-Za-z0-9]{{{least},}}")
        self._clean: set[str] = set()

    def places(self, text: str) -> Iterator[tuple[Anchor, int]]:
        """Each anchor that a text holds, in any case of letters, and where."""
        dirty = self._dirty(text)
        if dirty:
            for run in self._runs.finditer(text):
                for anchor, at in dirty.get(run[0], ()):
                    yield anchor, run.start() + at

    def _dirty(self, text: str) -> dict[str, list[tuple[Anchor, int]]]:
        """The runs of a text that hold anchors."""
        if not self._tables:
            return {}
        runs = set(self._runs.findall(text)) - self._clean
        dirty = {run: found for run in runs if (found := list(self._inside(run.lower())))}
        if len(self._clean) > _MAX_CLEAN:
            self._clean.clear()
        self._clean.update(run for run in runs if run not in dirty and len(run) <= _LONGEST_KEPT)
        return dirty

    def _inside(self, run: str) -> Iterator[tuple[Anchor, int]]:
        for size, table in self._tables.items():
            for at in range(len(run) - size + 1):
                beginning = run[at : at + size]
                if beginning in table:
                    yield from ((each, at) for each in table[beginning] if run.startswith(each.text, at))


def _anchor(number: int, value: str, often: Counter[str]) -> Anchor | None:
    """The run that fewest values have, so that names of one host do not stand for each other; of those the longest."""
    runs = [run for run in _RUN.finditer(value) if len(run[0]) >= _BEGINNINGS[-1]]
    best = min(runs, key=lambda run: (len(run[0]) < _BEGINNINGS[1], often[run[0].lower()], -len(run[0])), default=None)
    return Anchor(number, best[0].lower(), best.start()) if best else None


def _tables(anchors: Iterable[Anchor]) -> dict[int, dict[str, list[Anchor]]]:
    tables: dict[int, dict[str, list[Anchor]]] = {}
    for anchor in anchors:
        size = next(size for size in _BEGINNINGS if len(anchor.text) >= size)
        tables.setdefault(size, {}).setdefault(anchor.text[:size], []).append(anchor)
    return tables
