"""From the bytes of a file to its rows: lines, or CSV rows that may have several lines. Only one row is held."""

import csv
import zlib
from collections.abc import Iterator
from typing import BinaryIO, Final

from chatdoor.batch.row import MOST_BYTES, BadRow, Record
from chatdoor.errors import ArgumentError

BOM: Final = b"\xef\xbb\xbf"
UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")
DELIMITERS: Final = (",", ";", "\t")
"""What stands between the columns of spreadsheets. Which one it is, the header says."""

SKIP_BYTES: Final = 1 << 16
"""How much of a line that is too long is read at a time."""


def lines(stream: BinaryIO) -> Iterator[Record]:
    """Every line with something on it. Raises ArgumentError for a file in UTF-16."""
    return (record for record in _all_lines(stream) if record.data.strip() or record.long)


def csv_rows(stream: BinaryIO) -> Iterator[Record]:
    """Every CSV row (RFC 4180), the header first: a row goes on while a quote is open. Empty lines are passed over."""
    begun: Record | None = None
    for line in _all_lines(stream):
        record = line if begun is None else _joined(begun, line)
        if not record.long and record.data.count(b'"') % 2:
            begun = record
            continue
        begun = None
        if record.long or record.data.strip():
            yield record
    if begun is not None:
        yield begun


def mark_of(data: bytes) -> int:
    """The mark of a row. It is for rows that were edited, not for those who would deceive themselves."""
    return zlib.crc32(data) or 1


def delimiter_of(header: str) -> str:
    """What stands between the columns: of the known ones, that which the header has most often."""
    return max(DELIMITERS, key=header.count)


def fields_of(data: bytes, delimiter: str) -> list[str]:
    """The fields of a CSV row. Raises BadRow."""
    csv.field_size_limit(MOST_BYTES)
    try:
        return next(csv.reader([data.decode()], delimiter=delimiter, strict=True), [])
    except UnicodeDecodeError as error:
        raise BadRow(f"is not UTF-8 text (byte {error.start + 1})") from error
    except csv.Error as error:
        raise BadRow(f"is no CSV row: {error}") from error


def _all_lines(stream: BinaryIO) -> Iterator[Record]:
    number = 0
    while data := stream.readline(MOST_BYTES + 1):
        number += 1
        long = len(data) > MOST_BYTES and not data.endswith(b"\n")
        if number == 1:
            data = _without_bom(data)
        if long:
            yield Record(number, b"", _skip_line(stream, zlib.crc32(data)), long=True)
        else:
            data = data.rstrip(b"\r\n")
            yield Record(number, data, zlib.crc32(data) or 1)


def _without_bom(data: bytes) -> bytes:
    if data.startswith(UTF_16):
        raise ArgumentError("the input is UTF-16; save it as UTF-8")
    return data.removeprefix(BOM)


def _skip_line(stream: BinaryIO, mark: int) -> int:
    """Reads on to the end of the line; the mark of the whole."""
    while data := stream.readline(SKIP_BYTES):
        mark = zlib.crc32(data, mark)
        if data.endswith(b"\n"):
            break
    return mark or 1


def _joined(begun: Record, line: Record) -> Record:
    data = begun.data + b"\n" + line.data
    if line.long or len(data) > MOST_BYTES:
        return Record(begun.line, b"", begun.mark, long=True)
    return Record(begun.line, data, mark_of(data))
