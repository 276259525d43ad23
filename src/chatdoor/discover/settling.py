"""Whether a reply has come whole, by what the network and the page show while it is waited for."""

from collections import Counter
from typing import Final

import msgspec

PATIENCE: Final = 5
"""How many times as long one sign alone has to stay quiet, where the other never is or never was."""


class Sight(msgspec.Struct, frozen=True):
    """A moment: seconds of a clock, what came so far, the page's text.

    `unanswered` requests wait for an answer, `unended` ones for the end of theirs.
    """

    at: float
    came: int
    unanswered: int
    unended: int
    text: str


class Settling:
    """Watches one turn. `before` is the moment before it was sent; `quiet` is in seconds."""

    def __init__(self, before: Sight, prompt: str, quiet: float) -> None:
        self._before = before
        self._old = Counter(before.text.split()) + Counter(prompt.split())
        self._quiet = quiet
        self._last = before
        self._came_at = self._text_at = before.at

    @property
    def has_answer(self) -> bool:
        """True once something came and the page shows words that are neither old nor the prompt."""
        return self._last.came > self._before.came and bool(Counter(self._last.text.split()) - self._old)

    def settled(self, now: Sight) -> bool:
        """Takes a moment; True where the reply has come whole.

        Network and page are quiet and nothing is waited for. Later, one of them is enough: some pages poll for ever or
        keep a stream open, some show no text.
        """
        self._came_at = now.at if now.came != self._last.came else self._came_at
        self._text_at = now.at if now.text != self._last.text else self._text_at
        self._last = now
        calm, still = now.at - self._came_at, now.at - self._text_at
        long = self._quiet * PATIENCE
        if now.came == self._before.came or now.unanswered:
            return False
        if not self.has_answer:
            return calm >= long and not now.unended
        return (min(calm, still) >= self._quiet and not now.unended) or still >= long
