"""What a check says to a site, and how it knows an answer that remembers."""

from typing import Final

import msgspec

from chatdoor.errors import ArgumentError
from chatdoor.messages import Messages

SAY: Final = "My name is {word}."
ASK: Final = "What is my name?"

PLACE: Final = "{word}"
"""Stands for the planted word in what is said."""


class Words(msgspec.Struct, frozen=True):
    """What is said. `said` plants `word`, where it holds it, and `asked` asks for it.

    `model` and `system` go with each message, where they are given.
    """

    said: str
    asked: str
    word: str
    model: str | None = None
    system: str | None = None

    @property
    def plants(self) -> bool:
        """True where what is said holds the word."""
        return self.word.casefold() in self.said.casefold()

    def list_of(self, *turns: str) -> Messages:
        """A message list of these turns: the user's first, then one of each side in turn."""
        system = [{"role": "system", "content": self.system}] if self.system else []
        return [*system, *({"role": ("user", "assistant")[at % 2], "content": turn} for at, turn in enumerate(turns))]

    def is_in(self, reply: str) -> bool:
        """True where the reply has the word, whatever its case."""
        return self.word.casefold() in reply.casefold()


def words_for(say: str, ask: str, word: str, *, model: str | None = None, system: str | None = None) -> Words:
    """The words of a check; `{word}` in `say` is the word. Raises ArgumentError where they could prove nothing."""
    for name, text in (("say", say), ("ask", ask), ("word", word)):
        if not text.strip():
            raise ArgumentError(f"{name}: there is no text in it")
    words = Words(say.replace(PLACE, word), ask, word, model, system)
    if words.is_in(ask):
        raise ArgumentError("ask: it holds the word itself, so that an echo would look like a memory")
    return words
