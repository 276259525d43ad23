"""Conversations that outlive a process: one SQLite file, which threads and programs may share.

The file is readable by its owner alone. One that is not ours, or can not be used, is an error; one of another version
begins anew. A conversation in it that can not be read is one that is lost: it is taken out, and the others stay.

The async client uses it on its event loop: a turn costs 0.2 ms there (measured: 0.05 ms to claim, 0.1 ms to finish, one
in a hundred 0.5 ms), which is what two trips to another thread would cost. It waits longer only while another program
writes: how long at most, `busy` says. Where the loop has others to serve, that is short, and it is not waited so again
for a program that holds the file on and on.
"""

import logging
import os
import sqlite3
import threading
import weakref
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final, TypeAlias

import msgspec

from chatdoor.conversation.match import Found
from chatdoor.conversation.record import Conversation
from chatdoor.conversation.store import MAX_CONVERSATIONS, MAX_FOUND, TIME_TO_LIVE
from chatdoor.drive.folders import state_folder
from chatdoor.errors import StateError

logger = logging.getLogger("chatdoor")

BUSY_SECONDS: Final = 5.0
"""How long one waits for another program to finish its write, which takes a few milliseconds."""

BRIEF_SECONDS: Final = 0.02
"""How long one waits, where `busy` is short too, for who has been waited for in vain: a write, and no more."""

OURS: Final = 0x63686474
"""What SQLite's `application_id` says in a file of ours ("chdt"): tables of another program are not touched."""

VERSION: Final = 1
"""Of the tables, and of what a conversation holds. A file of another version begins anew."""

SCHEMA: Final = """
CREATE TABLE conversation (
    id TEXT PRIMARY KEY, scope TEXT NOT NULL, used REAL NOT NULL,
    written INTEGER NOT NULL, kept BLOB NOT NULL
);
CREATE INDEX conversation_used ON conversation (used);
CREATE INDEX conversation_written ON conversation (written);
CREATE TABLE key (
    key TEXT NOT NULL, id TEXT NOT NULL REFERENCES conversation (id) ON DELETE CASCADE, PRIMARY KEY (key, id)
) WITHOUT ROWID;
CREATE INDEX key_id ON key (id);
"""

PUT: Final = """
INSERT INTO conversation VALUES (
    :id, :scope, :used, (SELECT 1 + coalesce(max(written), 0) FROM conversation), :kept
) ON CONFLICT (id) DO UPDATE SET used = excluded.used, written = excluded.written, kept = excluded.kept"""
UPDATE: Final = "UPDATE conversation SET used = :used, kept = :kept WHERE id = :id"
GET: Final = "SELECT id, kept FROM conversation WHERE id = ?"
FIND: Final = "SELECT id, kept FROM conversation JOIN key USING (id) WHERE key = ? ORDER BY written DESC LIMIT ?"
DUE: Final = "SELECT id, kept FROM conversation ORDER BY used, written"

Row: TypeAlias = tuple[str, bytes]
"""The id of a conversation, and what is kept of it."""


class ConversationFile:
    """Conversations in a file. Threads may share it; a process that was forked has to make its own.

    It holds digests of what was said and the last reply, and of the site's side what a session file holds: cookies
    and values. Without a `path` it lies in the user's state folder. `busy` is how long a call waits for another
    program that writes, in seconds; after that it fails, and below a second the next ones hardly wait until it goes.
    """

    def __init__(
        self,
        path: Path | str | None = None,
        *,
        limit: int = MAX_CONVERSATIONS,
        time_to_live: float = TIME_TO_LIVE,
        busy: float = BUSY_SECONDS,
    ) -> None:
        self.path = Path(path) if path is not None else state_folder() / "conversations.db"
        self._limit = limit
        self._time_to_live = time_to_live
        self._busy = busy
        self._in_vain = False
        """True after a wait that was too short, until a write goes through."""
        self._lock = threading.RLock()
        self._db: sqlite3.Connection | None = None

    def get(self, conversation_id: str) -> Conversation | None:
        """The conversation, None where there is none. Raises StateError."""
        with self._connected() as db:
            return _get(db, conversation_id)

    def compare_and_set(self, conversation_id: str, expected: int | None, new: Conversation | None) -> bool:
        """True where the revision was the expected one, and the new conversation is in its place. Raises StateError."""
        with self._writing() as db:
            old = _get(db, conversation_id)
            if (None if old is None else old.revision) != expected:
                return False
            _put(db, conversation_id, old, new)
            return True

    def find(self, keys: Sequence[str]) -> Found:
        """The conversations of each key that has any, newest first. Raises StateError."""
        with self._connected() as db:
            rows = {key: db.execute(FIND, (key, MAX_FOUND)).fetchall() for key in keys}
            return {key: found for key, kept in rows.items() if kept and (found := list(_read(db, kept)))}

    def expire(self, now: float) -> tuple[Conversation, ...]:
        """Takes out what is past its time, or too much, and gives it. Raises StateError."""
        with self._connected() as db:
            if not self._is_due(db, now):
                return ()
        with self._writing() as db:
            gone = tuple(self._due(db, now))
            for conversation in gone:
                _put(db, conversation.id, conversation, None)
            return gone

    def forget(self, site: str | None = None) -> int:
        """Deletes the conversations of a site, or all, whether or not somebody talks. Gives their number."""
        if not self.path.exists():
            return 0
        with self._writing() as db:
            rows = db.execute("SELECT id, scope FROM conversation").fetchall()
            gone = [(key,) for key, scope in rows if site is None or scope.rpartition("-")[0] == site]
            db.executemany("DELETE FROM conversation WHERE id = ?", gone)
            return len(gone)

    def close(self) -> None:
        """Closes the file. The store may be used again."""
        with self._lock:
            db, self._db, self._in_vain = self._db, None, False
            if db is not None:
                db.close()

    def _is_due(self, db: sqlite3.Connection, now: float) -> bool:
        count, oldest = db.execute("SELECT count(*), min(used) FROM conversation").fetchone()
        return count > self._limit or (oldest is not None and oldest + self._time_to_live <= now)

    def _due(self, db: sqlite3.Connection, now: float) -> Iterator[Conversation]:
        """Looks at the oldest only, until one may stay."""
        (count,) = db.execute("SELECT count(*) FROM conversation").fetchone()
        excess = count - self._limit
        with closing(db.execute(DUE)) as rows:
            for conversation in _read(db, rows):
                if excess <= 0 and conversation.used + self._time_to_live > now:
                    return
                if conversation.free() or conversation.lapsed(now):
                    excess -= 1
                    yield conversation

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction, which nobody else's write comes between."""
        with self._connected() as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
            except BaseException:
                db.execute("ROLLBACK")
                raise
            db.execute("COMMIT")
            self._waits(db, in_vain=False)

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        """The connection, for one thread at a time. What goes wrong with it is a StateError."""
        with self._lock:
            try:
                if self._db is None:
                    self._db = _open(self.path, self._busy)
                    weakref.finalize(self, self._db.close)
                yield self._db
            except (sqlite3.Error, OSError, ValueError) as error:
                if _is_busy(error) and self._db is not None:
                    self._waits(self._db, in_vain=True)
                raise StateError(f"conversations can not be kept in {self.path}: {_reason(error)}") from error

    def _waits(self, db: sqlite3.Connection, *, in_vain: bool) -> None:
        """Sets how long is waited from now on."""
        if in_vain != self._in_vain and self._busy < 1:
            db.execute(f"PRAGMA busy_timeout = {(BRIEF_SECONDS if in_vain else self._busy) * 1000:.0f}")
            self._in_vain = in_vain


def _is_busy(error: Exception) -> bool:
    return isinstance(error, sqlite3.Error) and getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY


def _reason(error: Exception) -> str:
    """What is wrong with the file, and the way out."""
    if _is_busy(error):
        return "another program has been writing to it for too long"
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return f"{reason}; delete the file or name another"


def _open(path: Path, busy: float) -> sqlite3.Connection:
    """A connection to the file, which is made where there is none: for its owner alone, before anything is in it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    db = sqlite3.connect(path, timeout=busy, isolation_level=None, check_same_thread=False)
    try:
        _check_ours(db)
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        db.execute("PRAGMA secure_delete = ON")
        _prepare(db)
        db.execute("PRAGMA foreign_keys = ON")
    except BaseException:
        db.close()
        raise
    return db


def _check_ours(db: sqlite3.Connection) -> None:
    """Raises ValueError where the tables are another program's."""
    (tables,) = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if tables and _pragma(db, "application_id") != OURS:
        raise ValueError("it is another program's file")


def _prepare(db: sqlite3.Connection) -> None:
    """Makes the tables, in place of those of another version. Of programs that begin together, one does it."""
    if _pragma(db, "user_version") == VERSION:
        return
    db.execute("BEGIN IMMEDIATE")
    if _pragma(db, "user_version") != VERSION:
        db.execute("DROP TABLE IF EXISTS key")
        db.execute("DROP TABLE IF EXISTS conversation")
        for statement in SCHEMA.split(";"):
            db.execute(statement)
        db.execute(f"PRAGMA application_id = {OURS}")
        db.execute(f"PRAGMA user_version = {VERSION}")
    db.execute("COMMIT")


def _pragma(db: sqlite3.Connection, name: str) -> int:
    (number,) = db.execute(f"PRAGMA {name}").fetchone()
    return int(number)


def _put(db: sqlite3.Connection, conversation_id: str, old: Conversation | None, new: Conversation | None) -> None:
    """Puts a conversation in place of the old one. It is found by other keys only where it has had a turn."""
    if new is None:
        db.execute("DELETE FROM conversation WHERE id = ?", (conversation_id,))
        return
    values = {"id": new.id, "scope": new.scope, "used": new.used, "kept": msgspec.json.encode(new)}
    if old is not None and (old.end, old.turn) == (new.end, new.turn):
        db.execute(UPDATE, values)
        return
    db.execute(PUT, values)
    before, after = old.index_keys() if old else frozenset[str](), new.index_keys()
    db.executemany("DELETE FROM key WHERE key = ? AND id = ?", [(key, new.id) for key in sorted(before - after)])
    db.executemany("INSERT INTO key VALUES (?, ?)", [(key, new.id) for key in sorted(after - before)])


def _get(db: sqlite3.Connection, conversation_id: str) -> Conversation | None:
    return next(_read(db, db.execute(GET, (conversation_id,)).fetchall()), None)


def _read(db: sqlite3.Connection, rows: Iterable[Row]) -> Iterator[Conversation]:
    """The conversations of the rows. One that can not be read is taken out."""
    for conversation_id, kept in rows:
        try:
            yield msgspec.json.decode(kept, type=Conversation)
        except (msgspec.DecodeError, TypeError, RecursionError):
            logger.warning("a kept conversation can not be read, so it is lost")
            db.execute("DELETE FROM conversation WHERE id = ?", (conversation_id,))
