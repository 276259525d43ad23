"""What a practice site keeps while it runs: its behaviour, its visitors, its counts."""

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import asdict

from chatdoor.practice.behaviour import EXPIRE, Behaviour
from chatdoor.practice.visitors import Visitors


class Counts(Struct):
    """What came since the start, and how it was answered.

    `accepted` prompts were taken, `refused` ones had no good token. `limited` were answered 429. `failed` were
    answered 500 or cut short; what was cut short had been accepted too.
    """

    pages: int = 0
    accepted: int = 0
    refused: int = 0
    limited: int = 0
    failed: int = 0


class State:
    """The state of one site. Only the site's own thread counts; any thread may read, expire and change faults.

    `prompts` is the number of prompts that came with a good token: the count that faults go by.
    """

    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self.counts = Counts()
        self.prompts = 0
        self.visitors = Visitors()

    def stats(self) -> dict[str, int]:
        """The counts by name, with `tokens` made and `visitors` seen."""
        return {**asdict(self.counts), "tokens": self.visitors.made, "visitors": self.visitors.seen}

    def change(self, changes: Mapping[str, object]) -> None:
        """Sets faults by name; `expire=True` lets all tokens expire now. Raises ArgumentError and changes nothing."""
        faults = dict(changes)
        expire = faults.pop(EXPIRE.name, EXPIRE.default)
        EXPIRE.check(expire)
        self.behaviour = self.behaviour.with_faults(faults)
        if expire:
            self.visitors.expire()
