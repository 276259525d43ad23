"""From bytes to rows: lines and CSV rows, whatever the file has in it."""

import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatdoor.batch import records
from chatdoor.batch.records import count_lines, csv_rows, delimiter_of, fields_of, lines
from chatdoor.batch.row import BadRow, Record
from chatdoor.errors import ArgumentError

CELL = st.text(alphabet='ab ,;"\n\té', max_size=8)


def rows_of(data: bytes) -> list[tuple[int, bytes]]:
    """Number and bytes of each line."""
    return [(record.line, record.data) for record in lines(io.BytesIO(data))]


@pytest.mark.parametrize(
    ("data", "rows"),
    [
        (b"", []),
        (b"a", [(1, b"a")]),
        (b"a\r\nb\n", [(1, b"a"), (2, b"b")]),
        (b"\xef\xbb\xbfa\n", [(1, b"a")]),
        (b"a\n\n  \nb", [(1, b"a"), (4, b"b")]),
        (b"a\xff\n", [(1, b"a\xff")]),
    ],
)
def test_a_line_is_a_row(data: bytes, rows: list[tuple[int, bytes]]) -> None:
    """A BOM and line ends are no part of it; empty lines are none, and count."""
    assert rows_of(data) == rows


@given(st.lists(st.sampled_from([b"a", b" ", b"\n", b"\r\n", b"\xef\xbb\xbf", b"b" * 12])).map(b"".join))
def test_lines_are_counted_as_they_are_read(data: bytes) -> None:
    """Empty ones, long ones and a BOM too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(records, "MOST_BYTES", 10)
        assert count_lines(io.BytesIO(data)) == len(rows_of(data))


@pytest.mark.parametrize("data", ["a\nb\n".encode("utf-16"), "a".encode("utf-16-be").join([b"\xfe\xff", b""])])
def test_utf_16_is_told(data: bytes) -> None:
    """What a spreadsheet calls Unicode is an error that says what to do, instead of rows that all fail."""
    with pytest.raises(ArgumentError, match="save it as UTF-8"):
        rows_of(data)


def test_a_line_that_is_too_long_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a row without data; the lines after it have their right numbers, and it has a mark of its own."""
    monkeypatch.setattr(records, "MOST_BYTES", 10)
    monkeypatch.setattr(records, "SKIP_BYTES", 4)
    found = list(lines(io.BytesIO(b"a\n" + b"b" * 1000 + b"\nc\n" + b"d" * 10 + b"\n")))
    assert [(record.line, record.data, record.long) for record in found] == [
        (1, b"a", False), (2, b"", True), (3, b"c", False), (4, b"d" * 10, False)
    ]  # fmt: skip
    other = list(lines(io.BytesIO(b"a\n" + b"b" * 999 + b"c\nc\n")))
    assert other[1].mark != found[1].mark


@given(st.lists(st.lists(CELL, min_size=2, max_size=2), min_size=1, max_size=6), st.sampled_from(",;\t"))
def test_csv_rows_are_those_of_the_standard_library(table: list[list[str]], delimiter: str) -> None:
    """Quotes, newlines in cells and all: row by row the same as reading the file at once."""
    written = [csv_of(row, delimiter) for row in table]
    data = "".join(written).encode()
    found = [fields_of(record.data, delimiter) for record in csv_rows(io.BytesIO(data), delimiter)]
    assert found == [row for row, text in zip(table, written, strict=True) if text.strip()]


def csv_of(row: list[str], delimiter: str) -> str:
    """A row as the standard library writes it."""
    written = io.StringIO(newline="")
    csv.writer(written, delimiter=delimiter).writerow(row)
    return written.getvalue()


def test_a_csv_row_has_the_number_of_its_first_line() -> None:
    """That is where an editor finds it."""
    found = list(csv_rows(io.BytesIO(b'q\n"a\nb"\nc\n')))
    assert [record.line for record in found] == [1, 2, 4]


def test_a_quote_that_is_never_closed_costs_one_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes no more than the longest row, and the rows after that are there."""
    monkeypatch.setattr(records, "MOST_BYTES", 30)
    data = b"q\n" + b'"open\n' + b"x\n" * 20 + b"end\n"
    found = list(csv_rows(io.BytesIO(data)))
    assert [record.long for record in found[:2]] == [False, True]
    assert found[-1].data == b"end"


@pytest.mark.parametrize(
    ("data", "lines_of_rows"),
    [
        (b'1,He is 6" tall\n2,Hello\n3,She is 5" tall\n', [1, 2, 3]),
        (b'"6"" tall",a\n2,b\n', [1, 2]),
        (b'1,"a ""quote""\n",b\n"c\nd",e\n', [1, 3]),
        (b'a;"b\nc,d\n', [1, 2]),
        (b'""\n""""\n"""\n"\n', [1, 2, 3]),
    ],
)
def test_a_quote_inside_a_field_opens_none(data: bytes, lines_of_rows: list[int]) -> None:
    """So that the rows after it are there; a field begins at the delimiter that the file has."""
    assert [record.line for record in csv_rows(io.BytesIO(data), ",")] == lines_of_rows


def test_a_long_cell_takes_no_more_time_than_as_many_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """A quote that is never closed, before a million short lines, is read once, not once for each line."""
    looked_at = 0

    def looked(line: bytes, *rest: re.Pattern[bytes], quoted: bool) -> bool:
        nonlocal looked_at
        looked_at += len(line)
        return is_open(line, *rest, quoted=quoted)

    is_open = records._is_open
    monkeypatch.setattr(records, "_is_open", looked)
    (row,) = csv_rows(io.BytesIO(b'"open\n' + b"row\n" * 10_000), ",")
    assert (len(row.data), looked_at) == (40_005, 30_005)


@pytest.mark.parametrize("data", [b'"a"b', b"\xff", b'"a\n', b"a\0"])
def test_a_row_that_is_no_csv_says_so(data: bytes) -> None:
    """In words, not as an exception of a library."""
    with pytest.raises(BadRow):
        fields_of(data, ",")


@pytest.mark.parametrize(("header", "delimiter"), [("a,b", ","), ("a;b", ";"), ("a\tb", "\t"), ("a", ",")])
def test_the_header_says_what_stands_between(header: str, delimiter: str) -> None:
    """Spreadsheets in much of Europe write semicolons."""
    assert delimiter_of(header) == delimiter


def test_a_mark_is_never_0() -> None:
    """0 means that there is no row."""
    assert records.mark_of(b"") == 1
    assert isinstance(Record(1, b"a", records.mark_of(b"a")).mark, int)
