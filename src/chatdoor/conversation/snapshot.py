"""What was found of conversations that are kept elsewhere, for one decision: it is only read."""

from collections.abc import Iterable, Mapping, Sequence

from chatdoor.conversation.match import Found
from chatdoor.conversation.record import Conversation


class Snapshot:
    """A store of what was found. What is written to it is not there, and never fails."""

    def __init__(self, found: Found, named: Iterable[Conversation] = ()) -> None:
        self._found: Mapping[str, Sequence[Conversation]] = found
        self._by_id = {one.id: one for one in named} | {one.id: one for each in found.values() for one in each}

    def get(self, conversation_id: str) -> Conversation | None:
        """The conversation, None where it was not found."""
        return self._by_id.get(conversation_id)

    def find(self, keys: Sequence[str]) -> Found:
        """The conversations of each key that has any, newest first."""
        return {key: self._found[key] for key in keys if key in self._found}

    def compare_and_set(self, conversation_id: str, expected: int | None, new: Conversation | None) -> bool:  # noqa: ARG002 - the store's signature
        """True: whether it holds where they are kept is for the caller to find out."""
        return True

    def expire(self, now: float) -> tuple[Conversation, ...]:  # noqa: ARG002 - the store's signature
        """Nothing: where they are kept, they have their time."""
        return ()
