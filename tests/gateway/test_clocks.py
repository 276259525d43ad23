"""The clocks of a connection."""

from chatdoor.gateway.clocks import IDLE_SECONDS, PARTING_SECONDS, STUCK_SECONDS, Clocks
from chatdoor.gateway.request import Request


def test_a_request_is_late_from_its_first_byte_on() -> None:
    """Also where none ever comes; what waited for us has its time anew, and one that is whole is never late."""
    clocks, request = Clocks(100.0), Request()
    assert (clocks.is_late(119.9, 20), clocks.is_late(120.0, 20)) == (False, True)
    clocks.reads(request, 130.0)
    clocks.reads(request, 140.0)
    assert (clocks.is_late(149.9, 20), clocks.is_late(150.0, 20)) == (False, True)
    clocks.answered(150.0)
    assert (clocks.is_late(169.9, 20), clocks.is_late(170.0, 20)) == (False, True)
    clocks.reads(None, 170.0)
    assert (clocks.reading, clocks.is_late(1000.0, 20)) == (False, False)


def test_it_is_idle_since_the_last_answer() -> None:
    """And not while a request is coming."""
    clocks = Clocks(0.0)
    clocks.reads(None, 1.0)
    clocks.answered(2.0)
    assert not clocks.is_idle_long(IDLE_SECONDS + 1.9)
    assert clocks.is_idle_long(IDLE_SECONDS + 2.0)
    clocks.reads(Request(), 3.0)
    assert not clocks.is_idle_long(1000.0)


def test_a_client_is_stuck_that_takes_nothing() -> None:
    """One that takes a little is not, and what it had no reason to take does not count."""
    clocks = Clocks(0.0)
    assert not clocks.is_stuck(0, 500.0)
    assert not clocks.is_stuck(9, 501.0)
    assert not clocks.is_stuck(8, 500.0 + STUCK_SECONDS)
    assert not clocks.is_stuck(8, 499.9 + 2 * STUCK_SECONDS)
    assert clocks.is_stuck(8, 500.0 + 2 * STUCK_SECONDS)


def test_who_has_its_last_answer_may_read_it() -> None:
    """For a while."""
    clocks = Clocks(0.0)
    assert (clocks.parted, clocks.is_parted_long(1000.0)) == (False, False)
    clocks.part(10.0)
    assert clocks.parted
    assert not clocks.is_parted_long(9.9 + PARTING_SECONDS)
    assert clocks.is_parted_long(10.0 + PARTING_SECONDS)
