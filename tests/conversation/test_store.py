"""The store in memory: compare-and-set, index, bounds."""

from threading import Barrier, Thread

from msgspec.structs import replace

from chatdoor.conversation.store import MAX_FOUND, MemoryStore
from tests.conversation.talk import NOW, Desk


def test_compare_and_set() -> None:
    """Only who knows the newest revision writes the next; None is the revision of what is not there."""
    store = MemoryStore()
    made = Desk().turn("u1")
    assert not store.compare_and_set("c0", 0, made)
    assert store.compare_and_set("c0", None, made)
    assert not store.compare_and_set("c0", None, made)
    assert not store.compare_and_set("c0", 1, None)
    assert store.compare_and_set("c0", 0, replace(made, revision=1))
    assert store.get("c0").revision == 1
    assert store.compare_and_set("c0", 1, None)
    assert store.get("c0") is None


def test_one_of_many_threads_wins() -> None:
    """Of threads that claim the same conversation at once one has it."""
    desk = Desk()
    desk.turn("u1", reply="a1")
    barrier, kinds = Barrier(8), []

    def claim() -> None:
        barrier.wait(10)
        kinds.append(desk.claim("u1", "a1", "u2").plan.kind)

    threads = [Thread(target=claim) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert sorted(kinds) == ["continuation", *["fork"] * 7]


def test_it_is_found_by_what_it_is_now() -> None:
    """A key finds a conversation while it has that key, the newest first and no more than MAX_FOUND."""
    desk = Desk()
    first = desk.turn("u1", reply="a1")
    old = first.index_keys()
    assert set(desk.store.find([*old, "no"])) == old
    desk.turn("u1", "a1", "u2", reply="a2")
    now = desk.store.get("c0").index_keys()
    assert set(desk.store.find(tuple(old))) == old & now
    for _ in range(MAX_FOUND + 4):
        desk.turn("u9", reply="a9")
    (found,) = [
        desk.store.find([key]).get(key) for key in desk.store.get("c5").index_keys() if key.startswith("end:exact")
    ]
    assert [one.id for one in found] == [f"c{MAX_FOUND + 5 - number}" for number in range(MAX_FOUND)]


def test_the_index_holds_nothing_of_what_is_gone() -> None:
    """When the last conversation has left, so have its keys."""
    desk = Desk()
    for number in range(5):
        desk.turn("u1", reply=f"a{number}")
    assert len(desk.store) == len(list(desk.store)) == 5
    for conversation in desk.store:
        assert desk.ledger.forget("site", conversation.id, now=NOW)
    assert (desk.store._index, desk.store._keys, desk.store._kept) == ({}, {}, {})


def test_the_least_recently_used_makes_room() -> None:
    """The number is bounded; a conversation that was used again is younger than one that was not."""
    desk = Desk(MemoryStore(limit=2))
    desk.turn("u1", reply="a1")
    desk.turn("u2", reply="a2")
    desk.turn("u1", "a1", "u3", reply="a3")
    desk.turn("u4", reply="a4")
    assert [one.id for one in desk.store] == ["c0", "c3"]
    assert [one.id for one in desk.gone] == ["c1"]


def test_what_is_claimed_does_not_make_room() -> None:
    """A turn under way keeps its conversation, whatever its age and however many there are."""
    desk = Desk(MemoryStore(limit=1, time_to_live=5), lease=100)
    desk.turn("u1", reply="a1")
    claim = desk.claim("u1", "a1", "u2")
    desk.now += 50
    desk.turn("u4", reply="a4")
    assert [one.id for one in desk.gone] == ["c2"]
    desk.finish(claim, "a2")
    assert [one.id for one in desk.store] == ["c0"]


def test_time_to_live() -> None:
    """What was not used for that long is gone; being used begins it again."""
    desk = Desk(MemoryStore(time_to_live=60))
    desk.turn("u1", reply="a1")
    desk.now += 58
    desk.turn("u1", "a1", "u2", reply="a2")
    desk.now += 58
    desk.ledger.give_back(desk.claim("u1", "a1", "u2", "a2", "u3"), now=desk.now)
    desk.now += 60
    assert desk.claim("u1", "a1", "u2", "a2", "u3").plan.kind == "lost"
    assert [one.id for one in desk.gone] == ["c0"]
