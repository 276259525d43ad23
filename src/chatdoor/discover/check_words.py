"""What a check says to a site, and how it knows an answer that remembers."""

from typing import Final

import msgspec

from chatdoor.errors import ArgumentError

SAY: Final = "My name is {word}."
ASK: Final = "What is my name?"

PLACE: Final = "{word}"
"""Stands for the planted word in what is said."""


class Words(msgspec.Struct, frozen=True):
    """What is said. `said` plants `word`, where it holds it, and `asked` asks for it."""

    said: str
    asked: str
    word: str

    @property
    def plants(self) -> bool:
        """True where what is said holds the word."""
        return self.word.casefold() in self.said.casefold()

    def is_in(self, reply: str) -> bool:
        """True where the reply has the word, whatever its case."""
        return self.word.casefold() in reply.casefold()


def words_for(say: str, ask: str, word: str) -> Words:
    """The words of a check; `{word}` in `say` is the word. Raises ArgumentError where they could prove nothing."""
    if not word.strip():
        raise ArgumentError("word: there is no text in it")
    words = Words(say.replace(PLACE, word), ask, word)
    if not words.said.strip() or not ask.strip():
        raise ArgumentError("say, ask: there is no text in it")
    if words.is_in(ask):
        raise ArgumentError("ask: it holds the word itself, so that an echo would look like a memory")
    return words
