"""JMESPath: the plain walk and the library behind one function."""

import jmespath
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chatdoor.site.paths import MAX_CHARS, PathError, compile_path

NAMES = st.sampled_from(["a", "b", "_c1", "true"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(allow_nan=False) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES | st.text(max_size=2), inner, max_size=4),
    max_leaves=20,
)
STEPS = st.lists(NAMES.map(".{}".format) | st.integers(-5, 5).map("[{}]".format), max_size=5)
PLAIN = st.tuples(NAMES, STEPS).map(lambda parts: parts[0] + "".join(parts[1]))

ODD = [
    "[::0]",
    "ceil(to_number('1e400'))",
    "length(a)",
    "sum(b)",
    "sort_by(@, &a)",
    "join(', ', @)",
    "a.b[?c > `1`].d | [0]",
    "[*][*]",
]


@given(PLAIN, JSON)
@example("a[0]", {"a": [False]})
@example("a[-1].b", {"a": [{"b": 0}]})
@example("a[-1]", {"a": []})
@example("a.b", {"a": "text"})
@example("a[0]", {"a": "text"})
def test_a_plain_path_finds_what_the_library_finds(path: str, data: object) -> None:
    """Names and indices run as a plain loop, with the same result for any JSON."""
    found, expected = compile_path(path)(data), jmespath.search(path, data)
    assert found == expected
    assert type(found) is type(expected)


@given(JSON)
def test_the_whole_is_itself(data: object) -> None:
    """`@` is what is looked at."""
    assert compile_path("@")(data) is data


def test_the_library_is_asked_for_the_rest() -> None:
    """Filters, projections and functions work."""
    data = {"items": [{"type": "note", "text": "a"}, {"type": "answer", "text": "b"}]}
    assert compile_path("items[?type=='answer'].text | [0]")(data) == "b"
    assert compile_path("length(items)")(data) == 2
    assert compile_path('"items"[1]."text"')(data) == "b"


@given(st.sampled_from(ODD), JSON)
def test_an_expression_that_does_not_fit_the_data_finds_nothing(expression: str, data: object) -> None:
    """Whatever an answer holds, a path finds something or nothing; it does not fail."""
    compile_path(expression)(data)


@pytest.mark.parametrize("expression", ODD[:3])
def test_what_fails_in_the_library_is_nothing(expression: str) -> None:
    """A step of zero, a number without end, a length of null: null."""
    assert compile_path(expression)([]) is None


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("", "not JMESPath: cannot be empty."),
        ("a[", "not JMESPath: Incomplete expression"),
        ("a..b", "Parse error at column 2"),
        ("a b", 'not JMESPath: Unexpected token: b: Parse error at column 2, token "b" (UNQUOTED_IDENTIFIER)'),
        ("a[?b==`c`]", "`c` is not JSON; write text in single quotes"),
        ("a[?b==`1e400`]", "`1e400` is not JSON; write text in single quotes"),
        ("#", "not JMESPath: Unknown token #"),
        ("a.lenght(@)", "JMESPath has no function lenght(); did you mean 'length'?"),
        ("[?starts_wiht(a, 'b')].c", "no function starts_wiht(); did you mean 'starts_with'?"),
        ("a." * MAX_CHARS + "a", f"longer than {MAX_CHARS} characters"),
        ("a[" + "9" * 490 + "]", None),
        ("(" * 50, "not JMESPath: Incomplete expression"),
    ],
)
def test_what_is_no_path_is_an_error_of_one_line(expression: str, said: str | None) -> None:
    """The error is short and names the reason; an index too large for any list finds nothing."""
    if said is None:
        assert compile_path(expression)({"a": [1]}) is None
        return
    with pytest.raises(PathError) as error:
        compile_path(expression)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


@given(st.text(alphabet=st.sampled_from("ab.[]*?&|`'\"(){}@,:0-1 \\"), max_size=20))
def test_any_text_is_a_path_or_an_error(expression: str) -> None:
    """No text makes anything but a function or a PathError."""
    try:
        find = compile_path(expression)
    except PathError:
        return
    find({"a": [{"b": 1}]})
