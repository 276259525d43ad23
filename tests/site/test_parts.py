"""Units, and keys of which there is one."""

import pytest
from msgspec import UNSET

from chatdoor.site import file
from chatdoor.site.parts import given, read_duration, read_one_of, read_size, read_statuses, read_words
from chatdoor.site.problem import Problem


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("500ms", 0.5), ("60s", 60), ("1.5s", 1.5), ("30m", 1800), ("2h", 7200), ("1d", 86400), ("100d", 8_640_000)],
)
def test_a_duration_is_seconds(text: str, seconds: float) -> None:
    """Each unit."""
    assert read_duration(text, ()) == seconds


@pytest.mark.parametrize("text", ["0s", "0.0ms", "101d", "999999999h"])
def test_a_duration_is_neither_nothing_nor_endless(text: str) -> None:
    """More than nothing, at most a hundred days."""
    with pytest.raises(Problem, match="at most"):
        read_duration(text, ("limits", "timeout"))


@pytest.mark.parametrize(
    ("value", "size"),
    [(1, 1), (8_000_000, 8_000_000), ("5B", 5), ("64kB", 64_000), ("64KB", 64_000), ("8MB", 8_000_000), ("1GB", 10**9)],
)
def test_a_size_is_bytes(value: int | str, size: int) -> None:
    """A number of bytes, or text with a unit."""
    assert read_size(value, ()) == size


@pytest.mark.parametrize("value", ["0MB", "2GB", 10**9 + 1, "999999999999GB"])
def test_a_size_is_neither_nothing_nor_endless(value: int | str) -> None:
    """More than nothing, at most a gigabyte."""
    with pytest.raises(Problem, match="at most"):
        read_size(value, ("limits", "reply_bytes"))


@pytest.mark.parametrize(
    ("value", "statuses"),
    [(403, {403}), ("5xx", set(range(500, 600))), ([401, "4xx"], set(range(400, 500))), ([419, 440], {419, 440})],
)
def test_a_class_of_statuses_is_all_of_them(value: int | str | list[int | str], statuses: set[int]) -> None:
    """Numbers, classes, and lists of both."""
    assert read_statuses(value) == statuses


def test_one_word_or_several() -> None:
    """Text and a list of text are the same; what is not there is nothing."""
    assert (read_words("a"), read_words(["a", "b"]), read_words(UNSET)) == (("a",), ("a", "b"), ())
    assert (given(UNSET), given("a")) == (None, "a")


def test_a_second_key_where_one_may_be_is_a_problem_of_the_second() -> None:
    """The one that is there is found; none is None; of two, the later in the grammar is the wrong one."""
    assert read_one_of(file.StepTable(post="/"), file.METHODS, (), "one") == "post"
    assert read_one_of(file.StepTable(), file.METHODS, (), "one") is None
    with pytest.raises(Problem, match="one; get is there already") as problem:
        read_one_of(file.StepTable(post="/", get="/"), file.METHODS, ("chat",), "one")
    assert problem.value.path == ("chat", "post")
