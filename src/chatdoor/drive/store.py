"""Sessions that outlive a process: one small file each, in the user's state folder.

A file is readable by its owner alone and written as a whole or not at all. What can not be read is no
session: a new one is opened.
"""

import contextlib
import hashlib
import logging
import os
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Protocol

import msgspec

from chatdoor.drive.folders import state_folder
from chatdoor.errors import StateError
from chatdoor.flow.cookies import Cookie
from chatdoor.flow.session import Session
from chatdoor.site.model import Site

logger = logging.getLogger("chatdoor")

CLOCK_SLACK: Final = 86_400.0
"""Seconds by which a session may seem to come from the future, after the clock was set back."""

MAX_BYTES: Final = 4_000_000
"""The largest file that is read: 300 cookies of 8 kB, and what is around them."""


class Scope(msgspec.Struct, frozen=True):
    """Whose session it is. Sessions of different scopes are never mixed."""

    site: str
    origin: str
    fingerprint: str
    proxy: str | None = None

    @property
    def key(self) -> str:
        """A name for a file: the site's, and a hash of the rest."""
        digest = hashlib.sha256(msgspec.json.encode(self)).hexdigest()[:16]
        return f"{self.site}-{digest}"


class SessionStore(Protocol):
    """Keeps sessions by scope."""

    def load(self, scope: Scope) -> Session | None:
        """The session that was kept, None where there is none."""
        ...

    def save(self, scope: Scope, session: Session) -> None:
        """Keeps the session in place of an older one. Raises StateError."""
        ...


class Kept(msgspec.Struct):
    """What a file holds."""

    site: str
    origin: str
    session: Session


class FileStore:
    """Sessions as files in a folder."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or state_folder() / "sessions"

    def load(self, scope: Scope) -> Session | None:
        """The session that was kept, None where there is none or the file can not be used."""
        path = self.folder / f"{scope.key}.json"
        if not path.exists():
            return None
        try:
            kept = _read(path)
        except UNUSABLE as error:
            logger.warning(
                "a kept session of %s can not be used (%s); opening a new one", scope.site, type(error).__name__
            )
            return None
        return kept.session if kept.origin == scope.origin else None

    def save(self, scope: Scope, session: Session) -> None:
        """Keeps the session. Raises StateError where the folder can not be written."""
        data = msgspec.json.encode(Kept(scope.site, scope.origin, session))
        part = self.folder / f"{scope.key}.{secrets.token_hex(4)}.part"
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
                stream.write(data)
            part.replace(self.folder / f"{scope.key}.json")
        except OSError as error:
            with contextlib.suppress(OSError):
                part.unlink()
            raise StateError(f"sessions can not be kept in {self.folder}: {error.strerror}", site=scope.site) from error

    def kept(self) -> Iterator[tuple[str, str, float]]:
        """Site, origin and opening time (seconds since 1970) of each kept session."""
        for path in self._files():
            with contextlib.suppress(*UNUSABLE):
                kept = _read(path)
                yield kept.site, kept.origin, kept.session.opened

    def forget(self, site: Site | str | None = None) -> int:
        """Deletes the sessions of a site, or all. Gives their number."""
        name = site.name if isinstance(site, Site) else site
        count = 0
        for path in self._files():
            if name is None or path.stem.rpartition("-")[0] == name:
                try:
                    path.unlink()
                except OSError as error:
                    raise StateError(f"{path} can not be deleted: {error.strerror}") from error
                count += 1
        return count

    def _files(self) -> list[Path]:
        return sorted(path for path in self.folder.glob("*.json") if path.is_file()) if self.folder.is_dir() else []


UNUSABLE: Final = (OSError, ValueError, RecursionError)
"""What reading a file can raise. The library's own errors are ValueErrors."""


def _read(path: Path) -> Kept:
    """What the file holds. Raises ValueError for what no session of ours is: it goes out as it stands here."""
    if not path.is_file():  # a pipe would be waited for
        raise ValueError("not a file")
    with path.open("rb") as stream:
        kept = msgspec.json.decode(stream.read(MAX_BYTES), type=Kept)
    if kept.session.given or not is_sound(kept.session):
        raise ValueError("not a session that is kept")
    return kept


def is_sound(session: Session) -> bool:
    """True for a session that a site can have begun, whoever kept it meanwhile."""
    return 0 <= session.opened <= time.time() + CLOCK_SLACK and all(map(_is_sound, session.jar.cookies))


def _is_sound(cookie: Cookie) -> bool:
    pair = f"{cookie.name}={cookie.value}"
    return pair.isascii() and pair.isprintable() and ";" not in pair and bool(cookie.name and cookie.domain)
