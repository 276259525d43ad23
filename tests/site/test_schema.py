"""The JSON Schema for editors."""

import json
import tomllib

import pytest
from jsonschema import Draft202012Validator

from chatdoor.site import known_sites, presets
from chatdoor.site.reference import ReferenceRow, reference_rows
from chatdoor.site.schema import json_schema
from tests.site.bot import BOT
from tests.site.test_mistakes import ANSWERS, LIMITS, MESSAGES, REPLIES, STEPS, TOP

SCHEMA = json_schema()
VALIDATOR = Draft202012Validator(SCHEMA)


def test_it_is_a_schema_that_can_be_written_as_json() -> None:
    """Draft 2020-12, with a title, without an address of its own, and with no null, which TOML has not."""
    Draft202012Validator.check_schema(SCHEMA)
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert SCHEMA["title"] == "chatdoor site file"
    assert "$id" not in SCHEMA
    assert "null" not in json.dumps(SCHEMA)


@pytest.mark.parametrize("name", known_sites())
def test_every_known_site_is_valid(name: str) -> None:
    """What the loader takes, the schema takes."""
    VALIDATOR.validate(tomllib.loads(known_sites()[name].read_text("utf-8")))


@pytest.mark.parametrize("name", presets())
def test_every_preset_is_valid_as_far_as_it_goes(name: str) -> None:
    """A preset is a part of a site file: every key in it is right."""
    part = {key: value for key, value in SCHEMA.items() if key not in {"required", "anyOf"}}
    Draft202012Validator(part).validate(tomllib.loads(presets()[name].read_text("utf-8")))


def test_a_step_may_be_a_table_or_a_list_of_tables() -> None:
    """Both ways to write session and chat."""
    table = tomllib.loads(BOT)
    VALIDATOR.validate(table)
    VALIDATOR.validate({**table, "chat": [table["chat"]], "session": table["session"][0]})
    assert not VALIDATOR.is_valid({**table, "chat": []})
    assert not VALIDATOR.is_valid({**table, "chat": "x"})


def test_chat_and_reply_may_come_from_a_preset_only() -> None:
    """They are required where nothing is extended."""
    head = {"schema": 1, "name": "a", "url": "https://a"}
    assert VALIDATOR.is_valid({**head, "extends": "django"})
    assert not VALIDATOR.is_valid(head)
    assert not VALIDATOR.is_valid({"extends": "django", "name": "a", "url": "https://a"})


@pytest.mark.parametrize(
    "path",
    [
        (), ("chat",), ("session", 0), ("session", 1, "take", "room"), ("session", 1, "expect"), ("take", "csrf"),
        ("refused",), ("reply",), ("reply", "usage"), ("messages",), ("limits",),
    ],
)  # fmt: skip
def test_no_table_takes_an_unknown_key(path: tuple[str | int, ...]) -> None:
    """In every table of the language, wherever it stands."""
    whole = tomllib.loads(BOT)
    table = whole
    for part in path:
        table = table[part]
    table["unknwon"] = 1
    (error,) = VALIDATOR.iter_errors(whole)
    assert "unknwon" in " ".join([error.message, *(inner.message for inner in error.context)])


GRAMMAR = (": expected ", ": unknown key", ": this key is ")

SHOWN = [
    (old, new)
    for old, new, said in [*TOP, *STEPS, *ANSWERS, *REPLIES, *MESSAGES, *LIMITS]
    if any(words in said for words in GRAMMAR) and "at most" not in said
]


@pytest.mark.parametrize(("old", "new"), SHOWN)
def test_an_editor_shows_what_the_grammar_refuses(old: str, new: str) -> None:
    """Unknown keys, wrong types and wrong spellings: the mistakes that need no second look at the file."""
    assert not VALIDATOR.is_valid(tomllib.loads(BOT.replace(old, new)))


@pytest.mark.parametrize("row", reference_rows(), ids=lambda row: f"{row.table}.{row.key}")
def test_every_key_is_explained_in_the_editor(row: ReferenceRow) -> None:
    """Its meaning is there."""
    defs = {name.removesuffix("Table").lower(): table for name, table in SCHEMA["$defs"].items()}
    key = (SCHEMA if row.table == "site" else defs[row.table])["properties"][row.key]
    assert key["description"] == row.meaning
