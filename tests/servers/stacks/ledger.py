"""What a site on a Python stack has seen since the last reset, and what it answers."""

from collections import deque
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from threading import Lock
from typing import Any

KEPT = 1000
"""Answered turns kept; older ones are dropped, the counters go on."""

SECRET = "secret?"
"""The prompt that asks for the first turn of its conversation."""


@dataclass
class Seen:
    """Counters; and for each accepted chat all user turns of its conversation, the newest last."""

    pages: int = 0
    tokens: int = 0
    accepted: int = 0
    refused: int = 0
    logins: int = 0
    heard: deque[list[str]] = field(default_factory=lambda: deque(maxlen=KEPT))


class Ledger:
    """The counters of one server. Its views may run in several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._seen = Seen()

    def count(self, name: str) -> None:
        """One more of `name`, a counter of Seen."""
        with self._lock:
            setattr(self._seen, name, getattr(self._seen, name) + 1)

    def answer(self, turns: Sequence[str]) -> str:
        """The reply to the last of `turns`, which is counted as accepted."""
        with self._lock:
            self._seen.accepted += 1
            self._seen.heard.append(list(turns))
        which, turn = ("first", turns[0]) if turns[-1] == SECRET else ("last", turns[-1])
        return f"You said {len(turns)} things; the {which} was: {turn}"

    def stats(self) -> dict[str, Any]:
        """The counters as JSON has them."""
        with self._lock:
            return asdict(self._seen) | {"heard": list(self._seen.heard)}

    def reset(self) -> None:
        """Counters at zero."""
        with self._lock:
            self._seen = Seen()


LEDGER = Ledger()
"""The ledger of this process, which is one server."""
