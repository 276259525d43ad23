"""Whether another gateway uses the same folder now: what both count there, each would overwrite."""

import os
from contextlib import suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows has no such locks
    fcntl = None  # type: ignore[assignment]


class Tenancy:
    """A gateway's use of a folder, from now until it is closed or the process ends. Raises OSError.

    `is_shared`: another one was there already, for example the one that this one takes over from.
    """

    def __init__(self, folder: Path) -> None:
        self.is_shared = False
        self._file = os.open(folder / "gateway.lock", os.O_RDWR | os.O_CREAT, 0o600)
        if fcntl is not None:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self.is_shared = True
            with suppress(BlockingIOError):  # one that has just begun too looks whether it is alone
                fcntl.flock(self._file, fcntl.LOCK_SH | fcntl.LOCK_NB)

    def close(self) -> None:
        """Ends it."""
        os.close(self._file)
