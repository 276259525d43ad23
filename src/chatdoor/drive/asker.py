"""Who asks, and whether it is for the first time: what tells the calls of several callers apart."""

from typing import Final

import msgspec

from chatdoor.drive.gate import Ahead, Gate, Waits
from chatdoor.errors import ArgumentError


class Asker(msgspec.Struct, frozen=True, kw_only=True):
    """Whose call it is, in which of its chats, and whether it was made before. Of use where the site remembers.

    Calls of different `scope` never share a conversation. `chat` is the caller's own name for a chat whose whole list
    it sends: a list goes on in a conversation of the same chat alone, also where our replies in it were changed.

    `retry` says that this call may have been made before, with the same messages. `key` (an idempotency key) says
    the same of all calls that have it, and tells them from others with the same messages. Where the last turn of a
    conversation was that call, its reply is given once more, and the site is not asked; one that was stopped early,
    or has more than 100,000 characters, is asked for again, in a conversation of its own.

    The others are of use where state is shared (see SharedState). `gate` says whether the call may go on to its site.
    `ahead` is what was asked for it already. `waits` takes what the reply's end has to wait for, and awaits it in place
    of the call.
    """

    scope: str = ""
    chat: str | None = None
    key: str | None = None
    retry: bool = False
    gate: Gate | None = None
    ahead: Ahead | None = None
    waits: Waits | None = None

    def __post_init__(self) -> None:
        """Checks the names. Raises ArgumentError for an empty one."""
        for name in ("chat", "key"):
            if getattr(self, name) == "":
                raise ArgumentError(f"asker: expected a {name}, got nothing; leave it out where there is none")


NOBODY: Final = Asker()
"""A caller that needs not be told from others."""
