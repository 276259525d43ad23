"""How far long work is."""

from chatdoor.discover.discovery import discover
from chatdoor.discover.har import read_har
from chatdoor.discover.progress import between, counted
from chatdoor.discover.scrub import prove, scrub
from tests.discover.har_file import RECORDINGS


def test_items_are_counted_within_their_part_of_the_work() -> None:
    """Four items in the second half: before each, what is done of all."""
    told: list[float] = []
    assert list(counted("abcd", between(0.5, 1, told.append))) == list("abcd")
    assert told == [0.5, 0.625, 0.75, 0.875]


def test_long_work_goes_from_nothing_to_nearly_all() -> None:
    """Scrubbing, its proof and discovery tell shares that only grow, from the first part to the last."""
    data = RECORDINGS[0].read_bytes()
    scrubbing, proof, finding = list[float](), list[float](), list[float]()
    done = scrub(data, "a.har", tell=scrubbing.append)
    prove(done.data, "a.har", done.rewriter, proof.append)
    discover(read_har(data, "a.har"), "a.har", tell=finding.append)
    for told in (scrubbing, proof, finding):
        assert told == sorted(told)
        assert told[0] == 0
        assert 0.7 < told[-1] <= 1
