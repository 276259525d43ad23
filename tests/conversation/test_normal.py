"""When two texts, and two lists, are the same to us."""

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatdoor.conversation.normal import BLOCKS, beginning, digest, normal_text, prefixes
from chatdoor.messages import Message

SAME = [
    ("outer space", " Hi\n", "Hi"),
    ("Windows newlines", "a\r\nb", "a\nb"),
    ("old newlines", "a\rb", "a\nb"),
    ("composed letters", "Cafe\u0301", "Caf\u00e9"),
    ("reasoning before", "<think>hm</think>\n\nHi", "Hi"),
    ("reasoning within", "Hi<reasoning>x</reasoning>!", "Hi!"),
    ("reasoning twice", "<think>a</think>b<thinking>c</thinking>d", "bd"),
    ("reasoning with attributes", '<details type="reasoning" done="true">a</details>Hi', "Hi"),
    ("reasoning over lines", "<think>\na\n</think>Hi", "Hi"),
    ("nothing but reasoning", "<think>a</think>", ""),
]


@pytest.mark.parametrize(("left", "right"), [row[1:] for row in SAME], ids=[row[0] for row in SAME])
def test_what_clients_do_to_a_reply(left: str, right: str) -> None:
    """What clients are known to do to a reply leaves its normal form as it was, and changes the exact one."""
    one, other = digest(Message("assistant", left)), digest(Message("assistant", right))
    assert one.normal == other.normal
    assert one.exact != other.exact
    assert normal_text(Message("assistant", left)) == right


OTHER = [
    ("case", "Hi", "hi"),
    ("inner space", "a  b", "a b"),
    ("blank lines", "a\n\nb", "a\nb"),
    ("compatibility letters", "\ufb01", "fi"),
    ("punctuation", "Hi", "Hi."),
    ("a block that does not close", "<think>a", "a"),
    ("a block of another kind that closes", "<think>a</reasoning>b", "b"),
    ("an element that is no reasoning", "<details>a</details>b", "b"),
    ("Markdown", "**a**", "a"),
]


@pytest.mark.parametrize(("left", "right"), [row[1:] for row in OTHER], ids=[row[0] for row in OTHER])
def test_what_the_normal_form_does_not_forgive(left: str, right: str) -> None:
    """Other differences make another reply."""
    one, other = digest(Message("assistant", left)), digest(Message("assistant", right))
    assert one.normal != other.normal


def test_what_users_write_in_brackets_is_text() -> None:
    """Only replies have reasoning: a user may well ask about such a block."""
    assert normal_text(Message("user", "<think>a</think>b")) == "<think>a</think>b"
    assert digest(Message("user", "<think>a</think>b")).normal != digest(Message("user", "b")).normal


def test_asked_leaves_out_replies_alone() -> None:
    """In the third form all replies are equal, and what users say counts in its normal form."""
    assert digest(Message("assistant", "a")).asked == digest(Message("assistant", "b")).asked
    assert digest(Message("user", "a")).asked == digest(Message("user", " a")).asked
    assert digest(Message("user", "a")).asked != digest(Message("user", "b")).asked
    assert digest(Message("user", "")).asked != digest(Message("assistant", "")).asked


ROLES = st.sampled_from(["user", "assistant", "system", "tool"])
LISTS = st.lists(
    st.builds(Message, ROLES, st.sampled_from(["", "a", "b", "ab", "\0", "user\0a", "a\0user"])), max_size=4
)


@given(LISTS, LISTS, st.lists(st.sampled_from(["", "a", "aa", "1:a"]), min_size=1, max_size=2), st.data())
def test_equal_digests_are_equal_lists(left: list, right: list, place: list, data: st.DataObject) -> None:
    """Two lists have the same exact digest if they have the same roles and texts and stand at the same place."""
    elsewhere = data.draw(st.sampled_from([place, [*place, ""], ["".join(place)]]))
    one = prefixes(beginning(*place), map(digest, left))[-1]
    other = prefixes(beginning(*elsewhere), map(digest, right))[-1]
    assert (one.exact == other.exact) == (left == right and place == elsewhere)


@given(LISTS, LISTS)
def test_a_prefix_is_what_the_shorter_list_has(left: list, right: list) -> None:
    """The digests of a list's beginning do not depend on what follows."""
    start = beginning("a")
    assert prefixes(start, map(digest, left + right))[: len(left) + 1] == prefixes(start, map(digest, left))


@given(st.text())
def test_the_normal_form_is_text_in_nfc_without_outer_space(text: str) -> None:
    """Whatever the text: reading it does not fail, and the same is made of its decomposed form."""
    found = normal_text(Message("user", text))
    assert found == found.strip()
    assert "\r" not in found
    assert found == normal_text(Message("user", unicodedata.normalize("NFD", text)))


@pytest.mark.parametrize("opening", [opening for opening, _ in BLOCKS])
def test_blocks_that_do_not_close_cost_no_more(opening: str) -> None:
    """A megabyte of openings is read once, and not once for each of them."""
    begun = time.process_time()
    assert normal_text(Message("assistant", opening * 100_000)) == opening * 100_000
    assert time.process_time() - begun < 2
