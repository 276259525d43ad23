"""What came of a batch, in numbers."""

from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from chatdoor.batch.result import About
from chatdoor.batch.sketch import Bar, Sketch, Spread


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a batch: of all rows in the output, those of earlier runs too.

    `rows` are those of the input, as far as the run was to go; `missing` of them have no result yet. `errors` counts
    the kinds. `asked_again` are rows that were under way when an earlier run was killed. `seconds` and `asked` are of
    this run alone.
    """

    site: str
    rows: int
    answered: int
    failed: int
    missing: int
    errors: Mapping[str, int]
    asked_again: int
    attempts: int
    fidelity: Mapping[str, int]
    latency: Spread | None
    first_piece: Spread | None
    latencies: Sequence[Bar]
    first_pieces: Sequence[Bar]
    seconds: float = 0.0
    asked: int = 0

    @property
    def rate(self) -> float:
        """Rows a second, of this run."""
        return self.asked / self.seconds if self.seconds else 0.0


class Count:
    """Counts results as they are kept."""

    def __init__(self) -> None:
        self.answered = 0
        self.failed = 0
        self.errors: Counter[str] = Counter()
        self._fidelity: Counter[str] = Counter()
        self._asked_again = 0
        self._attempts = 0
        self._latency = Sketch()
        self._first_piece = Sketch()

    def add(self, rows: Sequence[About]) -> None:
        """Counts results."""
        answered = [about for about in rows if about.error is None]
        self.answered += len(answered)
        self.failed += len(rows) - len(answered)
        self.errors.update([about.error for about in rows if about.error is not None])
        self._attempts += sum([about.attempts for about in rows])
        self._asked_again += sum([about.asked_again for about in rows])
        self._fidelity.update([about.fidelity or "native" for about in answered])
        self._latency.add([about.latency for about in answered if about.latency is not None])
        self._first_piece.add([about.first_piece for about in answered if about.first_piece is not None])

    def summary(self, site: str, rows: int, missing: int, *, seconds: float, asked: int) -> Summary:
        """The summary so far."""
        return Summary(
            site=site,
            rows=rows,
            answered=self.answered,
            failed=self.failed,
            missing=max(0, missing),
            errors=dict(self.errors.most_common()),
            asked_again=self._asked_again,
            attempts=self._attempts,
            fidelity=dict(self._fidelity.most_common()),
            latency=self._latency.spread,
            first_piece=self._first_piece.spread,
            latencies=self._latency.bars(),
            first_pieces=self._first_piece.bars(),
            seconds=seconds,
            asked=asked,
        )
