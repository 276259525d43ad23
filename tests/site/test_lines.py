"""Finding the line of a key."""

import time
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatdoor.site.lines import MAX_DEPTH, KeyPath, find_line, find_too_deep
from chatdoor.site.walk import leaves
from tests.site.toml_writer import write_toml

TEXT = '''\
# "quotes" and [brackets] and """ in a comment
name = "a"
  "with space" = 1
'literal "key"' = 2
"esc\\"aped" = 3
'c:\\dir' = 3.5
a.b . c = 4
long = """
name2 = "inside a string"
[not.a.table]
"""""
raw = \'\'\'
[nor.this]\'\'\'\'\'
hosts = [
    "one",  # [two]
    ["x"],
    "three",
]
steps = [
    { get = "/", take = { t = { css = "p" } } },
    { post = "/x" },
]

[table]
key = 1

[table.sub]
key = 2

[[session]]
get = "/"
[session.take]
csrf = { cookie = "c" }

[[session]]
post = "/login"
take.room.css = "main"

[[more.lists]]
x = 1
[[more.lists]]
x = 2
[[more.lists.of]]
x = 3
[[more.lists.of]]
x = 4
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("name",), 2),
        (("with space",), 3),
        (('literal "key"',), 4),
        (('esc"aped',), 5),
        (("c:\\dir",), 6),
        (("a",), 7),
        (("a", "b", "c"), 7),
        (("a", "b", "other"), 7),
        (("name2",), None),
        (("not", "a", "table"), None),
        (("nor", "this"), None),
        (("hosts", 0), 15),
        (("hosts", 1, 0), 16),
        (("hosts", 2), 17),
        (("hosts", 7), 14),
        (("steps", 0, "take", "t", "css"), 20),
        (("steps", 1), 21),
        (("steps", 1, "post"), 21),
        (("table", "key"), 25),
        (("table", "sub", "key"), 28),
        (("table", "other"), 24),
        (("session",), 30),
        (("session", 0, "get"), 31),
        (("session", 0, "take", "csrf", "cookie"), 33),
        (("session", 1, "post"), 36),
        (("session", 1, "take", "room", "css"), 37),
        (("session", 1, "missing"), 35),
        (("more", "lists", 1, "x"), 42),
        (("more", "lists", 1, "of", 1, "x"), 46),
        (("nothing",), None),
        ((), None),
    ],
)
def test_a_key_is_found_where_it_stands(path: KeyPath, line: int | None) -> None:
    """Each way to write a key leads to its line; a key that is not there, to the nearest key around it."""
    tomllib.loads(TEXT)
    assert find_line(TEXT, path) == line


def test_only_a_line_feed_ends_a_line() -> None:
    """Other characters that Python takes for line breaks are none in TOML, and CR LF is one."""
    assert find_line('a = "\u2028\u0085"\r\nb = 1\r\n', ("b",)) == 2


TOML_KEYS = st.text(min_size=1, max_size=4) | st.sampled_from(["a", "b", "a.b", "'", '"', "[x]", "#", "=", "\\"])
TOML_TEXTS = st.text(max_size=6) | st.sampled_from(['"""', "'''", "\n[a]\n", "a = 1", "# no", "\\", "{", "]", ","])
TOML_VALUES = st.recursive(
    TOML_TEXTS | st.integers(-9, 9) | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TOML_KEYS, inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(TOML_KEYS, TOML_VALUES, max_size=4), st.randoms(use_true_random=False))
def test_every_value_is_found_in_every_way_to_write_it(table: dict[str, object], random: object) -> None:
    """Whatever tables hold and however they are written, each value's line is the line it was written on."""
    text, lines = write_toml(table, random)
    assert tomllib.loads(text) == table
    assert {path: find_line(text, path) for path, _ in leaves(table)} == {
        path: lines[path] for path, _ in leaves(table)
    }
    assert find_too_deep(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "ok = 1\n[a" + ".a" * 20_000 + "]\n" + "k = 1\n" * 1000,
        "ok = 1\na" + ".a" * 40_000 + " = 1",
        "ok = 1\na" + " . a" * 20_000,
        "ok = 1\nx = " + "[" * 50_000,
        "ok = 1\nx = " + "{a=" * 30_000,
        "ok = 1\nx = " + "[{a=" * 20_000,
    ],
    ids=["header", "key", "spaced", "lists", "tables", "both"],
)
def test_what_is_nested_too_deeply_is_found_at_once(text: str) -> None:
    """The line of the first key that is too deep, in no time, however long the text goes on."""
    began = time.process_time()
    assert find_too_deep(text) == 2
    assert time.process_time() - began < 0.5


def test_the_deepest_key_is_not_too_deep() -> None:
    """MAX_DEPTH parts are allowed, one more is not."""
    assert find_too_deep(".".join("a" * MAX_DEPTH) + " = 1") is None
    assert find_too_deep(".".join("a" * (MAX_DEPTH + 1)) + " = 1") == 1


@pytest.mark.parametrize("unit", ['"\\', '"""', "'''", "'", '"', "a=", "[a ", "[[a]]\n", "a\n", '="', "#", "\\", "1,"])
def test_text_that_is_no_toml_is_read_in_linear_time(unit: str) -> None:
    """A hundred thousand characters of nonsense take less than a second."""
    began = time.process_time()
    find_too_deep(unit * (100_000 // len(unit)))
    assert time.process_time() - began < 1
