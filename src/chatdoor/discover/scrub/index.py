"""Many values looked for at once, in time that grows with the text and not with their number.

Each value has an anchor: a run of its letters and digits, which no escape changes. A table
says how anchors begin.
"""

import re
import string
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

_RUN: Final = re.compile(r"[A-Za-z0-9]+")
_BEGINNINGS: Final = (12, 6, 4, 3)
"""Characters of an anchor that stand in a table: of long anchors many, so that few other runs begin as they do."""

_FEW: Final = 16
"""Values that may share an anchor, and are compared one by one where it stands."""

_SMALL: Final = {ord(letter): letter.lower() for letter in string.ascii_uppercase}


class Anchor(NamedTuple):
    """Whose it is, the run in lower case, and where in the value it stands."""

    number: int
    text: str
    at: int


class Index:
    """Values by their anchors. `rare` are the numbers of those without one, to be looked for by themselves."""

    def __init__(self, values: Sequence[str]) -> None:
        often = Counter(run for value in values for run in {each.lower() for each in _RUN.findall(value)})
        found = ((number, _anchor(number, value, often)) for number, value in enumerate(values))
        self._anchors = {number: anchor for number, anchor in found if anchor is not None}
        self.rare = tuple(number for number in range(len(values)) if number not in self._anchors)
        self.least = min((len(anchor.text) for anchor in self._anchors.values()), default=0)
        self._tables = _tables(self._anchors.values())

    def places(self, text: str) -> list[tuple[Anchor, int]]:
        """Each anchor that a text holds, in any case of letters, and where. For short texts: it looks at each place."""
        low, found = small(text), list[tuple[Anchor, int]]()
        for size, table in self._tables.items():
            for at in range(len(low) - size + 1):
                beginning = low[at : at + size]
                if beginning in table:
                    found += [(each, at) for each in table[beginning] if low.startswith(each.text, at)]
        return found


def small(text: str) -> str:
    """The text with A to Z small, each character in its place: of other letters the small ones may be longer."""
    return text.lower() if text.isascii() else text.translate(_SMALL)


def _anchor(number: int, value: str, often: Counter[str]) -> Anchor | None:
    """The longest run that few values have. Addresses of one host share all but a short one, which then is theirs."""
    runs = [run for run in _RUN.finditer(value) if len(run[0]) >= _BEGINNINGS[-1]]
    best = min(runs, key=lambda run: _unfitness(run[0], often[run[0].lower()]), default=None)
    return Anchor(number, best[0].lower(), best.start()) if best else None


def _unfitness(run: str, often: int) -> tuple[bool, bool, int, int]:
    return often > _FEW, len(run) < _BEGINNINGS[1], often, -len(run)


def _tables(anchors: Iterable[Anchor]) -> dict[int, dict[str, list[Anchor]]]:
    tables: dict[int, dict[str, list[Anchor]]] = {}
    for anchor in anchors:
        size = next(size for size in _BEGINNINGS if len(anchor.text) >= size)
        tables.setdefault(size, {}).setdefault(anchor.text[:size], []).append(anchor)
    return tables
