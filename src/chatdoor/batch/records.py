"""From the bytes of a file to its rows: lines, or CSV rows that may have several lines. Only one row is held."""

import csv
import re
import zlib
from collections.abc import Iterator, Sequence
from typing import BinaryIO, Final

from chatdoor.batch.row import MOST_BYTES, BadRow, Record
from chatdoor.errors import ArgumentError

BOM: Final = b"\xef\xbb\xbf"
UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")
DELIMITERS: Final = (",", ";", "\t")
"""What stands between the columns of spreadsheets. Which one it is, the header says."""

CLOSED: Final = re.compile(rb'[^"]*+(?:""[^"]*+)*+"')
"""What is left of a quoted field, up to the quote that closes it."""

SKIP_BYTES: Final = 1 << 16
"""How much of a line that is too long is read at a time."""


def lines(stream: BinaryIO) -> Iterator[Record]:
    """Every line with something on it. Raises ArgumentError for a file in UTF-16."""
    return (record for record in _all_lines(stream) if record.data.strip() or record.long)


def count_lines(stream: BinaryIO) -> int:
    """How many `lines` gives, in a third of the time."""
    _skip_bom(stream)
    count = 0
    while data := stream.readline(MOST_BYTES + 1):
        if len(data) > MOST_BYTES and not data.endswith(b"\n"):
            _skip_line(stream, 0)
            count += 1
        elif data.strip():
            count += 1
    return count


def csv_rows(stream: BinaryIO, delimiters: str = "".join(DELIMITERS)) -> Iterator[Record]:
    """Every CSV row (RFC 4180), the header first: a row goes on while a quote is open. Empty lines are passed over.

    A quote opens a field only where the field begins: one in `6" tall` is a letter like others.
    """
    opens = re.compile(rf'(?:^|[{delimiters}])"'.encode())
    begun: list[Record] = []
    size = 0
    for line in _all_lines(stream):
        begun.append(line)
        size += len(line.data) + 1
        long = line.long or size > MOST_BYTES
        if not long and _is_open(line.data, opens, quoted=len(begun) > 1):
            continue
        yield from _joined(begun, long=long)
        begun, size = [], 0
    yield from _joined(begun, long=False)


def mark_of(data: bytes) -> int:
    """The mark of a row. It is for rows that were edited, not for those who would deceive themselves."""
    return zlib.crc32(data) or 1


def delimiter_of(header: str) -> str:
    """What stands between the columns: of the known ones, that which the header has most often."""
    return max(DELIMITERS, key=header.count)


def text_of(data: bytes) -> str:
    """The text of a row. Raises BadRow."""
    if b"\0" in data:
        raise BadRow("holds a NUL byte, which no text has; if the file is UTF-16, save it as UTF-8")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise BadRow(f"is not UTF-8 text (byte {error.start + 1})") from error


def fields_of(data: bytes, delimiter: str) -> list[str]:
    """The fields of a CSV row. Raises BadRow."""
    csv.field_size_limit(MOST_BYTES)
    try:
        return next(csv.reader([text_of(data)], delimiter=delimiter, strict=True), [])
    except csv.Error as error:
        raise BadRow(f"is no CSV row: {error}") from error


def _all_lines(stream: BinaryIO) -> Iterator[Record]:
    _skip_bom(stream)
    number = 0
    while data := stream.readline(MOST_BYTES + 1):
        number += 1
        if len(data) > MOST_BYTES and not data.endswith(b"\n"):
            yield Record(number, b"", _skip_line(stream, zlib.crc32(data)), long=True)
        else:
            data = data.rstrip(b"\r\n")
            yield Record(number, data, mark_of(data))


def _skip_bom(stream: BinaryIO) -> None:
    start = stream.read(len(BOM))
    if start.startswith(UTF_16):
        raise ArgumentError("the input is UTF-16; save it as UTF-8")
    stream.seek(len(BOM) if start == BOM else 0)


def _skip_line(stream: BinaryIO, mark: int) -> int:
    """Reads on to the end of the line; the mark of the whole."""
    while data := stream.readline(SKIP_BYTES):
        mark = zlib.crc32(data, mark)
        if data.endswith(b"\n"):
            break
    return mark or 1


def _is_open(line: bytes, opens: re.Pattern[bytes], *, quoted: bool) -> bool:
    """Whether a quote is open at the end of a line; `quoted` says whether one was at its start."""
    place = 0
    while True:
        if quoted:
            end = CLOSED.match(line, place)
            if end is None:
                return True
            place = end.end()
        begin = opens.search(line, place)
        if begin is None:
            return False
        place, quoted = begin.end(), True


def _joined(lines: Sequence[Record], *, long: bool) -> Iterator[Record]:
    """The row that lines make up; none where there is nothing on them."""
    if not lines:
        return
    data = lines[0].data if len(lines) == 1 else b"\n".join([line.data for line in lines])
    mark = lines[0].mark if len(lines) == 1 else mark_of(data)
    if long:
        yield Record(lines[0].line, b"", mark, long=True)
    elif data.strip():
        yield Record(lines[0].line, data, mark)
