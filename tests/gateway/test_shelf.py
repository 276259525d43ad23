"""What is kept has bounds: how many, how large, how long, and who wrote last."""

import asyncio

from msgspec.structs import replace

from chatdoor.gateway.shelf import OVERHEAD, Kept, MemoryShelf


class Clock:
    """A clock that is set by hand."""

    now = 0.0

    def __call__(self) -> float:
        """The time."""
        return self.now


def _kept(kept_id: str, size: int = 0) -> Kept:
    return Kept(id=kept_id, scope="", body=b"x" * size, items=b"")


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
