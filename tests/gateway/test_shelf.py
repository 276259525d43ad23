"""What is kept has bounds: how many, how large, how long, and who wrote last."""

import asyncio

import pytest
from msgspec.structs import replace

from chatdoor.gateway.shelf import OVERHEAD, Kept, MemoryShelf


class Clock:
    """A clock that is set by hand."""

    now = 0.0

    def __call__(self) -> float:
        """The time."""
        return self.now


def _kept(kept_id: str, size: int = 0, scope: str = "") -> Kept:
    return Kept(id=kept_id, scope=scope, body=b"x" * size, items=())


def _left(shelf: MemoryShelf, kept: list[Kept]) -> list[str]:
    """The ids of those that are there after all of them were put there."""

    async def put() -> list[str]:
        for one in kept:
            await shelf.compare_and_set(one.id, None, one)
        return [one.id for one in kept if await shelf.get(one.id)]

    return asyncio.run(put())


def test_the_oldest_makes_room() -> None:
    """Where there are too many, the first that came goes first."""
    assert _left(MemoryShelf(2), [_kept("a"), _kept("b"), _kept("c")]) == ["b", "c"]


def test_large_ones_make_room_too() -> None:
    """All together are never larger than the limit. One that is larger by itself is not kept, and pushes none out."""
    shelf = MemoryShelf(most_bytes=3 * OVERHEAD)
    assert _left(shelf, [_kept("a"), _kept("b"), _kept("c", OVERHEAD)]) == ["b", "c"]
    assert _left(shelf, [_kept("d", 9 * OVERHEAD)]) == []
    assert len(shelf) == 2
    assert _left(shelf, [_kept("e"), _kept("f"), _kept("g")]) == ["e", "f", "g"]


@pytest.mark.parametrize("limits", [{"most": 4}, {"most_bytes": 4 * OVERHEAD}], ids=["number", "size"])
def test_nobody_pushes_out_the_share_of_another(limits: dict[str, int]) -> None:
    """A key may have all of it, until another comes; then who has the most makes room, however much it asks."""
    shelf = MemoryShelf(**limits)
    many = [_kept(f"a{number}", scope="a") for number in range(9)]
    assert _left(shelf, many) == ["a5", "a6", "a7", "a8"]
    assert _left(shelf, [_kept("b0", scope="b"), _kept("b1", scope="b"), *many]) == ["b0", "b1", "a7", "a8"]
    assert len(shelf) == 4


def test_a_key_with_many_users_is_one_key() -> None:
    """Its users make room for each other, each of them alike, and not those of another key."""
    shelf = MemoryShelf(4)
    users = [_kept(f"{user}{number}", scope=f"a/user:{user}") for user in "xyz" for number in range(3)]
    assert _left(shelf, [_kept("b0", scope="b"), *users]) == ["b0", "x2", "y2", "z2"]


def test_after_a_time_it_is_gone() -> None:
    """One that is past its time is not there, and takes no room once another comes."""
    clock = Clock()
    shelf = MemoryShelf(time_to_live=10, clock=clock)
    assert _left(shelf, [_kept("a")]) == ["a"]
    clock.now = 10
    assert asyncio.run(shelf.get("a")) is None
    assert _left(shelf, [_kept("b")]) == ["b"]
    assert len(shelf) == 1
    assert _left(shelf, [_kept("a")]) == ["a"]


def test_whoever_read_the_newest_may_write() -> None:
    """A revision that is not the one there changes nothing; what is written again counts as new."""

    async def write() -> None:
        shelf, first = MemoryShelf(2), _kept("a")
        second = replace(first, revision=1)
        assert await shelf.compare_and_set("a", None, first)
        assert not await shelf.compare_and_set("a", None, first)
        assert await shelf.compare_and_set("b", None, _kept("b"))
        assert await shelf.compare_and_set("a", 0, second)
        assert not await shelf.compare_and_set("a", 0, None)
        assert await shelf.compare_and_set("c", None, _kept("c"))
        assert (await shelf.get("a"), await shelf.get("b")) == (second, None)
        assert await shelf.compare_and_set("a", 1, None)
        assert await shelf.get("a") is None

    asyncio.run(write())


def test_what_many_go_on_from_is_held_once() -> None:
    """A long conversation takes as much as its turns; the last of those who know a turn takes it along."""
    turns = tuple(b"x" * OVERHEAD + b"%d" % number for number in range(50))
    chain = [replace(_kept(f"a{length}"), items=turns[:length]) for length in range(1, 51)]
    shelf = MemoryShelf(most_bytes=102 * OVERHEAD + 50 * 50 * 8)
    assert len(_left(shelf, chain)) == 50
    other = replace(_kept("b", scope="b"), items=(b"y" * 10 * OVERHEAD,))
    assert _left(shelf, [other, chain[-1]]) == ["b", "a50"]

    async def empty() -> None:
        for one in [*chain, other]:
            if await shelf.get(one.id):
                await shelf.compare_and_set(one.id, 0, None)

    asyncio.run(empty())
    assert shelf._bytes == 0
    assert not shelf._shares


def test_equal_items_that_are_not_the_same_take_room_each() -> None:
    """Whoever says the same thing in many conversations of its own gains nothing by it."""
    apart = [replace(_kept(f"a{number}"), items=(b"x" * 10 * OVERHEAD + b"%d" % (number * 0),)) for number in range(9)]
    assert _left(MemoryShelf(most_bytes=40 * OVERHEAD), apart) == ["a6", "a7", "a8"]
