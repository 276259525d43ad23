"""Regular expressions: the standard library's syntax, within bounds."""

import time

import pytest

from chatdoor.site.patterns import MAX_SECONDS, MAX_TEXT, PatternError, compile_pattern

FOUND = [
    (r'csrf:\s*"(\w+)"', 'x = {csrf: "a1"}', "a1"),
    ("(a)|(b)", "b", None),
    ("x(.*)y", "x\ny", None),
    ("(?s)x(.*)y", "x\ny", "\n"),
    ("(?i)TOKEN=([^&]+)", "?token=é&", "é"),
    ("(?m)^(b)$", "a\nb\nc", "b"),
    ("(?x) ( b )  # a comment", "ab", "b"),
    ("(?P<t>b+)", "abba", "bb"),
    ("(b)", "", None),
]


@pytest.mark.parametrize(("expression", "text", "picked"), FOUND)
def test_the_first_group_is_picked(expression: str, text: str, picked: str | None) -> None:
    """Of the first place that fits, with Python's flags; None where nothing fits."""
    assert compile_pattern(expression)(text) == picked


WRONG = [
    ("(a", "missing"),
    ("a", "has no group"),
    ("(a)" * 400, "longer than 1000"),
    ("(" * 450 + ")" * 450, "recursion"),
]


@pytest.mark.parametrize(("expression", "told"), WRONG, ids=[told for _, told in WRONG])
def test_what_is_no_expression(expression: str, told: str) -> None:
    """It is an error that says why."""
    with pytest.raises(PatternError, match=told):
        compile_pattern(expression)


def test_a_search_ends_in_time() -> None:
    """An expression that would take hours finds nothing, soon after its time is up."""
    began = time.monotonic()
    assert compile_pattern("(?:a|a)+(b)")("a" * 5_000) is None
    assert time.monotonic() - began < MAX_SECONDS + 5.0


def test_only_the_beginning_of_a_text_is_looked_at() -> None:
    """What stands after the limit is not found."""
    pick = compile_pattern("(b)")
    assert pick("a" * (MAX_TEXT - 1) + "b") == "b"
    assert pick("a" * MAX_TEXT + "b") is None
