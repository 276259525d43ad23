"""How many at a time: found by how long replies take, and by what the site refuses."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatdoor.batch.limit import FIRST, Adaptive, Fixed


def settle(limit: Adaptive, room: int, *, refuses: bool = False, replies: int = 4_000, seed: int = 1) -> list[int]:
    """What the limit is after each reply of a site that answers `room` at a time, and lets more wait or refuses."""
    chance, course = random.Random(seed), []
    for _ in range(replies):
        if refuses and limit.now > room:
            limit.refused()
        else:
            limit.answered(max(1.0, limit.now / room) * chance.uniform(0.9, 1.1))
        course.append(limit.now)
    return course


@pytest.mark.parametrize("room", [1, 4, 16, 64, 200])
def test_it_finds_what_a_site_bears(room: int) -> None:
    """Enough to keep the site busy, and few that only wait."""
    late = settle(Adaptive(256), room)[-1000:]
    assert room * 0.7 <= sum(late) / len(late) <= room * 1.6 + 8


def test_it_stays_below_what_is_refused() -> None:
    """A site that says 429 above ten is asked by no more, nearly always."""
    late = settle(Adaptive(256), 10, refuses=True)[-2000:]
    assert sum(now <= 10 for now in late) / len(late) > 0.9
    assert sum(late) / len(late) > 5


@given(st.integers(1, 300), st.lists(st.none() | st.floats(0, 1e6), max_size=300))
def test_it_never_leaves_its_bounds(most: int, heard: list[float | None]) -> None:
    """Whatever it hears: at least one, at most what the site allows."""
    limit = Adaptive(most)
    for seconds in heard:
        limit.refused() if seconds is None else limit.answered(seconds)
        assert 1 <= limit.now <= most


def test_refusals_of_one_crowd_count_once() -> None:
    """Those that were under way together say the same thing."""
    limit = Adaptive(256)
    settle(limit, 64)
    before = limit.now
    for _ in range(before):
        limit.refused()
    assert limit.now == before // 2


def test_a_number_is_a_number() -> None:
    """It learns nothing; and the search begins with a few."""
    fixed = Fixed(7)
    fixed.answered(1.0)
    fixed.refused()
    assert (fixed.now, Adaptive(256).now, Adaptive(2).now) == (7, FIRST, 2)
