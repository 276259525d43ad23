"""Short words for the tests: messages, and a ledger whose turns end at once."""

from typing import Any

from chatdoor.conversation.ledger import Claim, Ledger
from chatdoor.conversation.record import Conversation
from chatdoor.conversation.store import ConversationStore, MemoryStore
from chatdoor.messages import Message

NOW = 1_700_000_000.0


def lists(*texts: str) -> tuple[Message, ...]:
    """A message list in short. The first letter of a text is its role: `u` asks, `a` answers, `s` is the system."""
    roles = {"u": "user", "a": "assistant", "s": "system"}
    return tuple(Message(roles[text[0]], text) for text in texts)


class Desk:
    """A ledger, ids in order, and what has gone."""

    def __init__(
        self, store: ConversationStore | None = None, *, sees_system: bool = True, lease: float = 600.0
    ) -> None:
        self.store = MemoryStore() if store is None else store
        self.gone: list[Conversation] = []
        self.ledger = Ledger(self.store, gone=self.gone.append, lease=lease)
        self.sees_system = sees_system
        self.ids = iter(f"c{number}" for number in range(10_000))
        self.now = NOW

    def claim(
        self, *texts: str, scope: str = "site", messages: tuple[Message, ...] | None = None, **more: Any
    ) -> Claim:
        """A claim for the list."""
        self.now += 1
        return self.ledger.claim(
            scope,
            lists(*texts) if messages is None else messages,
            now=self.now,
            new_id=next(self.ids),
            sees_system=self.sees_system,
            **more,
        )

    def turn(self, *texts: str, reply: str = "a", partial: bool = False, **more: Any) -> Conversation:
        """A turn from claim to finish. It holds how often it was finished."""
        claim = self.claim(*texts, **more)
        return self.finish(claim, reply, partial=partial)

    def finish(self, claim: Claim, reply: str, *, partial: bool = False) -> Conversation:
        """The end of a turn."""
        held = claim.claimed.held if claim.claimed else {"turns": 0}
        return self.ledger.finish(claim, reply, {"turns": held["turns"] + 1}, now=self.now, partial=partial)


def kind(claim: Claim) -> tuple[str, str | None]:
    """Kind and id of a claim's conversation."""
    return claim.plan.kind, claim.plan.conversation and claim.plan.conversation.id
