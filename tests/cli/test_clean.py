"""What a terminal would obey is removed, however the text is split."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatdoor.cli.clean import MAX_SEQUENCE, ControlFilter, one_line

CASES = {
    "colour": ("\x1b[1;31mred\x1b[0m", "red"),
    "colour, one-character form": ("\x9b31mred", "red"),
    "title ended by BEL": ("\x1b]0;title\x07x", "x"),
    "title ended by ST": ("\x1b]0;title\x1b\\x", "x"),
    "title, one-character forms": ("\x9d0;title\x9cx", "x"),
    "link": ("\x1b]8;;http://a.example\x1b\\here\x1b]8;;\x1b\\", "here"),
    "device control string": ("\x1bPq#0;2\x1b\\x", "x"),
    "privacy message": ("\x1b^secret\x9cx", "x"),
    "character set": ("\x1b(Bx", "x"),
    "reset": ("\x1bcx", "x"),
    "escape before an escape": ("\x1b\x1b[1mx", "x"),
    "escape before a letter of another alphabet": ("\x1b\u00e9x", "\u00e9x"),
    "sequence broken by a newline": ("\x1b[1\nx", "\nx"),
    "title without an end": ("\x1b]0;title\nx", "\nx"),
    "cancelled": ("\x1b]0;title\x18x", "x"),
    "carriage return, backspace, bell, DEL": ("a\rb\bc\x07d\x7fe", "abcde"),
    "NUL and C1": ("a\0b\x85c", "abc"),
    "reordering marks": ("a\u202eb\u2066c\u2069d", "abcd"),
    "newline and tab": ("a\n\tb", "a\n\tb"),
    "other alphabets and faces": ("\u05d0\u200f \u00e9 \U0001f600", "\u05d0\u200f \u00e9 \U0001f600"),
}


@pytest.mark.parametrize(("text", "shown"), CASES.values(), ids=CASES.keys())
def test_what_a_terminal_obeys_is_removed(text: str, shown: str) -> None:
    """Sequences go with all that belongs to them, everything else stays."""
    assert ControlFilter().feed(text) == shown


@pytest.mark.parametrize("opening", ["\x1b[", "\x1b]", "\x1bP"])
def test_a_sequence_without_an_end_hides_little(opening: str) -> None:
    """What is longer than any sequence is shown again, so that a reply does not vanish."""
    shown = ControlFilter().feed(opening + "1" * (MAX_SEQUENCE + 100))
    assert 0 < len(shown) <= 100


ALPHABET = st.text(st.sampled_from("\x1b\x9b\x9d\x90\x9c[]P\\;01mB( \x07\x18\n\tq\u00e9\u202e\x7f\0"), max_size=40)


@given(ALPHABET, st.data())
def test_every_split_gives_the_same(text: str, data: st.DataObject) -> None:
    """Pieces come as the network cuts them; what is shown does not depend on it."""
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=5)))
    pieces = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    control = ControlFilter()
    assert "".join(map(control.feed, pieces)) == ControlFilter().feed(text)


@given(st.text(max_size=60))
def test_nothing_dangerous_is_left(text: str) -> None:
    """Whatever comes, no control character but newline and tab reaches a terminal."""
    shown = ControlFilter().feed(text)
    assert not [each for each in shown if (each < " " and each not in "\n\t") or "\x7f" <= each <= "\x9f"]


@given(st.text(st.characters(blacklist_categories=["Cc", "Cf", "Cs"]), max_size=60))
def test_plain_text_is_left_alone(text: str) -> None:
    """Text without control characters is shown as it is."""
    assert ControlFilter().feed(text) == text


def test_one_line_is_one_line() -> None:
    """A message keeps its words and loses everything that would make it more than one line."""
    assert one_line("a\r\nb\x1b[31m\tc\u2028d\n") == "a b [31m c d"
