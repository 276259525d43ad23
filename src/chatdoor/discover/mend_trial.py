"""What mending can ask for, and what it gets back. As in a flow: a decision yields a trial and receives its outcome."""

from collections.abc import Generator
from typing import Final, Literal, TypeAlias

import msgspec

from chatdoor.discover.draft import Table
from chatdoor.errors import ChatdoorError, ConversationLost

Kind: TypeAlias = Literal["look", "say", "recall", "apart"]
"""What is done: the session and pages beside it are opened, to see what they hold; one message goes to a new session;
two do, of which the second asks for a word of the first; the same, the second to another session.
"""

PAGE: Final = "seen_page_"
HEADER: Final = "seen_header_"
"""What names begin with under which a look takes whole pages and headers."""


class Trial(msgspec.Struct, frozen=True):
    """One trial of a draft. `patient`: where the second turn is refused, it may be told again in a new session."""

    kind: Kind
    tables: list[Table]
    patient: bool = False


class Setter(msgspec.Struct, frozen=True):
    """An answer of a look: the path that was asked for, and the names of the cookies that it set."""

    path: str
    cookies: tuple[str, ...]


class Seen(msgspec.Struct, frozen=True):
    """What a look has found: the answers in order, all cookies, and the values that were taken."""

    setters: tuple[Setter, ...]
    cookies: tuple[tuple[str, str], ...]
    values: dict[str, object]


class Outcome(msgspec.Struct, frozen=True):
    """What came of a trial. `error` is None where all of it was answered.

    `remembered`: the last reply had the word of the first message. `status` is the last one that came, 0 where none
    did, `turns` how many messages were answered. `seen` is what a look brings.
    """

    error: ChatdoorError | None = None
    remembered: bool = False
    status: int = 0
    turns: int = 0
    seen: Seen | None = None

    @property
    def answered(self) -> bool:
        """True where nothing went wrong."""
        return self.error is None

    @property
    def sign(self) -> tuple[object, ...]:
        """By what one failure differs from another: its kind, its step, its status, the turns before it."""
        return (type(self.error), self.error.step if self.error else None, self.status, self.turns)

    @property
    def told(self) -> str:
        """The failure in a few words, without anything that the site said."""
        if isinstance(self.error, ConversationLost):
            return "no memory"
        return f"HTTP {self.status}" if self.status >= 300 else type(self.error).__name__


Trials: TypeAlias = Generator[Trial, Outcome, None]
"""Trials, one by one."""
