"""The output: lines that are only ever added, each of them whole, whatever ends the process.

What is written outlives the process, and counts once it is on the disk (fsync). A line that a power cut tore is cut off
at the next start. A write that fails takes its own bytes back, so that the file is valid at every moment.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from chatdoor.batch.files import fresh_of
from chatdoor.batch.result import START, About, Seen
from chatdoor.errors import ArgumentError, BatchStopped

_SEEN: Final = msgspec.json.Decoder(Seen)


class Output:
    """The output's file. Whoever has it holds the lock of its journal."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._end = 0
        """Where the next line goes, once `results` has found it."""
        try:
            self._file = open_output(path)
        except OSError as error:
            raise BatchStopped(f"{path}: {error.strerror}") from error

    def results(self) -> Iterator[About]:
        """What the file holds, from the start. A torn last line is cut off. Raises ArgumentError for another's file."""
        end = 0
        for number, line in whole_lines(self.path):
            end += len(line)
            yield about_of(line, number, self.path)
        self._cut(end)

    def write(self, lines: bytes) -> None:
        """Adds whole lines, which outlive this process. Raises BatchStopped, and nothing is added."""
        try:
            _write_all(self._file, lines)
        except OSError as error:
            self._cut(self._end)
            raise self._not_written(error) from error
        self._end += len(lines)

    def sync(self) -> None:
        """Returns when what was written is on the disk, where the output's name leads. Raises BatchStopped."""
        end = self._end
        try:
            os.fsync(self._file.fileno())
            there = self._is_there(end)
        except OSError as error:
            raise self._not_written(error) from error
        if not there:
            problem = "somebody else moved, deleted or cut it; put it back, and the same command asks what it lacks"
            raise BatchStopped(f"{self.path}: {problem}")

    def _is_there(self, end: int) -> bool:
        """Whether the file still has its name, and at least so many bytes."""
        ours = os.fstat(self._file.fileno())
        try:
            return ours.st_size >= end and os.path.samestat(ours, self.path.stat())
        except FileNotFoundError:
            return False

    def _cut(self, end: int) -> None:
        os.ftruncate(self._file.fileno(), end)
        self._file.seek(end)
        self._end = end

    def _not_written(self, error: OSError) -> BatchStopped:
        going_on = "what was answered is kept, and the same command goes on from there"
        return BatchStopped(f"{self.path}: {error.strerror}; {going_on}")

    def without_failed(self) -> None:
        """Takes the results of failed rows out, so that they are asked again. The file is replaced at once."""
        fresh = fresh_of(self.path)
        try:
            with fresh.open("wb") as kept:
                self._copy(kept, lambda about: about.error is None)
                kept.flush()
                os.fsync(kept.fileno())
            self._file.close()  # Windows replaces no file that is open
            fresh.replace(self.path)
            self._file = open_output(self.path)
        except OSError as error:
            fresh.unlink(missing_ok=True)
            raise BatchStopped(f"{self.path}: {error.strerror}") from error

    def close(self) -> None:
        """Closes the file."""
        self._file.close()

    def _copy(self, target: BinaryIO, keeps: Callable[[About], bool]) -> None:
        lines = whole_lines(self.path)
        target.writelines(line for number, line in lines if keeps(about_of(line, number, self.path)))


def results_in(path: Path) -> Iterator[About]:
    """What an output holds, without a torn last line. Raises ArgumentError for another's file."""
    return (about_of(line, number, path) for number, line in whole_lines(path))


def whole_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """The lines with their numbers, without a torn last one. Raises ArgumentError where that is none of ours."""
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if line.endswith(b"\n"):
                yield number, line
            else:
                _check_torn(line, number, path)


def about_of(line: bytes, number: int, path: Path) -> About:
    """What a line of an output says. Raises ArgumentError where it is none of ours."""
    try:
        return _SEEN.decode(line).chatdoor
    except (ValueError, RecursionError) as error:
        raise _not_ours(number, path) from error


def _check_torn(line: bytes, number: int, path: Path) -> None:
    """Raises ArgumentError for a last line that no kill of ours can have left."""
    begun = line.rstrip(b"\0")  # what a file system may put for bytes that it lost
    if not (begun.startswith(START) or START.startswith(begun)):
        raise _not_ours(number, path)


def _not_ours(number: int, path: Path) -> ArgumentError:
    return ArgumentError(f"{path}: line {number} is no result of `chatdoor batch`; take another output")


def open_output(path: Path) -> BinaryIO:
    """The file, made where there is none, without a buffer; its name is on the disk too. Raises OSError."""
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0)
    file = os.fdopen(os.open(path, flags, 0o666), "r+b", buffering=0)
    if not path.is_file():
        file.close()
        raise ArgumentError(f"{path}: expected a file that results can be added to")
    _sync_folder(path.parent)
    return file


def as_line(result: msgspec.Struct) -> bytes:
    """The result as a line."""
    return msgspec.json.encode(result) + b"\n"


def _write_all(file: BinaryIO, data: bytes) -> None:
    """Writes until nothing is left: a file may take a part, and say why only when the rest is written."""
    while (written := file.write(data)) < len(data):
        data = data[written:]


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # where a folder can not be opened
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
