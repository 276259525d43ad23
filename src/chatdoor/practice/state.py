"""What a practice site keeps while it runs: its behaviour, its visitors, what they said, its counts."""

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import asdict

from chatdoor.practice.behaviour import DEEDS, Behaviour
from chatdoor.practice.conversations import Conversations
from chatdoor.practice.jobs import Jobs
from chatdoor.practice.logins import Logins
from chatdoor.practice.visitors import Visitors


class Counts(Struct):
    """What came since the start, and how it was answered.

    `accepted` prompts were taken, `refused` ones had no good token. `limited` were answered 429. `failed` were
    answered 500, with an error inside a 200, or cut short; what was cut short had been accepted too. `lost` ones went
    on in a conversation that the site no longer has.
    """

    pages: int = 0
    accepted: int = 0
    refused: int = 0
    limited: int = 0
    failed: int = 0
    lost: int = 0


class State:
    """The state of one site. Only the site's own thread counts; any thread may read, expire and change faults.

    `prompts` is the number of prompts that came with a good token and found their conversation: the count that faults
    go by.
    """

    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self.counts = Counts()
        self.prompts = 0
        self.visitors = Visitors()
        self.logins = Logins()
        self.conversations = Conversations()
        self.jobs = Jobs()

    def stats(self) -> dict[str, int]:
        """The counts by name, with `tokens` made, `visitors` seen and `conversations` begun."""
        made = {"tokens": self.visitors.made, "visitors": self.visitors.seen}
        return {**asdict(self.counts), **made, "conversations": self.conversations.begun}

    def change(self, changes: Mapping[str, object]) -> None:
        """Sets faults by name, and does what `DEEDS` names. Raises ArgumentError and changes nothing."""
        faults = dict(changes)
        wanted = {deed.name: faults.pop(deed.name, deed.default) for deed in DEEDS}
        for deed in DEEDS:
            deed.check(wanted[deed.name])
        self.behaviour = self.behaviour.with_faults(faults)
        if wanted["expire"]:
            self.expire()
        if wanted["forget"]:
            self.conversations.forget()

    def expire(self) -> None:
        """No token and no login is good any more. The visitors stay known."""
        self.visitors.expire()
        self.logins.expire()
