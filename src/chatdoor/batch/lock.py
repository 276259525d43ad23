"""A lock on a file that ends with the process, however that ends."""

import os
from pathlib import Path
from typing import BinaryIO

from chatdoor.errors import BatchStopped


def open_locked(path: Path) -> BinaryIO:
    """The file, open for reading and writing without a buffer, ours alone until it is closed.

    Raises BatchStopped where another process has it, OSError where it can not be made.
    """
    while True:
        file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600), "r+b", buffering=0)
        try:
            _lock(file.fileno())
            if _is_at(file, path):  # else it was deleted by whoever had it, between our open and our lock
                return file
        except OSError as error:
            file.close()
            raise BatchStopped(f"{path}: another run is writing to this output") from error
        file.close()


def _is_at(file: BinaryIO, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _lock(descriptor: int) -> None:
    """Locks a file. Raises OSError where it is locked."""
    try:
        from fcntl import LOCK_EX, LOCK_NB, flock
    except ImportError:  # Windows
        _lock_on_windows(descriptor)
    else:
        flock(descriptor, LOCK_EX | LOCK_NB)


def _lock_on_windows(descriptor: int) -> None:
    """Locks one byte far behind the end: there a lock keeps others from reading too."""
    import msvcrt

    os.lseek(descriptor, 1 << 30, os.SEEK_SET)
    msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]  # there is one on Windows alone
    os.lseek(descriptor, 0, os.SEEK_SET)
