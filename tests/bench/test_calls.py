"""The benchmark runs: a few calls of each kind, against the mock site in its own process."""

import sys
from collections.abc import Iterator

import pytest

from bench import calls, pieces
from bench.by_hand import TURN, ByHand
from bench.mock_site import PIECES, REPLY
from bench.processes import in_fresh_process, mock_site
from chatdoor import Client, load_site


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A mock site."""
    with mock_site() as url:
        yield url


def test_both_sides_get_the_same_reply(url: str) -> None:
    """What is compared does the same: chatdoor and the peer get the whole text, and the same pieces."""
    by_hand = ByHand(url)
    with Client(load_site("voigpt", url=url)) as client:
        assert client.ask(TURN).text == by_hand.ask(TURN) == REPLY
    with Client(pieces.stream_site(url)) as client:
        ours = [str(piece) for piece in client.stream(TURN)]
    assert ours == list(by_hand.stream(TURN))
    assert len(ours) == PIECES
    by_hand.close()


def test_a_round_gives_a_pair_of_costs(url: str) -> None:
    """Each round has CPU of ours and of the peer, above zero; blocking calls run in a process of their own."""
    blocking = in_fresh_process(calls.blocking_pairs, url, 1, 10, on_main=True)
    event_loop = calls.async_pairs(url, 1, 10, 1, "asyncio")
    for pairs in (blocking, event_loop):
        assert len(pairs) == 1
        assert all(cost > 0 for cost in pairs[0])


def test_a_part_that_fails_is_an_error() -> None:
    """A process that ends without a result is not taken for a measurement."""
    with pytest.raises(RuntimeError, match="without a result"):
        in_fresh_process(sys.exit, 3)
