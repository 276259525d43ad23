"""What a practice site keeps of what was said."""

from chatdoor.practice.conversations import TURNS_MOST, Conversations


def test_turns_are_heard_in_order() -> None:
    """Each conversation has its own turns, and a key that is new begins one."""
    kept = Conversations()
    assert kept.hear("a", ["one"]) == ("one",)
    assert kept.hear("b", ["other"]) == ("other",)
    assert kept.hear("a", ["two"]) == ("one", "two")
    assert (kept.heard(), kept.begun) == ([["one", "two"], ["other"]], 2)


def test_a_begun_conversation_is_empty() -> None:
    """It is known before anything is said in it, and no two have the same key."""
    kept = Conversations()
    first, second = kept.begin(), kept.begin()
    assert first != second
    assert kept.knows(first)
    assert (kept.heard(), kept.begun) == ([[], []], 2)


def test_the_forgotten_is_told_of_still() -> None:
    """A forgotten conversation is gone, says so once, and stays in what was heard; its key may begin another."""
    kept = Conversations()
    kept.hear("a", ["one"])
    kept.forget()
    assert not kept.knows("a")
    assert [kept.has_ended("a"), kept.has_ended("a")] == [True, False]
    assert kept.hear("a", ["two"]) == ("two",)
    assert kept.heard() == [["one"], ["two"]]


def test_who_was_forgotten_twice_ago_is_told_too() -> None:
    """A second forgetting takes back none of the first, up to the limit."""
    kept = Conversations(most=2)
    for key in "abc":
        kept.hear(key, [key])
        kept.forget()
    assert [kept.has_ended(key) for key in "abc"] == [False, True, True]


def test_what_is_noted_is_not_kept() -> None:
    """Where the client keeps the history each request stands for itself."""
    kept = Conversations()
    kept.note(["one"])
    kept.note(["one", "two"])
    assert (kept.heard(), kept.begun) == ([["one"], ["one", "two"]], 2)


def test_conversations_are_bounded() -> None:
    """No more are kept and told of than the limit, nor more turns of one; the oldest go first."""
    kept = Conversations(most=2)
    for key in "abc":
        kept.hear(key, [key])
    assert ([kept.knows(key) for key in "abc"], kept.heard(), kept.begun) == ([False, True, True], [["b"], ["c"]], 3)
    assert len(kept.hear("c", ["x"] * TURNS_MOST)) == TURNS_MOST
