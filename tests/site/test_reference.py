"""The rows of the reference, and the words for types."""

import tomllib

import pytest

from chatdoor.errors import SiteFileError
from chatdoor.site import file, loads_site
from chatdoor.site.grammar import describe, either, type_at
from chatdoor.site.lines import KeyPath
from chatdoor.site.reference import TABLES, ReferenceRow, reference_rows

DURATION = 'a duration such as "500ms", "60s" or "30m"'

ROWS = {(row.table, row.key): row for row in reference_rows()}


def test_every_key_of_every_table_has_a_row() -> None:
    """None is missing and none is there twice; a table is a struct of the grammar, and all are there."""
    assert list(ROWS) == [(name, key) for name, table in TABLES.items() for key in table.__struct_fields__]
    assert len(ROWS) == len(reference_rows())
    assert set(TABLES.values()) == set(file.Table.__subclasses__())


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
        ReferenceRow("site", "schema", "1", "required", "version of this language", True),
        ReferenceRow("site", "extends", "text or a list of text", "", "presets to begin with; a later one wins", True),
        ReferenceRow("site", "models", "a list of text", "`[name]`", "model names; the first is the default", True),
        ReferenceRow("site", "session", "a step or a list of steps", "", "steps that get a visitor in", True),
        ReferenceRow("site", "take", "a table of sources", "", "values looked for in every answer", True),
        ReferenceRow("step", "json", "anything", "", "body: a JSON document", True),
        ReferenceRow("step", "follow_redirects", "true or false", "`true`", "follow redirects as a browser does", True),
        ReferenceRow("step", "every", DURATION, '`"1s"`', "pause between repetitions", True),
        ReferenceRow("limits", "timeout", DURATION, '`"60s"`', "the longest a call may take, waits included", True),
        ReferenceRow(
            "limits", "concurrency", "a whole number from 1", "4; none on loopback", "messages at a time", True
        ),
        ReferenceRow("limits", "per_minute", "a number above 0", "60; none on loopback", "messages a minute", True),
    ],
    ids=lambda row: f"{row.table}.{row.key}",
)
def test_a_row_says_type_default_and_meaning(row: ReferenceRow) -> None:
    """One of each kind."""
    assert ROWS[row.table, row.key] == row


MINIMAL = 'schema = 1\nname = "a"\nurl = "https://a"\n'
EXAMPLES = {
    "websocket": '"/"', "socketio": '"/"', "auth": "{}", "emit": "[]", "multipart": "{}", "text": '"x"',
    "every": '"1s"', "until": "{ status = 200 }", "refresh": "true", "regex": '"x"', "url": '"x"', "close": "4001",
    "make": '{ a = "uuid4" }', "start": '{ get = "/" }', "lost": "{ status = 404 }",
    "recover": '"fold"', "sessions": "2",
}  # fmt: skip
PLACES = {
    "step": "[[session]]\nget = '/'\n{}", "source": "take.a = {{ {} }}", "match": "refused = {{ {} }}",
    "messages": "[messages]\n{}", "conversation": "[conversation]\n{}", "limits": "[limits]\n{}", "reply": "",
}  # fmt: skip


@pytest.mark.parametrize(
    "row", [row for row in reference_rows() if not row.built], ids=lambda row: f"{row.table}.{row.key}"
)
def test_what_is_said_not_to_be_built_is_refused(row: ReferenceRow) -> None:
    """Each such key, set to something right, is an error that says so."""
    assignment = f"{row.key} = {EXAMPLES[row.key]}"
    reply = assignment if row.table == "reply" else 'json = "r"'
    chat = '[chat]\npost = "/"\njson = "{messages}"\n'
    text = f"{MINIMAL}{PLACES[row.table].format(assignment)}\n{chat}[reply]\n{reply}\n"
    tomllib.loads(text)
    with pytest.raises(SiteFileError, match=rf"{row.key}: is part of the language, and not built yet$"):
        loads_site(text)


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
