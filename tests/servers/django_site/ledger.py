"""What the site has seen since the last reset, in memory."""

from collections import deque
from dataclasses import dataclass, field
from typing import Any

KEPT = 1000
"""Requests and message lists kept; older ones are dropped, the counters go on."""


@dataclass
class Seen:
    """Counters, the accepted message lists, and of each request its method, path and headers (names lower-case)."""

    pages: int = 0
    accepted: int = 0
    csrf_failed: int = 0
    logins: int = 0
    messages: deque[list[Any]] = field(default_factory=lambda: deque(maxlen=KEPT))
    requests: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=KEPT))


@dataclass
class Ledger:
    """What was seen, whether good answers rotate the token, and the tokens given out and those expired."""

    seen: Seen = field(default_factory=Seen)
    rotating: bool = False
    issued: set[str] = field(default_factory=set)
    expired: set[str] = field(default_factory=set)

    def reset(self) -> None:
        """Counters at zero, no rotation. Tokens that have expired stay so."""
        self.seen = Seen()
        self.rotating = False

    def expire(self) -> None:
        """From now on refuse every token that was given out so far."""
        self.expired |= self.issued


LEDGER = Ledger()
