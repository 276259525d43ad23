"""One row of the table: a figure of chatdoor, the same of its peer, and what they should be to each other."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, kw_only=True)
class Row:
    """One thing measured. `ours` and `peer` are medians, in `unit`; `ratio` is the median of the rounds' ratios.

    `most` is the target: for the ratio where there is a peer, else for `ours`. None: for information.
    """

    part: str
    what: str
    unit: str
    ours: float
    peer: float | None = None
    ratio: float | None = None
    most: float | None = None

    @property
    def met(self) -> bool | None:
        """Whether the target is met, None where there is none."""
        figure = self.ours if self.ratio is None else self.ratio
        return None if self.most is None else figure <= self.most


def compared(part: str, what: str, unit: str, pairs: Sequence[tuple[float, float]], most: float | None = None) -> Row:
    """The row of several rounds, each a figure of ours and one of the peer's, measured one after the other."""
    return Row(
        part=part,
        what=what,
        unit=unit,
        ours=median(ours for ours, _ in pairs),
        peer=median(peer for _, peer in pairs),
        ratio=median(ours / peer for ours, peer in pairs),
        most=most,
    )


def as_table(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table, ratios first."""
    lines = ["| ratio | target | | what | chatdoor | peer | unit |", "|---:|---:|---|---|---:|---:|---|"]
    lines += [
        f"| {_number(row.ratio)} | {_number(row.most)} | {_VERDICTS[row.met]} | {row.part}: {row.what} "
        f"| {_number(row.ours)} | {_number(row.peer)} | {row.unit} |"
        for row in rows
    ]
    return "\n".join(lines)


_VERDICTS = {True: "met", False: "**missed**", None: ""}


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"
