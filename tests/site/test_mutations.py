"""Whatever stands in a site file, loading it gives a site or a SiteFileError."""

import time
import tomllib
from collections.abc import Callable
from copy import deepcopy
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatdoor.errors import SiteFileError
from chatdoor.site import known_sites, loads_site, presets
from chatdoor.site.reference import reference_rows
from tests.site.bot import BOT
from tests.site.toml_writer import write_toml

VOIGPT = known_sites()["voigpt"].read_text("utf-8")
DJANGO = presets()["django"].read_text("utf-8")
KEYS = sorted({row.key for row in reference_rows()} | {"csrf", "a b", "", "X-A", "{prompt}", "é", "a\nb"})
WORDS = ["", "/", "*", "//x", "{csrf}", "{prompt}", "{messages}", "{x?}", "{", "{env:A}", "60s", "8MB", "uuid4", "@",
         "a[", "5xx", "none", "client", "django", "https://a", "http://169.254.169.254", "a\nb", "\x7f", "ü",
         "x" * 300]  # fmt: skip

SCALARS = st.sampled_from(WORDS) | st.text(max_size=5) | st.integers() | st.booleans() | st.floats() | st.dates()
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


def load(text: str) -> None:
    """Loads the text, or has an error, which is one line and names the file."""
    try:
        loads_site(text, "f.toml")
        return
    except SiteFileError as error:
        said = str(error)
    assert said.startswith("f.toml")
    assert said.isprintable()
    assert len(said) < 1500


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_a_file_with_anything_in_it_loads_or_is_refused(data: st.DataObject) -> None:
    """Keys taken away, renamed, doubled; values of every type in every place."""
    table = deepcopy(tomllib.loads(data.draw(st.sampled_from([BOT, VOIGPT]))))
    for _ in range(data.draw(st.integers(1, 3))):
        MUTATIONS[data.draw(st.sampled_from(sorted(MUTATIONS)))](data, somewhere(data, table))
    load(write_toml(table, Random(0))[0])


def somewhere(data: st.DataObject, table: dict[str, object]) -> dict[str, object]:
    """A table in the tables."""
    while True:
        below = [value for value in table.values() if isinstance(value, dict)]
        below += [
            item for value in table.values() if isinstance(value, list) for item in value if isinstance(item, dict)
        ]
        if not below or data.draw(st.booleans()):
            return table
        table = data.draw(st.sampled_from(below))


def remove(data: st.DataObject, table: dict[str, object]) -> None:
    """One key less."""
    if table:
        del table[data.draw(st.sampled_from(sorted(table)))]


def rename(data: st.DataObject, table: dict[str, object]) -> None:
    """The value under another key."""
    if table:
        table[data.draw(st.sampled_from(KEYS) | st.text(max_size=4))] = table.pop(
            data.draw(st.sampled_from(sorted(table)))
        )


def put(data: st.DataObject, table: dict[str, object]) -> None:
    """Another value, of any type, under a key that is there."""
    table[data.draw(st.sampled_from(sorted(table) or KEYS))] = data.draw(VALUES)


def add(data: st.DataObject, table: dict[str, object]) -> None:
    """Any value under any key of the language."""
    table[data.draw(st.sampled_from(KEYS))] = data.draw(VALUES)


def retext(data: st.DataObject, table: dict[str, object]) -> None:
    """Another text in the place of one: the right type, which gets past the grammar."""
    if keys := sorted(key for key, value in table.items() if isinstance(value, str)):
        table[data.draw(st.sampled_from(keys))] = data.draw(st.sampled_from(WORDS) | st.text(max_size=5))


def borrow(data: st.DataObject, table: dict[str, object]) -> None:
    """A value from elsewhere in the file, under a key of the language."""
    lender = somewhere(data, tomllib.loads(BOT))
    key = data.draw(st.sampled_from(sorted(lender) or KEYS))
    table[data.draw(st.sampled_from([key, *KEYS]))] = deepcopy(lender.get(key, {}))


MUTATIONS: dict[str, Callable[[st.DataObject, dict[str, object]], None]] = {
    "remove": remove, "rename": rename, "put": put, "add": add, "retext": retext, "again": retext, "borrow": borrow,
}  # fmt: skip


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_a_text_with_characters_changed_loads_or_is_refused(data: st.DataObject) -> None:
    """Characters cut out and put in, in any place: TOML or not."""
    text = data.draw(st.sampled_from([BOT, VOIGPT, DJANGO]))
    for _ in range(data.draw(st.integers(1, 3))):
        start, length = data.draw(st.integers(0, len(text))), data.draw(st.integers(0, 8))
        new = data.draw(
            st.sampled_from(['"', "'", "{", "}", "[", "]", "=", "\n", ".", "#", "\\", "\ud800"]) | st.text(max_size=4)
        )
        text = text[:start] + new + text[start + length :]
    load(text)


HEAD = (
    'schema = 1\nname = "a"\nurl = "https://a"\n[chat]\npost = "/"\njson = { m = "{messages}" }\n[reply]\njson = "r"\n'
)
LONG = 90_000


@pytest.mark.parametrize(
    "text",
    [
        "x" * 1_000_000,
        "[" * 1_000_000,
        "a." * 500_000 + "b = 1",
        HEAD + "[take]\n" + "".join(f'a{i} = {{ cookie = "x" }}\n' for i in range(4000)) + 'b = { coke = "x" }',
        HEAD + "[take]\n" + "".join(f'{"a" * 50}{i} = {{ cookie = "x" }}\n' for i in range(1200)),
        HEAD + "[headers]\n" + "".join(f'a{i} = "1"\n' for i in range(8000)) + "b = 1",
        HEAD + '[headers]\nA = "' + "{" * LONG + '"',
        HEAD + '[headers]\nA = "' + "{a:" * (LONG // 3) + '"',
        HEAD + '[headers]\nA = "eyJ' + "a" * LONG + '"',
        HEAD + '[headers]\n"' + "session-" * (LONG // 8) + '" = "x"',
        HEAD + '[headers]\ntoken = "' + "a" * LONG + '!"',
        HEAD.replace('"r"', '"' + "a." * (LONG // 2) + 'a"'),
        HEAD.replace('"r"', '"' + "(" * 499 + '"'),
        HEAD.replace("{messages}", "{messages}" * (LONG // 10)),
        HEAD.replace("{messages}", "{" + "a" * LONG + "}"),
        "".join('[[session]]\nget = "/"\n' for _ in range(3000)) + HEAD,
        "models = [" + ",".join(f'"{i}"' for i in range(10_000)) + "]\n" + HEAD,
        "refused = [" + '{status="5xx"},' * 5000 + "]\n" + HEAD,
        '"' + "a" * LONG + '" = 1\n' + HEAD,
    ],
    ids=lambda text: f"{text[:12]!r}+{len(text)}",
)
def test_a_large_file_is_loaded_or_refused_quickly(text: str) -> None:
    """No file of up to a megabyte takes long, whatever it repeats."""
    began = time.process_time()
    load(text)
    assert time.process_time() - began < 3
