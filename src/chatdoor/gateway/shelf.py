"""What the gateway keeps for later requests: responses, and conversations that clients begin.

Several gateways could share a shelf, so nothing on it is changed in place: whoever read the newest revision may put
the next one there. Of one that is full, what was put there first makes room; what is too large by itself is not kept.
"""

import time
from collections.abc import Callable
from typing import Final, Protocol

import msgspec

MOST_KEPT: Final = 1_000
"""How many are kept at most."""

MOST_BYTES: Final = 8_000_000
"""How large all of them are together at most."""

TIME_TO_LIVE: Final = 86_400.0
"""Seconds after which one is gone."""

OVERHEAD: Final = 1_000
"""Bytes that one takes besides its texts."""


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """One response or conversation. `scope` is whose it is.

    `body` is the JSON that shows it; `items` the JSON of all that was said: in a conversation, or before the answer
    that is in a response. `talk` is the id of the conversation that it stands in at `site`, where that one remembers;
    `whole` is false where that one knows more than these items.
    """

    id: str
    scope: str
    body: bytes
    items: bytes
    site: str = ""
    talk: str | None = None
    whole: bool = True
    revision: int = 0

    @property
    def size(self) -> int:
        """About how many bytes it takes."""
        return len(self.body) + len(self.items) + OVERHEAD


class Shelf(Protocol):
    """Keeps them by id, for a while."""

    async def get(self, kept_id: str) -> Kept | None:
        """The one of that id, None where there is none, or not any more."""
        ...

    async def compare_and_set(self, kept_id: str, expected: int | None, new: Kept | None) -> bool:
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
            self._kept[kept_id] = self._clock(), new
            self._bytes += new.size
        self._make_room()
        return True

    def _take(self, kept_id: str) -> None:
        _, old = self._kept.pop(kept_id, (0.0, None))
        self._bytes -= 0 if old is None else old.size

    def _make_room(self) -> None:
        """Looks at the oldest only, until one may stay."""
        due = self._clock() - self._time_to_live
        while self._kept:
            oldest = next(iter(self._kept))
            full = len(self._kept) > self._most or self._bytes > self._most_bytes
            if not full and self._kept[oldest][0] > due:
                return
            self._take(oldest)
