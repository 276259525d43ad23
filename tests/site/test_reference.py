"""The rows of the reference, and the words for types."""

import pytest

from chatdoor.site import file
from chatdoor.site.grammar import describe, either, type_at
from chatdoor.site.lines import KeyPath
from chatdoor.site.reference import TABLES, ReferenceRow, reference_rows

DURATION = 'a duration such as "500ms", "60s" or "30m"'

ROWS = {(row.table, row.key): row for row in reference_rows()}


def test_every_key_of_every_table_has_a_row() -> None:
    """None is missing and none is there twice; a table is a struct of the grammar, and all are there."""
    assert list(ROWS) == [(name, key) for name, table in TABLES.items() for key in table.__struct_fields__]
    assert len(ROWS) == len(reference_rows())
    tables = {table for table in file.Table.__subclasses__() if table.__module__ == file.__name__}
    assert set(TABLES.values()) == tables


@pytest.mark.parametrize("row", reference_rows(), ids=lambda row: f"{row.table}.{row.key}")
def test_every_row_is_complete(row: ReferenceRow) -> None:
    """Type and meaning in words, in a line, that fit into a table of Markdown."""
    assert row.type
    assert row.meaning
    for text in (row.type, row.default, row.meaning):
        assert text.isprintable()
        assert "|" not in text


@pytest.mark.parametrize(
    "row",
    [
        ReferenceRow("site", "schema", "1", "required", "version of this language"),
        ReferenceRow("site", "extends", "text or a list of text", "", "presets to begin with; a later one wins"),
        ReferenceRow("site", "models", "a list of text", "`[name]`", "model names; the first is the default"),
        ReferenceRow("site", "session", "a step or a list of steps", "", "steps that get a visitor in"),
        ReferenceRow("site", "take", "a table of sources", "", "values looked for in every answer"),
        ReferenceRow("step", "json", "anything", "", "body: a JSON document"),
        ReferenceRow("step", "follow_redirects", "true or false", "`true`", "follow redirects as a browser does"),
        ReferenceRow("step", "every", DURATION, '`"1s"`', "pause between repetitions"),
        ReferenceRow("limits", "timeout", DURATION, '`"60s"`', "the longest a call may take, waits included"),
        ReferenceRow("limits", "concurrency", "a whole number from 1", "4; none on loopback", "messages at a time"),
        ReferenceRow("limits", "per_minute", "a number above 0", "60; none on loopback", "messages a minute"),
    ],
    ids=lambda row: f"{row.table}.{row.key}",
)
def test_a_row_says_type_default_and_meaning(row: ReferenceRow) -> None:
    """One of each kind."""
    assert ROWS[row.table, row.key] == row


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ((), "a table"),
        (("name",), "a name of up to 64 letters, digits, dots, dashes or underscores"),
        (("session", 3), "a step"),
        (("session", 3, "take", "x"), "a source"),
        (("session", "take", "x", "css"), "text"),
        (("chat", "json", "anything", 5), "anything"),
        (("chat", "query"), "a table"),
        (("reply", "where", "a"), "text, a number, true or false or a list of these"),
        (("refused", "status"), 'a status such as 403, a class such as "5xx" or a list of these'),
        (("conversation", "start"), "a step or a list of steps"),
        (("no", "such", "key"), "anything"),
        (("name", "deeper"), "anything"),
        (("models", "no position"), "anything"),
        (("name", 0), "anything"),
    ],
)
def test_the_type_at_a_place_is_said_in_words(path: KeyPath, words: str) -> None:
    """Whatever path is asked for."""
    assert describe(type_at(path)) == words


def test_words_are_joined_as_people_do() -> None:
    """The last one with `or`; what is there twice, once."""
    assert [either(["a"]), either(["a", "b"]), either(["a", "b", "a", "c"])] == ["a", "a or b", "a, b or c"]
