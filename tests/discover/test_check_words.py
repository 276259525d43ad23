"""What is said to a site, and what counts as remembered."""

import pytest

from chatdoor.discover.check_words import ASK, SAY, words_for
from chatdoor.errors import ArgumentError


def test_the_word_is_planted_and_not_asked_with() -> None:
    """By default the first message holds it, the question does not, and case does not count."""
    words = words_for(SAY, ASK, "Zuvokira")
    assert words.said == "My name is Zuvokira."
    assert words.plants
    assert words.is_in("ZUVOKIRA, I think")
    assert not words.is_in(words.asked)


def test_something_else_may_be_said() -> None:
    """Without a place for the word nothing is planted; a word that stands there anyway is."""
    assert not words_for("Hello", ASK, "Zuvokira").plants
    assert words_for("I like tea", "What do I like?", "tea").plants


def test_lists_have_both_sides_in_turn() -> None:
    """The system text comes first, where there is one."""
    words = words_for(SAY, ASK, "Bo", system="Be brief.")
    assert [message["role"] for message in words.list_of("a", "b", "c")] == ["system", "user", "assistant", "user"]
    assert words_for(SAY, ASK, "Bo").list_of("a") == [{"role": "user", "content": "a"}]


@pytest.mark.parametrize(
    ("say", "ask", "word", "says"),
    [
        (" ", ASK, "Bo", "say: there"),
        (SAY, "", "Bo", "ask: there"),
        (SAY, ASK, " ", "word: there"),
        (SAY, "Am I bo?", "Bo", "echo"),
    ],
)
def test_words_that_prove_nothing_are_an_error(say: str, ask: str, word: str, says: str) -> None:
    """Empty ones, and a question that gives the answer."""
    with pytest.raises(ArgumentError, match=says):
        words_for(say, ask, word)
