"""What was found of conversations that are kept elsewhere, for one decision: it is read, and what to write is noted."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from chatdoor.conversation.match import Found
from chatdoor.conversation.record import Conversation

Write: TypeAlias = tuple[str, int | None, Conversation | None]
"""The arguments of a compare-and-set: an id, the revision that is expected, what takes its place."""


class Snapshot:
    """A store of what was found.

    A write to it always holds. Whether it does elsewhere is for the caller to find out.
    """

    def __init__(self, found: Found, named: Iterable[Conversation] = ()) -> None:
        self._found: Mapping[str, Sequence[Conversation]] = found
        self._by_id = {one.id: one for one in named} | {one.id: one for each in found.values() for one in each}
        self.writes: list[Write] = []
        """What is to be written, in order."""

    def get(self, conversation_id: str) -> Conversation | None:
        """The conversation, None where it was not found."""
        return self._by_id.get(conversation_id)

    def find(self, keys: Sequence[str]) -> Found:
        """The conversations of each key that has any, newest first."""
        return {key: self._found[key] for key in keys if key in self._found}

    def compare_and_set(self, conversation_id: str, expected: int | None, new: Conversation | None) -> bool:
        """Notes the write."""
        self.writes.append((conversation_id, expected, new))
        return True

    def expire(self, now: float) -> tuple[Conversation, ...]:  # noqa: ARG002 - the store's signature
        """Nothing: where they are kept, they have their time."""
        return ()
