"""Reading TOML: what is none, and what TOML has and JSON has not."""

import pytest

from chatdoor.errors import SiteFileError
from chatdoor.site.problem import Problem
from chatdoor.site.toml import LARGEST, MAX_CHARS, check_plain, parse_toml


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a = 1\nb =", "f.toml:2: not TOML: invalid value"),
        ('a = 1\nb = "x\n', "f.toml:2: not TOML: illegal character '\\n'"),
        ('a = """\nx\n', "f.toml:3: not TOML: unterminated string"),
        ("a = 1\na = 2", "f.toml:2: not TOML: cannot overwrite a value"),
        ("[a]\n[a]\n", "f.toml:2: not TOML: cannot declare ('a',) twice"),
        ("a = 1\r\nb = \x01", "f.toml:2: not TOML: invalid value"),
        ('a = 1\n"\\q" = 2', "f.toml:2: not TOML: unescaped '\\' in a string"),
        ("a = 1979-13-45", "f.toml:1: not TOML: "),
        ("a = 1\nb = '\ud800'", "f.toml:2: half a surrogate pair, which is not text"),
        ("a = 1\nb = [\n" + "9" * 5000 + "]", "f.toml:3: a whole number has 64 bits at most"),
        ("#" * (MAX_CHARS + 1), f"f.toml: more than {MAX_CHARS} characters"),
        ("a = 1\nb = " + "[" * 1000 + "]" * 1000, "f.toml:2: nested too deeply; 64 levels are the most"),
        ("a = 1\n[b" + ".b" * 1000 + "]", "f.toml:2: nested too deeply; 64 levels are the most"),
    ],
)
def test_what_is_no_toml_is_an_error_with_its_line(text: str, said: str) -> None:
    """The parser's words, and the line where it stopped."""
    with pytest.raises(SiteFileError) as error:
        parse_toml(text, "f.toml")
    assert str(error.value).startswith(said)
    assert "\n" not in str(error.value)
    assert error.value.file == "f.toml"


def test_the_largest_text_is_read() -> None:
    """Exactly as many characters as are allowed."""
    assert parse_toml("#" * MAX_CHARS, "f.toml") == {}


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("1979-05-27", "dates and times"),
        ("07:32:00", "dates and times"),
        ("1979-05-27T07:32:00Z", "dates and times"),
        ("inf", "inf and nan"),
        ("-inf", "inf and nan"),
        ("nan", "inf and nan"),
        (str(LARGEST + 1), "64 bits"),
        (str(-LARGEST - 2), "64 bits"),
        ("0x" + "f" * 5000, "64 bits"),
    ],
)
@pytest.mark.parametrize("place", ["a = [1, {{ b = {} }}]", "[[a]]\n[[a]]\nb = {}"])
def test_what_json_does_not_have_is_a_problem_at_its_place(value: str, said: str, place: str) -> None:
    """Dates, numbers without end and numbers of many digits, wherever they stand."""
    with pytest.raises(Problem, match=said) as problem:
        check_plain(parse_toml(place.format(value), "f.toml"))
    assert problem.value.path == ("a", 1, "b")


def test_the_rest_is_plain() -> None:
    """Text, numbers, true, false, lists and tables."""
    check_plain(parse_toml(f'a = ["x", 1, 1.5, true, {LARGEST}, -{LARGEST}, {{ b = [] }}]', "f.toml"))
