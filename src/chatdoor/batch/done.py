"""Which rows are done and which ids are taken, in a few bytes a row: a batch may have a million."""

from array import array
from typing import Final

from chatdoor.batch.row import Record
from chatdoor.errors import ArgumentError

MOST_LINES: Final = 100_000_000
"""The longest input, in lines."""

_FEW: Final = 1 << 10


class Done:
    """The rows that have a result, by line: four bytes for each line of the input."""

    def __init__(self) -> None:
        self._marks = array("I")
        self.count = 0

    def add(self, line: int, mark: int) -> bool:
        """Notes a row. False where it was there already. Raises ArgumentError for a line that no input has."""
        if not 0 < line <= MOST_LINES or not 0 < mark < 1 << 32:
            raise ArgumentError(f"line {line}: an input has at most {MOST_LINES} lines")
        if line >= len(self._marks):
            self._marks.frombytes(bytes(4 * (max(line + _FEW, line * 9 // 8) - len(self._marks))))
        if self._marks[line]:
            return False
        self._marks[line] = mark
        self.count += 1
        return True

    def __contains__(self, line: int) -> bool:
        return line < len(self._marks) and self._marks[line] != 0

    def has(self, record: Record) -> bool:
        """Whether a row is done. Raises ArgumentError where it was another row that was done."""
        mark = self._marks[record.line] if record.line < len(self._marks) else 0
        if mark and mark != record.mark:
            problem = f"line {record.line} is not what was answered: the input was changed; take a new output"
            raise ArgumentError(problem)
        return mark != 0


class Ids:
    """A set of texts that only grows: about 16 bytes for each. One in 10^7 batches of a million takes two for one."""

    def __init__(self) -> None:
        self._slots = array("q", bytes(8 * _FEW))
        self._count = 0

    def add(self, text: str) -> bool:
        """Notes a text. False where it was there already."""
        if self._count * 3 >= len(self._slots) * 2:
            self._grow()
        if not self._put(hash(text) or 1):
            return False
        self._count += 1
        return True

    def _put(self, key: int) -> bool:
        slots, most = self._slots, len(self._slots) - 1
        place = key & most
        while slots[place]:
            if slots[place] == key:
                return False
            place = (place + 1) & most
        slots[place] = key
        return True

    def _grow(self) -> None:
        old = self._slots
        self._slots = array("q", bytes(16 * len(old)))
        for key in old:
            if key:
                self._put(key)
