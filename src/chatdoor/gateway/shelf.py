"""What the gateway keeps for later requests: responses, and conversations that clients begin.

Several gateways could share a shelf, so nothing on it is changed in place: whoever read the newest revision may put
the next one there. Of one that is full, the key makes room that has the most there, and of its users the one that has
the most: with what it put there first. So nobody pushes out more than what others have beyond an equal share. What is
too large by itself is not kept.
"""

import time
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any, Final, Protocol

import msgspec

from chatdoor.gateway.asker import key_of

MOST_KEPT: Final = 1_000
"""How many are kept at most."""

MOST_BYTES: Final = 8_000_000
"""How large all of them are together at most."""

TIME_TO_LIVE: Final = 86_400.0
"""Seconds after which one is gone."""

OVERHEAD: Final = 1_000
"""Bytes that one takes besides its texts."""

PLACE: Final = 8
"""Bytes that it takes to name a list of items."""


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """One response or conversation. `scope` is whose it is.

    `body` is the JSON that shows it; `items` are JSON lists of all that was said: in a conversation, or before the
    answer that is in a response. One that goes on from another has the same lists and one more, and a MemoryShelf holds
    each once. `talk` is the id of the conversation that it stands in at `site`, where that one remembers;
    `whole` is false where that one knows more than these items.
    """

    id: str
    scope: str
    body: bytes
    items: tuple[bytes, ...]
    site: str = ""
    talk: str | None = None
    whole: bool = True
    revision: int = 0

    @property
    def own_size(self) -> int:
        """About how many bytes it takes besides its items."""
        return len(self.body) + OVERHEAD + PLACE * len(self.items)

    @property
    def size(self) -> int:
        """About how many bytes it takes by itself."""
        return self.own_size + sum(map(len, self.items))


class _Share:
    """What one scope has on a shelf: the ids, in the order in which they were put there, and the bytes."""

    def __init__(self) -> None:
        self.ids: dict[str, None] = {}
        self.bytes = 0
        self._users: Counter[int] = Counter()
        """How many have a list of items, by which object it is: equal ones take room each."""

    def put(self, kept: Kept) -> int:
        """Takes one in. Gives by how many bytes it grew."""
        self.ids[kept.id] = None
        more = kept.own_size
        for part in kept.items:
            self._users[id(part)] += 1
            more += len(part) if self._users[id(part)] == 1 else 0
        self.bytes += more
        return more

    def take(self, kept: Kept) -> int:
        """Lets one go. Gives by how many bytes it shrank."""
        del self.ids[kept.id]
        less = kept.own_size
        for part in kept.items:
            self._users[id(part)] -= 1
            if not self._users[id(part)]:
                del self._users[id(part)]
                less += len(part)
        self.bytes -= less
        return less

    def number(self) -> int:
        return len(self.ids)

    def size(self) -> int:
        return self.bytes


class Shelf(Protocol):
    """Keeps them by id, for a while."""

    def get(self, kept_id: str) -> Coroutine[Any, Any, Kept | None]:
        """The one of that id, None where there is none, or not any more."""
        ...

    def compare_and_set(self, kept_id: str, expected: int | None, new: Kept | None) -> Coroutine[Any, Any, bool]:
        """True where the revision there was the expected one, and now the new one is in its place.

        `expected` of None means that there is none yet, `new` of None takes it away.
        """
        ...


class MemoryShelf:
    """A shelf in this process, for one event loop. `clock` gives seconds."""

    def __init__(
        self,
        most: int = MOST_KEPT,
        most_bytes: int = MOST_BYTES,
        time_to_live: float = TIME_TO_LIVE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most = most
        self._most_bytes = most_bytes
        self._time_to_live = time_to_live
        self._clock = clock
        self._kept: dict[str, tuple[float, Kept]] = {}  # in the order in which they were put there
        self._shares: dict[str, _Share] = {}
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._kept)

    async def get(self, kept_id: str) -> Kept | None:
        """The one of that id, None where there is none, or not any more."""
        put_at, kept = self._kept.get(kept_id, (0.0, None))
        return kept if kept is not None and self._clock() - put_at < self._time_to_live else None

    async def compare_and_set(self, kept_id: str, expected: int | None, new: Kept | None) -> bool:
        """True where the revision was the expected one, and the new one is in its place."""
        old = await self.get(kept_id)
        if (None if old is None else old.revision) != expected:
            return False
        self._take(kept_id)
        if new is not None and new.size <= self._most_bytes:
            self._put(new)
        self._make_room()
        return True

    def _put(self, new: Kept) -> None:
        self._put_back(new, self._clock())

    def _put_back(self, new: Kept, at: float) -> None:
        """Puts it there as of a time."""
        self._kept[new.id] = at, new
        self._bytes += self._shares.setdefault(new.scope, _Share()).put(new)

    def _take(self, kept_id: str) -> None:
        _, old = self._kept.pop(kept_id, (0.0, None))
        if old is None:
            return
        share = self._shares[old.scope]
        self._bytes -= share.take(old)
        if not share.ids:
            del self._shares[old.scope]

    def _make_room(self) -> None:
        due = self._clock() - self._time_to_live
        while self._kept and self._kept[oldest := next(iter(self._kept))][0] <= due:
            self._take(oldest)
        while len(self._kept) > self._most:
            self._take(self._next_to_go(_Share.number))
        while self._bytes > self._most_bytes:
            self._take(self._next_to_go(_Share.size))

    def _next_to_go(self, amount: Callable[[_Share], int]) -> str:
        """The oldest of the user who has the most, of the key that has the most."""
        of_keys: Counter[str] = Counter()
        for scope, share in self._shares.items():
            of_keys[key_of(scope)] += amount(share)
        key = max(of_keys, key=of_keys.__getitem__)
        largest = max((share for scope, share in self._shares.items() if key_of(scope) == key), key=amount)
        return next(iter(largest.ids))
