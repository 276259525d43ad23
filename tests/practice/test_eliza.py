"""The conversation by rule: pure, deterministic, bounded."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatdoor.practice.eliza import COUNT_MOST, HELD_CHARS, REPLY_CHARS, TURN_CHARS, TURNS_READ, reply, turn_round
from chatdoor.practice.rules import ECHO, OTHER, RULES

FIRST_REPLIES = {
    "count": ("Please count up to 3", "1 2 3."),
    "my name?": ("What's my name?", "You have not told me your name yet."),
    "recall": ("Do you remember what I said?", "You have not told me much yet."),
    "my name": ("My name is Zoë.", "Hello, Zoë. What is on your mind?"),
    "yours": ("Who are you?", None),
    "how are you": ("how are you", "I am a few rules, and they are well. How are you?"),
    "dream": ("Last night I dreamt of my old house", "What does it mean to you, your old house?"),
    "feel": ("I feel tired of my job.", "Why do you feel tired of your job?"),
    "cannot": ("I can\N{RIGHT SINGLE QUOTATION MARK}t sleep", "What keeps you from it? You say that you cannot sleep."),
    "want": ("I need a holiday!", "What would it mean to you to get a holiday?"),
    "like": ("I love you", "What is it that makes you say that you love me?"),
    "think": ("I think that you are kind", "What makes you think that I am kind?"),
    "remember": ("I remember the sea", "What else comes to mind when you think of the sea?"),
    "because": ("Because it rains", "Is that the real reason?"),
    "family": ("It is about my mother", "Tell me more about your mother."),
    "am": ("I'm sad", "How long have you been sad?"),
    "have": ("I have two cats", "Tell me more: you have two cats."),
    "my": ("My car broke down", "Your car?"),
    "you are": ("You are funny", "What makes you think that I am funny?"),
    "are you": ("Are you alive?", "Would it matter to you if I were alive?"),
    "machine": ("Computers again", "Do machines worry you?"),
    "sorry": ("Oh, sorry", "There is no need to be sorry."),
    "always": ("Nobody came", "Can you think of an example?"),
    "question": ("Why is that so?", "Why do you ask?"),
    "thanks": ("Well, thank you", "You are welcome. What else is on your mind?"),
    "bye": ("Bye now", "Goodbye. It was good to talk with you."),
    "yes": ("Yes", "You seem quite sure."),
    "no": ("No", "Why not?"),
    "hello": ("Hello there", "Hello. How do you feel today?"),
}


def test_table_covers_all_rules() -> None:
    """Every rule has a row in the table below, so that none is dead."""
    assert list(FIRST_REPLIES) == [rule.name for rule in RULES]


@pytest.mark.parametrize("name", FIRST_REPLIES)
def test_rule_answers(name: str) -> None:
    """Each rule answers what it listens for, with the visitor's words turned round."""
    said, expected = FIRST_REPLIES[name]
    by_name = {rule.name: rule for rule in RULES}
    assert reply([said]) == (expected or by_name[name].replies[0])


@pytest.mark.parametrize(
    ("words", "turned"),
    [
        ("my job bores me", "your job bores you"),
        ("I am what I was", "you are what you were"),
        ("you were with me", "I was with you"),
        ("angry with you", "angry with me"),
        ("you and I", "me and you"),
        ("that you hate me", "that I hate you"),
        ("YOU'VE got mine", "I've got yours"),
        ("are you yourself", "am I myself"),
        ("island, meme, mystery", "island, meme, mystery"),
        ("", ""),
    ],
)
def test_words_are_turned_round(words: str, turned: str) -> None:
    """Pronouns change sides, whole words only, and a you that is an object becomes me."""
    assert turn_round(words) == turned


def test_other_turns_are_met_in_turn() -> None:
    """Where nothing fits and nothing is remembered, the replies go round, so that they do not repeat at once."""
    assert [reply(["hm"] * count) for count in range(1, 6)] == [*OTHER.replies, OTHER.replies[0]]


def test_repeated_rule_changes_its_words() -> None:
    """The second time that a rule fits, its next reply is used."""
    assert reply(["I feel cold", "I feel warm"]) == "Do you often feel warm?"


def test_earlier_topics_come_back() -> None:
    """Where a turn gives nothing to hold on to, the talk returns to what was said before, one topic after the other."""
    said = ["I feel lost in my job", "My sister called", "hm"]
    assert reply(said) == "Earlier you said that you feel lost in your job. Does that have to do with this?"
    assert reply([*said, "hm"]) == "Let us go back a little. Earlier you spoke of your sister. Tell me more about that."


def test_a_name_is_remembered() -> None:
    """The last name given is known later, and is not turned round."""
    assert reply(["My name is Ada", "Call me Mine", "So what is my name?"]) == "You told me that your name is Mine."


def test_topics_are_recalled() -> None:
    """Asked what it remembers, it names the last three topics, each once."""
    said = ["I feel old", "I want tea", "I want tea", "I like rain", "I have a dog", "Do you remember?"]
    assert reply(said) == (
        "I remember: you said that you want tea; you said that you like rain; you said that you have a dog."
    )


def test_the_most_telling_sentence_counts() -> None:
    """Of several sentences the one with the most telling rule is answered, and of equal ones the last."""
    assert reply(["Hello. I feel ill. Yes!"]) == "Why do you feel ill?"
    assert reply(["I feel ill. I feel better."]) == "Why do you feel better?"


def test_keyword_without_words_is_no_match() -> None:
    """A keyword that nothing follows leads to a general reply, not to a sentence with a hole."""
    assert reply(["I feel ,"]) == OTHER.replies[0]


@pytest.mark.parametrize("exact", ["a  b\n\n\tc ", "{0} {csrf} %s", "\x1b[31mred", "שלום 👋🏽", "i am you"])
def test_echo_is_exact(exact: str) -> None:
    """What is to be said exactly is said exactly, whitespace, braces and all."""
    assert reply([f"Say exactly: {exact}"]) == exact


def test_empty_echo_asks_back() -> None:
    """A reply is never empty, even where nothing is asked for."""
    assert reply(["say exactly:"]) == "Say what?"
    assert ECHO.replies == ()


@pytest.mark.parametrize(("told", "last"), [("0", "There is nothing to count."), ("999999", f" {COUNT_MOST}.")])
def test_counting_is_bounded(told: str, last: str) -> None:
    """It counts as far as it is told, within its limit."""
    assert reply([f"count to {told}"]).endswith(last)


def test_held_words_are_bounded() -> None:
    """Long words of a visitor are shortened at a space where there is one, and end in an ellipsis."""
    assert reply(["I feel " + "very " * 100]) == "Why do you feel " + ("very " * 100)[:119].strip() + "...?"
    assert reply(["I feel " + "x" * 1000]) == "Why do you feel " + "x" * HELD_CHARS + "...?"


def test_only_the_last_turns_are_read() -> None:
    """What lies further back than the limit is forgotten, so that a reply costs the same however long the list is."""
    said = ["My name is Ada", *["hm"] * (TURNS_READ - 1), "what is my name?"]
    assert reply(said) == "You have not told me your name yet."
    assert reply(said[1:2] + said[:1] + said[3:]) == "You told me that your name is Ada."


def test_nothing_said_is_answered() -> None:
    """Even an empty list has a reply."""
    assert reply([]) == OTHER.replies[0]


_KEYWORDS = ["I feel ", "my name is ", "what is my name", "do you remember", "say exactly: ", "count to 9", "my "]
_ANY_TEXT = st.text(st.characters(), max_size=200)
_TURN = st.lists(st.one_of(st.sampled_from(_KEYWORDS), _ANY_TEXT), max_size=4).map("".join)


@given(said=st.lists(_TURN, max_size=8))
def test_any_talk_has_one_bounded_reply(said: list[str]) -> None:
    """For any list of any texts there is a reply: never empty, bounded, and the same when asked again."""
    first = reply(said)
    assert 0 < len(first) <= REPLY_CHARS
    assert reply(list(said)) == first


@pytest.mark.parametrize("unit", ["i am you are my ", "i ", "my you ", "x. ", "'", "\n", "count to 9", "say exactly: "])
def test_huge_turns_are_bounded(unit: str) -> None:
    """Hostile turns of a megabyte have a bounded reply."""
    said = [unit * (1_000_000 // len(unit))] * 3
    assert 0 < len(reply(said)) <= REPLY_CHARS
    assert reply(said) == reply([text[:TURN_CHARS] for text in said])
