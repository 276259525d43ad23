"""Who is signed in to a practice site: visitors by their cookie, programs by a bearer token."""

import secrets
import threading

USER = "guest"
PASSWORD = "guest"  # no secret: the help says it
LOGINS_MOST = 10_000
"""How many logins are good at a time. One more, and the oldest is not."""


class Logins:
    """The logins that are good. Safe to use from any thread."""

    def __init__(self, most: int = LOGINS_MOST) -> None:
        self._most = most
        self._good: dict[str, None] = {}  # in the order in which they came
        self._lock = threading.Lock()

    def enter(self, who: str) -> None:
        """Signs in a visitor."""
        with self._lock:
            self._good[who] = None
            if len(self._good) > self._most:
                del self._good[next(iter(self._good))]

    def bearer(self) -> str:
        """A new bearer token."""
        token = secrets.token_hex(24)
        self.enter(token)
        return token

    def is_in(self, who: str) -> bool:
        """Whether this visitor is signed in, or this bearer token is good."""
        with self._lock:
            return who in self._good

    def expire(self) -> None:
        """Signs out everybody."""
        with self._lock:
            self._good.clear()


def are_right(user: object, password: object) -> bool:
    """Whether these credentials are the site's."""
    return user == USER and password == PASSWORD
