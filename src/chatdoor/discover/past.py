"""Which texts were there before: what an earlier answer held is neither typed nor a new reply."""

from typing import Final

from chatdoor.discover.leaves import answer_leaves
from chatdoor.discover.progress import Tell, counted, nobody
from chatdoor.discover.prose import normal
from chatdoor.discover.recording import Exchange, Recording

MAX_SEEN: Final = 5_000
"""Characters of a text that could be a reply seen before."""


class Past:
    """The short texts of all answers, each with the first exchange that had it.

    Programs are left out: they hold words of all kinds.
    """

    def __init__(self, recording: Recording, tell: Tell = nobody) -> None:
        self.recording = recording
        self._at = {id(exchange): at for at, exchange in enumerate(recording.exchanges)}
        self._first: dict[str, int] = {}
        for at, exchange in enumerate(counted(recording.exchanges, tell)):
            if "script" not in exchange.answer.body.type:
                for leaf in answer_leaves(exchange.answer):
                    if len(leaf.value) < MAX_SEEN:
                        self._first.setdefault(normal(leaf.value), at)

    def before(self, exchange: Exchange) -> "Before":
        """The texts that were there when this exchange began."""
        return Before(self._first, self._at[id(exchange)])


class Before:
    """The texts of the answers before one exchange."""

    def __init__(self, first: dict[str, int], at: int) -> None:
        self._first = first
        self._at = at

    def __contains__(self, text: object) -> bool:
        """Whether an earlier answer held this text, white space as single spaces."""
        return self._first.get(str(text), self._at) < self._at
