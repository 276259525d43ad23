"""Percentiles in constant memory."""

import math
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from chatdoor.batch.sketch import EXACT, Sketch

TIMES = st.lists(st.floats(1e-5, 1e4), min_size=1, max_size=200)


@given(TIMES, st.floats(0, 1))
def test_a_quantile_is_within_one_in_a_hundred(times: list[float], share: float) -> None:
    """Of the time that stands at that place when all are sorted."""
    sketch = Sketch()
    sketch.add(times[:3])
    sketch.add(times[3:])
    exact = sorted(times)[math.floor(share * (len(times) - 1))]
    assert abs(sketch.quantile(share) - exact) <= exact * EXACT * 1.01


@given(TIMES)
def test_bars_hold_every_time(times: list[float]) -> None:
    """Their counts add up, none overlaps another, and there are at most twelve."""
    sketch = Sketch()
    sketch.add(times)
    bars = sketch.bars()
    assert sum(bar.count for bar in bars) == len(times)
    assert len(bars) <= 12
    assert all(left.end <= right.start * 1.0001 for left, right in pairwise(bars))
    spread = sketch.spread
    assert spread is not None
    assert spread.least <= spread.p50 <= spread.p90 <= spread.p99 <= spread.most


def test_nothing_has_no_spread() -> None:
    """Nor bars, and a quantile of 0."""
    assert (Sketch().spread, list(Sketch().bars()), Sketch().quantile(0.5)) == (None, [], 0.0)
