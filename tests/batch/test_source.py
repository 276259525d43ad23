"""The input as a whole: which format a file has, its columns, its rows."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from chatdoor.batch.row import BadRow
from chatdoor.batch.source import Source
from chatdoor.errors import ArgumentError


def prompts(source: Source) -> list[tuple[str, str, tuple[str, ...]]]:
    """Id, prompt and further turns of each row."""
    rows = [source.row(record) for record in source.records()]
    return [(row.custom_id, row.messages[0].text, row.more) for row in rows]


@pytest.mark.parametrize(
    ("name", "text", "rows"),
    [
        ("a.txt", "One\nTwo\n", [("line-1", "One", ()), ("line-2", "Two", ())]),
        ("a.jsonl", '"One"\n["Two", "Three"]\n', [("line-1", "One", ()), ("line-2", "Two", ("Three",))]),
        ("a.csv", "id,prompt\nx,One\n", [("x", "One", ())]),
        ("a.csv", 'prompt;topic\r\n"One; or\ntwo";t\r\n', [("line-2", "One; or\ntwo", ())]),
        ("a.tsv", "prompt\tid\nOne\t\n", [("line-2", "One", ())]),
    ],
)
def test_the_name_says_the_format(tmp_path: Path, name: str, text: str, rows: list[object]) -> None:
    """Lines of text, JSON lines, CSV."""
    (tmp_path / name).write_bytes(text.encode())
    assert prompts(Source(tmp_path / name)) == rows


def test_columns_are_turns(tmp_path: Path) -> None:
    """Several columns are a script; those that are empty at the end are no turns."""
    file = tmp_path / "a.csv"
    file.write_text("first,then,id\nOne,Two,x\nThree,,y\n")
    assert prompts(Source(file, columns=["first", "then"])) == [("x", "One", ("Two",)), ("y", "Three", ())]


@pytest.mark.parametrize(
    ("text", "columns", "problem"),
    [
        ("promt,id\n", [], "there is no column 'prompt'.*promt"),
        ("a\n", ["b"], "there is no column 'b'"),
        ("", [], "is empty"),
        ('"a"b,c\n', [], "is no CSV row"),
    ],
)
def test_a_column_that_is_not_there_is_told(tmp_path: Path, text: str, columns: list[str], problem: str) -> None:
    """Before anything is sent."""
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(ArgumentError, match=problem):
        Source(tmp_path / "a.csv", columns=columns)


def test_a_row_of_other_length_is_a_bad_row(tmp_path: Path) -> None:
    """A comma too many would put the prompt's end into another column."""
    (tmp_path / "a.csv").write_text("prompt,id\nOne, two,x\n")
    source = Source(tmp_path / "a.csv")
    with pytest.raises(BadRow, match="has 3 fields, and the header has 2"):
        source.row(next(source.records()))


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    """By its name."""
    with pytest.raises(ArgumentError, match=r"nowhere\.txt: No such file"):
        Source(tmp_path / "nowhere.txt")


def test_columns_belong_to_csv(tmp_path: Path) -> None:
    """Elsewhere they are a mistake."""
    (tmp_path / "a.txt").write_text("a\n")
    with pytest.raises(ArgumentError, match="has no columns"):
        Source(tmp_path / "a.txt", "text", ["b"])


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo])
def test_what_can_be_read_once_is_refused(tmp_path: Path, make: Callable[[Path], None]) -> None:
    """A pipe would have no rows left when they are asked, or be waited for."""
    make(tmp_path / "in.csv")
    with pytest.raises(ArgumentError, match="is no file; a run reads its input more than once"):
        Source(tmp_path / "in.csv")
