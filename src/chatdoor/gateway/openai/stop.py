"""Stop sequences and a length limit, applied by us to a reply that the site would go on with."""

from collections.abc import Sequence

from chatdoor.messages import estimate_tokens

BYTES_OF_TOKEN = 4
"""As `estimate_tokens` counts."""


class Stopper:
    """Cuts one reply. `finish` says why, once it has; nothing is handed on after that.

    A stop sequence may come in two pieces, so as many characters as could begin one are held back until `rest`.
    """

    def __init__(self, stops: Sequence[str], most_tokens: int | None) -> None:
        self.finish: str | None = None
        self.text = ""
        """What was handed on."""
        self._stops = stops
        self._held = ""
        self._most = most_tokens

    def feed(self, piece: str) -> str:
        """What can be handed on."""
        text = self._held + piece
        found = [at for stop in self._stops if (at := text.find(stop)) >= 0]
        if found:
            self.finish, self._held = "stop", ""
            return self._hand_on(text[: min(found)])
        keep = max((_beginning(text, stop) for stop in self._stops), default=0)
        self._held = text[len(text) - keep :]
        return self._hand_on(text[: len(text) - keep])

    def rest(self) -> str:
        """What is left at the end of the reply."""
        held, self._held = self._held, ""
        return "" if self.finish else self._hand_on(held)

    def _hand_on(self, text: str) -> str:
        if self._most is not None and estimate_tokens(self.text + text) > self._most:
            room = self._most * BYTES_OF_TOKEN - len(self.text.encode())
            text = text.encode()[: max(0, room)].decode(errors="ignore")
            self.finish, self._held = "length", ""
        self.text += text
        return text


def _beginning(text: str, stop: str) -> int:
    """How many characters at the end of the text are a beginning of the stop sequence."""
    longest = min(len(text), len(stop) - 1)
    return next((size for size in range(longest, 0, -1) if text.endswith(stop[:size])), 0)
