"""The input: a file in one of the formats, read again and again, a row at a time."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from stat import S_ISREG
from typing import BinaryIO, Final, Literal, TypeAlias

from chatdoor.batch.records import count_lines, csv_rows, delimiter_of, fields_of, lines
from chatdoor.batch.row import MOST_BYTES, BadRow, Record, Row
from chatdoor.batch.shapes import json_row, make_row, text_row, turns
from chatdoor.errors import ArgumentError
from chatdoor.site.nearest import nearest

Format: TypeAlias = Literal["jsonl", "csv", "text"]

FORMATS: Final[tuple[Format, ...]] = ("jsonl", "csv", "text")

FORMAT_OF: Final[Mapping[str, Format]] = {".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv", ".tsv": "csv"}
"""End of the file's name -> format. Any other file has a prompt on each line."""

PROMPT_COLUMN: Final = "prompt"
ID_COLUMNS: Final = ("custom_id", "id")
"""Columns of a CSV file that hold the row's id, where one of them is there."""

Parse: TypeAlias = Callable[[Record], Row]


class Source:
    """The rows of a file. `columns` are those of a CSV file that hold the prompt, or the turns of a script, in order.

    Raises ArgumentError for a file that can not be read, and for a column that is not there.
    """

    def __init__(self, path: Path, form: Format | None = None, columns: Sequence[str] = ()) -> None:
        self.path = path
        self.form = form or ("csv" if columns else FORMAT_OF.get(path.suffix.lower(), "text"))
        if columns and self.form != "csv":
            raise ArgumentError(f"column: {path} is read as {self.form}, which has no columns")
        self._columns = tuple(columns) or (PROMPT_COLUMN,)
        with self._opened() as stream:
            self._parse: Parse = self._csv_parser(stream) if self.form == "csv" else _PARSERS[self.form]

    def records(self) -> Iterator[Record]:
        """The rows as they stand in the file. Raises ArgumentError where it can not be read any more."""
        with self._opened() as stream:
            try:
                yield from self._rows(stream)
            except OSError as error:
                raise ArgumentError(f"{self.path}: {error.strerror}") from error

    def count(self) -> int:
        """How many rows there are. Raises ArgumentError where the file can not be read any more."""
        if self.form == "csv":
            return sum(1 for _ in self.records())
        with self._opened() as stream:
            try:
                return count_lines(stream)
            except OSError as error:
                raise ArgumentError(f"{self.path}: {error.strerror}") from error

    def row(self, record: Record) -> Row:
        """What a row asks. Raises BadRow."""
        if record.long:
            raise BadRow(f"is longer than {MOST_BYTES} bytes, or a quote in it is never closed")
        return self._parse(record)

    def _opened(self) -> BinaryIO:
        try:
            if not S_ISREG(self.path.stat().st_mode):  # to open a pipe may wait for ever
                raise ArgumentError(f"{self.path}: is no file; a run reads its input more than once")
            return self.path.open("rb", buffering=1 << 18)
        except OSError as error:
            raise ArgumentError(f"{self.path}: {error.strerror}") from error

    def _rows(self, stream: BinaryIO) -> Iterator[Record]:
        if self.form != "csv":
            return lines(stream)
        return islice(csv_rows(stream, self._delimiter), 1, None)

    def _csv_parser(self, stream: BinaryIO) -> Parse:
        try:
            header = next(csv_rows(stream), None)
            if header is None:
                raise BadRow("is empty; a header with the names of the columns was expected")
            delimiter = delimiter_of(header.data.decode("utf-8", "replace"))
            names = [name.strip() for name in fields_of(header.data, delimiter)]
        except (BadRow, OSError) as error:
            raise ArgumentError(f"{self.path}: the first row {error}") from error
        self._delimiter = delimiter
        return Columns(names, self._columns, delimiter, self.path).row


class Columns:
    """Reads the rows of a CSV file with this header."""

    def __init__(self, names: Sequence[str], wanted: Sequence[str], delimiter: str, path: Path) -> None:
        for name in wanted:
            if name not in names:
                raise ArgumentError(
                    f"{path}: there is no column {name!r}{nearest(name, names)}; there are {', '.join(names)}"
                )
        self._wanted = [names.index(name) for name in wanted]
        self._id = next((names.index(name) for name in ID_COLUMNS if name in names and name not in wanted), None)
        self._count = len(names)
        self._delimiter = delimiter

    def row(self, record: Record) -> Row:
        """The row. Raises BadRow."""
        fields = fields_of(record.data, self._delimiter)
        if len(fields) != self._count:
            raise BadRow(f"has {len(fields)} fields, and the header has {self._count}")
        custom_id = (fields[self._id].strip() or None) if self._id is not None else None
        said: list[object] = [fields[place] for place in self._wanted]
        while len(said) > 1 and not str(said[-1]).strip():  # a script that is shorter than the longest one
            said.pop()
        try:
            return make_row(record, turns(said), custom_id)
        except BadRow as bad:
            raise BadRow(bad.problem, custom_id) from bad


_PARSERS: Final[Mapping[Format, Parse]] = {"jsonl": json_row, "text": text_row}
