"""Where conversations are kept: a compare-and-set, an index, an end.

Several gateways can share a store, so nothing here is changed in place: whoever read the newest revision may
write the next one.
"""

from collections.abc import Iterator, Sequence
from threading import Lock
from typing import Final, Protocol

from chatdoor.conversation.match import Found
from chatdoor.conversation.record import Conversation

MAX_CONVERSATIONS: Final = 1000
"""Kept at most. The one that was not used for longest makes room."""

TIME_TO_LIVE: Final = 86_400.0
"""Seconds after its last use for which a conversation is kept."""

MAX_FOUND: Final = 16
"""Conversations that one key finds at most, the newest: enough for as many equal ones at the same time."""


class ConversationStore(Protocol):
    """Keeps conversations by id."""

    def get(self, conversation_id: str) -> Conversation | None:
        """The conversation, None where there is none."""
        ...

    def compare_and_set(self, conversation_id: str, expected: int | None, new: Conversation | None) -> bool:
        """True where the revision there was the expected one, and now the new conversation is in its place.

        `expected` of None means that there is none yet, `new` of None takes it out.
        """
        ...

    def find(self, keys: Sequence[str]) -> Found:
        """The conversations of each key that has any, newest first, MAX_FOUND at most. They may be claimed."""
        ...

    def expire(self, now: float) -> tuple[Conversation, ...]:
        """Takes out what is past its time, or too much, and gives it. What is claimed stays until its claim ends."""
        ...


class MemoryStore:
    """Conversations in this process. Threads may share it."""

    def __init__(self, limit: int = MAX_CONVERSATIONS, time_to_live: float = TIME_TO_LIVE) -> None:
        self._limit = limit
        self._time_to_live = time_to_live
        self._lock = Lock()
        self._kept: dict[str, Conversation] = {}  # in order of use, the oldest first
        self._index: dict[str, dict[str, None]] = {}
        self._keys: dict[str, frozenset[str]] = {}

    def __iter__(self) -> Iterator[Conversation]:
        with self._lock:
            return iter(list(self._kept.values()))

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, conversation_id: str) -> Conversation | None:
        """The conversation, None where there is none."""
        return self._kept.get(conversation_id)

    def compare_and_set(self, conversation_id: str, expected: int | None, new: Conversation | None) -> bool:
        """True where the revision was the expected one, and the new conversation is in its place."""
        with self._lock:
            old = self._kept.get(conversation_id)
            if (None if old is None else old.revision) != expected:
                return False
            self._put(conversation_id, old, new)
            return True

    def find(self, keys: Sequence[str]) -> Found:
        """The conversations of each key that has any, newest first."""
        with self._lock:
            return {
                key: [self._kept[one] for one, _ in zip(reversed(ids), range(MAX_FOUND), strict=False)]
                for key in keys
                if (ids := self._index.get(key))
            }

    def expire(self, now: float) -> tuple[Conversation, ...]:
        """Takes out what is past its time, or too much, and gives it."""
        with self._lock:
            gone = list(self._due(now))
            for conversation in gone:
                self._put(conversation.id, conversation, None)
            return tuple(gone)

    def _due(self, now: float) -> Iterator[Conversation]:
        """Looks at the oldest only, until one may stay."""
        excess = len(self._kept) - self._limit
        for conversation in self._kept.values():
            if excess <= 0 and conversation.used + self._time_to_live > now:
                return
            if conversation.free() or conversation.lapsed(now):
                excess -= 1
                yield conversation

    def _put(self, conversation_id: str, old: Conversation | None, new: Conversation | None) -> None:
        if old is not None:
            del self._kept[conversation_id]
        if new is not None:
            self._kept[conversation_id] = new
        if old is None or new is None or (old.end, old.turn) != (new.end, new.turn):
            self._index_again(conversation_id, frozenset() if new is None else new.index_keys())

    def _index_again(self, conversation_id: str, keys: frozenset[str]) -> None:
        for key in self._keys.pop(conversation_id, ()):
            self._index[key].pop(conversation_id)
            if not self._index[key]:
                del self._index[key]
        if keys:
            self._keys[conversation_id] = keys
        for key in keys:
            self._index.setdefault(key, {})[conversation_id] = None
