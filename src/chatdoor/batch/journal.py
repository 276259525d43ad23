"""The rows that are under way: a small file beside the output, which says after a kill what may be asked twice.

Each row has a slot of eight bytes from before its first request until its result is kept. A slot holds the row's line,
or 0; that of a row whose result is kept is free, whatever it holds. Nothing is flushed: what was written outlives the
process, and only a machine that loses power may forget the last of them.
"""

import os
import struct
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final

from chatdoor.batch.done import Done
from chatdoor.batch.lock import open_locked
from chatdoor.errors import ArgumentError, BatchStopped

MAGIC: Final = b"chatdoor"
"""What the file begins with. It takes the place of one slot."""

_SLOT: Final = struct.Struct("<Q")


def read_slots(data: bytes) -> dict[int, int]:
    """Slot -> line, of the slots that are taken. What is torn, or no journal, holds none."""
    if not data.startswith(MAGIC):
        return {}
    whole = len(data) - len(data) % _SLOT.size
    lines = (line for (line,) in _SLOT.iter_unpack(data[:whole]))
    return {slot: line for slot, line in enumerate(lines) if slot and line}


def _is_foreign(data: bytes) -> bool:
    """Whether a file can not be what a run of ours left, torn or with bytes that a file system lost."""
    begun = data[: len(MAGIC)].rstrip(b"\0")
    return not MAGIC.startswith(begun)


def slot_bytes(line: int) -> bytes:
    """A slot as it is written."""
    return _SLOT.pack(line)


class Journal:
    """The journal of an output, locked for this process. Raises BatchStopped where another one has it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO = open_locked(path)
        self._place = _placing(self._file)
        self._slots: dict[int, int] = {}
        self._free: list[int] = []
        self._next = 1
        self._again: frozenset[int] = frozenset()
        self._known = False
        """What an earlier run left has been read."""

    def take_over(self, done: Done) -> None:
        """Takes over what an earlier run left: rows without a result keep their slots.

        Raises ArgumentError for a file of somebody else's.
        """
        data = self._file.read()
        if _is_foreign(data):
            raise ArgumentError(f"{self._path}: is no journal of `chatdoor batch`, and would be lost; move it away")
        kept: Mapping[int, int] = read_slots(data)
        left = {slot: line for slot, line in kept.items() if line not in done}
        self._known = True
        self._slots = {line: slot for slot, line in left.items()}
        self._again = frozenset(self._slots)
        self._next = max(left, default=0) + 1
        self._free = [slot for slot in range(1, self._next) if slot not in left]
        lines = (left.get(slot, 0) for slot in range(1, self._next))
        self._write(0, MAGIC + b"".join(map(slot_bytes, lines)))
        os.ftruncate(self._file.fileno(), self._next * _SLOT.size)

    def begin(self, line: int) -> bool:
        """Notes that a row is under way. True where it was under way in an earlier run."""
        if line in self._slots:
            return line in self._again
        if self._free:
            slot = self._free.pop()
        else:
            slot, self._next = self._next, self._next + 1
        self._write(slot, slot_bytes(line))
        self._slots[line] = slot
        return False

    def end(self, line: int) -> None:
        """Notes that a row's result is kept. A row that never began has no slot."""
        if (slot := self._slots.pop(line, None)) is not None:
            self._free.append(slot)

    def give_back(self, line: int) -> None:
        """Notes that a row was not asked after all. One that an earlier run may have asked stays noted."""
        if line in self._slots and line not in self._again:
            self._write(self._slots[line], slot_bytes(0))
            self.end(line)

    def close(self) -> None:
        """Ends the lock. The file is deleted where no row is under way."""
        if not self._slots and (self._known or not self._path.stat().st_size):
            with suppress(PermissionError):  # Windows deletes no file that is open; an empty journal does no harm
                self._path.unlink(missing_ok=True)
        self._file.close()

    def _write(self, slot: int, data: bytes) -> None:
        try:
            self._place(data, slot * _SLOT.size)
        except OSError as error:
            raise BatchStopped(f"{self._path}: {error.strerror}") from error


def _placing(file: BinaryIO) -> Callable[[bytes, int], object]:
    """What writes bytes at a place of the file."""
    if hasattr(os, "pwrite"):  # one call of the system, for each row
        return partial(os.pwrite, file.fileno())

    def write(data: bytes, place: int) -> None:  # Windows
        file.seek(place)
        file.write(data)

    return write
