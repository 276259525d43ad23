"""The visitors of a practice site, and the token of each."""

import secrets
import threading

VISITORS_MOST = 10_000
"""How many visitors a site knows. One more, and the oldest is forgotten."""


class Visitors:
    """Who is known, and by which token. Safe to use from any thread.

    `seen` and `made` count the visitors and the tokens there ever were.
    """

    def __init__(self, most: int = VISITORS_MOST) -> None:
        self.seen = 0
        self.made = 0
        self._most = most
        self._tokens: dict[str, str] = {}  # of a visitor; empty where it has none that is good
        self._lock = threading.Lock()

    def admit(self, visitor: str | None) -> str:
        """The visitor's id: the same where it is known, otherwise a new one."""
        with self._lock:
            if visitor is not None and visitor in self._tokens:
                return visitor
            new = secrets.token_hex(16)
            self._tokens[new] = ""
            self.seen += 1
            if len(self._tokens) > self._most:
                del self._tokens[next(iter(self._tokens))]
            return new

    def knows(self, visitor: str | None) -> bool:
        """Whether this is the id of a visitor."""
        with self._lock:
            return visitor in self._tokens

    def token(self, visitor: str) -> str:
        """The visitor's token: the one there is, otherwise a new one."""
        with self._lock:
            return self._tokens.get(visitor) or self._make(visitor)

    def renew(self, visitor: str) -> str:
        """A new token for the visitor. The old one is no longer good."""
        with self._lock:
            return self._make(visitor)

    def holds(self, visitor: str, token: str) -> bool:
        """Whether this is the visitor's token, compared in constant time."""
        with self._lock:
            good = self._tokens.get(visitor, "")
        return bool(good) and secrets.compare_digest(good.encode(), token.encode())

    def expire(self) -> None:
        """No token is good any more. The visitors stay known."""
        with self._lock:
            self._tokens = dict.fromkeys(self._tokens, "")

    def _make(self, visitor: str) -> str:
        token = secrets.token_hex(16)
        self.made += 1
        if visitor in self._tokens:  # one who was forgotten meanwhile stays so: the number is bounded
            self._tokens[visitor] = token
        return token
