"""How a problem is told: one line, with file, line and key."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatdoor.site.lines import KeyPath
from chatdoor.site.problem import MAX_CHARS, Problem, locate, one_line, quote, spell

TEXT = 'schema = 1\nextends = "django"\n[chat]\npost = "/x"\n'


@pytest.mark.parametrize(
    ("path", "spelled"),
    [
        ((), ""),
        (("chat",), "chat"),
        (("session", 1, "headers", "X-A"), "session[1].headers.X-A"),
        (("take", "a b"), 'take."a b"'),
        (("take", "a\nb"), 'take."a\\nb"'),
        (("take", ""), 'take.""'),
        (("take", "ü"), 'take."ü"'),
        (("take", "a" * 70), f'take."{"a" * 63}…"'),
    ],
)
def test_a_key_is_spelled_as_people_write_it(path: KeyPath, spelled: str) -> None:
    """Dots between keys, brackets round positions, quotes where TOML needs them."""
    assert spell(path) == spelled


@pytest.mark.parametrize(
    ("path", "place"),
    [
        (("chat", "post"), "f.toml:4: chat.post: "),
        (("chat", "jsn"), "f.toml:3: chat.jsn: "),
        (("take", "csrf", "cookie"), "f.toml:2: take.csrf.cookie: "),
        ((), "f.toml: "),
    ],
)
def test_the_error_names_the_place(path: KeyPath, place: str) -> None:
    """The line of the key, else of what is around it, else of `extends`, which brought it."""
    error = locate(Problem(path, "is wrong"), TEXT, "f.toml")
    assert str(error) == f"{place}is wrong"
    assert (error.file, error.problem) == ("f.toml", "is wrong")


def test_what_is_not_there_is_missing_from_the_first_line() -> None:
    """A required key that nothing brings has no line of its own."""
    assert locate(Problem(("reply",), "is missing"), "schema = 1", "f.toml").line == 1


@given(st.text(), st.text(), st.text())
def test_an_error_is_one_short_line(file: str, key: str, problem: str) -> None:
    """Whatever a file and its name hold, the error has no line break and no control character."""
    said = str(locate(Problem(("take", key), problem), TEXT, file))
    assert said.isprintable()
    assert len(said) < 2 * MAX_CHARS + 100


@given(st.text())
def test_a_quoted_text_is_short_and_printable(text: str) -> None:
    """Text from a file is shown in quotes."""
    assert quote(text).isprintable()
    assert one_line(text).isprintable()


def test_what_is_long_is_cut() -> None:
    """Messages at 400 characters, quoted texts at 60, keys in all at 200; what is cut ends in an ellipsis."""
    assert one_line("a" * MAX_CHARS) == "a" * MAX_CHARS
    assert one_line("a" * 1000) == "a" * (MAX_CHARS - 1) + "…"
    assert one_line("\n" * 1000) == "\\n" * (MAX_CHARS // 2 - 1) + "\\…"
    assert quote("a" * 60) == f"'{'a' * 60}'"
    assert quote("a" * 61) == f"'{'a' * 59}…'"
    assert spell(("a",) * 20 + ("b" * 60,)) == "a." * 20 + "b" * 60
    assert spell(("a" * 60,) * 64) == ("a" * 60 + ".") * 3 + "a" * 16 + "…"


def test_what_is_said_of_the_whole_has_no_key() -> None:
    """Neither line nor key."""
    error = locate(Problem((), "is wrong"), TEXT, "f.toml")
    assert (error.line, error.key) == (None, None)


def test_a_problem_is_its_words() -> None:
    """The place is kept beside them."""
    problem = Problem(("chat",), "is wrong")
    assert (str(problem), problem.path) == ("is wrong", ("chat",))
