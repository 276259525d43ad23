"""Few rows that hold every pair of values: what one option does to another shows in them, and not in all rows."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

Row = dict[str, object]
Pair = tuple[str, object, str, object]


def pairwise(options: Mapping[str, Sequence[object]]) -> list[Row]:
    """Rows of one value for each option, such that each two values of two options stand in a row together."""
    missing = dict.fromkeys(
        (one, left, other, right)
        for one, other in combinations(options, 2)
        for left in options[one]
        for right in options[other]
    )
    rows = []
    while missing:
        one, left, other, right = next(iter(missing))
        row: Row = {one: left, other: right}
        for name in [name for name in options if name not in row]:
            row[name] = max(options[name], key=lambda value, name=name: _gain({**row, name: value}, missing, options))
        rows.append({name: row[name] for name in options})
        for pair in _pairs(row, options):
            missing.pop(pair, None)
    return rows


def _gain(row: Row, missing: Mapping[Pair, None], options: Mapping[str, Sequence[object]]) -> int:
    return sum(pair in missing for pair in _pairs(row, options))


def _pairs(row: Row, options: Mapping[str, Sequence[object]]) -> Iterator[Pair]:
    names = [name for name in options if name in row]
    return ((one, row[one], other, row[other]) for one, other in combinations(names, 2))
