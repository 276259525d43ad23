"""A snapshot: what was found elsewhere, as a store for one decision."""

from chatdoor.conversation.snapshot import Snapshot
from tests.conversation.talk import Desk


def test_it_holds_what_was_found_and_is_only_read() -> None:
    """A decision over it is the one that the store itself would give, and what it writes is not there."""
    desk = Desk()
    made = desk.turn("u1", reply="a1")
    keys = tuple(made.index_keys())
    snapshot = Snapshot(desk.store.find(keys), [])
    other = Desk(snapshot)
    claim = other.claim("u1", "a1", "u2")
    assert (claim.plan.kind, claim.claimed and claim.claimed.id) == ("continuation", made.id)
    assert snapshot.get(made.id) == made
    assert other.claim("u7", "a7", "u8").plan.kind == "lost"
    assert snapshot.expire(1e12) == ()


def test_one_that_is_named_is_found_by_its_id_alone() -> None:
    """What was asked for by id is there by id, and by no key."""
    made = Desk().turn("u1", reply="a1")
    snapshot = Snapshot({}, [made])
    assert snapshot.get(made.id) is made
    assert snapshot.find(tuple(made.index_keys())) == {}
