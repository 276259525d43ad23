"""What one gateway keeps over its restart: its shelf, and how often each key has asked. One SQLite file.

All of it is in memory too, so nothing is read from the file while it serves. Where the file can not be written any
more, that is told once, and what is in memory counts.
"""

import logging
import os
import sqlite3
import time
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

import msgspec

from chatdoor.errors import StateError
from chatdoor.gateway.header import Header
from chatdoor.gateway.keys import Key
from chatdoor.gateway.quota import DAY, Quota
from chatdoor.gateway.shelf import Kept, MemoryShelf
from chatdoor.gateway.tenancy import Tenancy

logger = logging.getLogger("chatdoor.gateway")

OURS: Final = 0x6368746B
"""What SQLite's `application_id` says in a file of ours ("chtk"): tables of another program are not touched."""

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS shelf (id TEXT PRIMARY KEY, at REAL NOT NULL, kept BLOB NOT NULL, parts BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS part (digest BLOB PRIMARY KEY, users INTEGER NOT NULL, text BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS asked (
    key TEXT, seconds INTEGER, at REAL NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (key, seconds)
);
"""

PUT: Final = "INSERT OR REPLACE INTO shelf VALUES (?, ?, ?, ?)"
PUT_PART: Final = "INSERT INTO part VALUES (?, 1, ?) ON CONFLICT (digest) DO UPDATE SET users = users + 1"
LEAVE_PART: Final = "UPDATE part SET users = users - 1 WHERE digest = ? AND EXISTS (SELECT 1 FROM shelf WHERE id = ?)"
TAKE_PART: Final = "DELETE FROM part WHERE digest = ? AND users < 1"
TAKE: Final = "DELETE FROM shelf WHERE id = ?"
COUNT: Final = "INSERT OR REPLACE INTO asked VALUES (?, ?, ?, ?)"
OLD: Final = "DELETE FROM asked WHERE at < ?"


BUSY_SECONDS: Final = 0.1
"""How long one waits for another program to finish its write: the whole gateway waits with it."""

WAY_OUT: Final = "give each a folder, or both a server (--state URL)"

DIGEST: Final = 16
"""How many bytes of a digest stand for a list of items."""


class KeptFile:
    """The file, made where there is none, for its owner alone. Raises StateError where it can not be used.

    Where another gateway has it open, that is told.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fails = False
        try:
            self._db = _open(path)
            self._tenancy = Tenancy(path.parent)
        except (sqlite3.Error, OSError, ValueError) as error:
            raise StateError(f"{path} can not be used ({error}); delete it or name another folder") from error
        if self._tenancy.is_shared:
            logger.error(
                "another gateway uses %s too: counts of both are wrong until it ends; %s", path.parent, WAY_OUT
            )

    def run(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """The rows that it gives; none where the file fails."""
        try:
            rows = self._db.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            self._tell(error)
            return []
        self._fails = False
        return rows

    def run_all(self, statements: Sequence[tuple[str, tuple[object, ...]]]) -> None:
        """Runs them as one, all or none."""
        try:
            with self._db:  # undone where one fails
                self._db.execute("BEGIN IMMEDIATE")
                for statement, values in statements:
                    self._db.execute(statement, values)
        except sqlite3.Error as error:
            self._tell(error)
        else:
            self._fails = False

    def _tell(self, error: sqlite3.Error) -> None:
        if not self._fails:  # told once, until it goes again
            logger.error("something is not kept in %s: %s", self._path, error)
        self._fails = True

    def shelf(self) -> "FileShelf":
        """The shelf that is kept here."""
        return FileShelf(self)

    def counted(self, keys: Sequence[Key]) -> list[Key]:
        """The keys, with counts that go on over a restart."""
        self.run(OLD, time.time() - 2 * DAY)
        return [
            msgspec.structs.replace(key, quota=KeptQuota(key, key.quota, self))
            if key.quota and key.quota.windows
            else key
            for key in keys
        ]

    def close(self) -> None:
        """Closes it."""
        self._db.close()
        self._tenancy.close()


class FileShelf(MemoryShelf):
    """A shelf that is there again after a restart. What several have in common is in the file once, as it is here."""

    def __init__(self, file: KeptFile) -> None:
        super().__init__(clock=time.time)
        self._file = file
        parts: dict[bytes, bytes] = dict(file.run("SELECT digest, text FROM part"))
        for kept_id, at, text, digests in file.run("SELECT id, at, kept, parts FROM shelf ORDER BY at"):
            try:
                kept = msgspec.msgpack.decode(text, type=Kept)
                items = tuple([parts[digests[at : at + DIGEST]] for at in range(0, len(digests), DIGEST)])
            except (ValueError, TypeError, KeyError) as error:  # the library's own errors are ValueErrors
                logger.warning("something kept can not be read (%s), so it is not there", type(error).__name__)
                file.run(TAKE, kept_id)
            else:
                self._put_back(msgspec.structs.replace(kept, items=items), at)
        self._make_room()

    def _put(self, new: Kept) -> None:
        super()._put(new)
        at, _ = self._kept[new.id]
        alone = msgspec.msgpack.encode(msgspec.structs.replace(new, items=()))
        digests = [_digest(part) for part in new.items]
        self._file.run_all([
            (PUT, (new.id, at, alone, b"".join(digests))),
            *((PUT_PART, row) for row in zip(digests, new.items, strict=True)),
        ])  # fmt: skip

    def _take(self, kept_id: str) -> None:
        if kept_id in self._kept:
            digests = [(_digest(part),) for part in self._kept[kept_id][1].items]
            self._file.run_all([
                *((LEAVE_PART, (*row, kept_id)) for row in digests),
                (TAKE, (kept_id,)),
                *((TAKE_PART, row) for row in digests),
            ])  # fmt: skip
        super()._take(kept_id)


def _digest(part: bytes) -> bytes:
    return blake2b(part, digest_size=DIGEST).digest()


class KeptQuota(Quota):
    """The limits of a key whose counts are there again after a restart."""

    def __init__(self, key: Key, quota: Quota, file: KeptFile) -> None:
        super().__init__(*quota.limits)
        self._key = key.digest.hex()
        self._file = file
        for window in self.windows:
            rows = file.run("SELECT at, count FROM asked WHERE key = ? AND seconds = ?", self._key, window.seconds)
            for at, count in rows:
                window.begin(at, count)

    def take(self, now: float) -> tuple[Header, ...]:
        """As Quota."""
        told = super().take(now)
        for window in self.windows:
            self._file.run(COUNT, self._key, window.seconds, now, window.count)
        return told


def _open(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    db = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        (tables,) = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        (application,) = db.execute("PRAGMA application_id").fetchone()
        if tables and application != OURS:
            raise ValueError("it is another program's file")
        db.execute(f"PRAGMA application_id = {OURS}")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        db.executescript(SCHEMA)
    except BaseException:
        db.close()
        raise
    return db
