"""Whether the site is asked at all."""

from hypothesis import given
from hypothesis import strategies as st

from chatdoor.batch.breaker import FAILURES_TO_PAUSE, FAILURES_TO_STOP, LONGEST_PAUSE, Breaker


def down(breaker: Breaker, now: float = 0.0) -> None:
    """A site that answered once, and went down then."""
    breaker.answered()
    began = [breaker.failed(now) for _ in range(FAILURES_TO_PAUSE)]
    assert began == [False] * (FAILURES_TO_PAUSE - 1) + [True]


def test_a_site_that_goes_down_is_left_in_peace() -> None:
    """Then one row tries, and only one; where it fails the pause doubles; where it is answered all go on."""
    breaker = Breaker()
    down(breaker)
    assert (breaker.paused, breaker.pause) == (True, 1.0)
    assert breaker.wait(0.5) > 0
    assert breaker.wait(1.0) == 0
    assert breaker.wait(1.0) > 0
    assert breaker.failed(1.2)
    assert (breaker.pause, breaker.wait(3.1) > 0, breaker.wait(3.3)) == (2.0, True, 0.0)
    assert breaker.answered()
    assert (breaker.wait(3.4), breaker.wait(3.4), breaker.answered()) == (0.0, 0.0, False)


def test_what_was_under_way_does_not_make_the_pause_longer() -> None:
    """Its failure belongs to the time before."""
    breaker = Breaker()
    down(breaker)
    assert not any(breaker.failed(0.5) for _ in range(50))
    assert breaker.pause == 1.0


def test_a_row_that_fails_by_itself_lets_the_next_one_try() -> None:
    """Else nobody ever would again."""
    breaker = Breaker()
    down(breaker)
    assert breaker.wait(2.0) == 0
    breaker.passed()
    assert breaker.wait(2.0) == 0


def test_nothing_but_failures_is_hopeless() -> None:
    """Before the first reply; there is no pause for it."""
    breaker = Breaker()
    assert not any(breaker.failed(0.0) for _ in range(FAILURES_TO_STOP - 1))
    assert not breaker.hopeless
    breaker.failed(0.0)
    assert breaker.hopeless
    assert not breaker.paused


def test_patience_ends() -> None:
    """Counted from when the site went down, and anew after it came back."""
    breaker = Breaker(patience=10.0)
    down(breaker)
    assert (breaker.gives_up(9.0), breaker.gives_up(10.0)) == (False, True)
    breaker.answered()
    down(breaker, 20.0)
    assert not breaker.gives_up(29.0)


@given(st.lists(st.sampled_from(["answered", "failed", "passed", "wait"]), max_size=200))
def test_it_never_waits_for_ever(heard: list[str]) -> None:
    """Whatever came: after the longest pause somebody may try, and pauses stay within their bound."""
    breaker, now = Breaker(), 0.0
    for what in heard:
        now += 0.1
        {"answered": breaker.answered, "passed": breaker.passed}.get(what, lambda: None)()
        {"failed": breaker.failed, "wait": breaker.wait}.get(what, lambda _now: 0.0)(now)
        assert breaker.pause <= LONGEST_PAUSE
    breaker.passed()
    assert breaker.wait(now + LONGEST_PAUSE) == 0
