"""One session of a visitor for all gateways: who opens the next one, and how each change gets to the others.

What an answer changes is merged here at once, and into what the others have before the reply is whole. Before a
request, what the others have changed comes in the trip that is made anyway.
"""

import asyncio
import logging
import secrets
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from chatdoor import errors
from chatdoor.drive.sessions import Lead, Sessions
from chatdoor.drive.shared.link import DROP, PREFIX, Link
from chatdoor.drive.shared.scripts import ENTER, LEAVE_LEAD, PUBLISH, SAVE, SYNC
from chatdoor.drive.store import is_sound
from chatdoor.errors import ChatdoorError, StateDown
from chatdoor.flow.session import Changes, Session

logger = logging.getLogger("chatdoor")

KEPT_SECONDS: Final = 7 * 86_400
"""How long a session is kept that nobody uses."""

SESSION_BYTES: Final = 4_000_000
"""The largest text of a session that is read."""

POLL_SECONDS: Final = 0.03
POLL_MOST_SECONDS: Final = 0.2
"""How often one asks whether the session is there that another gateway opens: soon at first."""

SAVE_TRIES: Final = 5
"""How often it is tried to merge changes while other gateways do the same."""

SAVE_SECONDS: Final = 0.05
"""How long changes wait for the end of the reply, with which they go in one trip."""


class Failed(msgspec.Struct, frozen=True, omit_defaults=True):
    """An error of a leader, as the other gateways hear it: its kind, and what it says of itself."""

    kind: str
    problem: str
    site: str | None = None
    step: str | None = None
    phase: str | None = None
    retry_after: float | None = None


class Entry(msgspec.Struct, frozen=True):
    """The right to open the next session for all. Ends with `publish` or `leave` of its sessions."""

    ticket: str
    generation: int


class SharedSessions(Sessions):
    """The current session of one visitor, here and at all other gateways. `key` names the visitor.

    `serves`: while the server is away, each gateway has a session of its own; else what needs one raises StateDown.
    """

    def __init__(self, link: Link, key: str, *, max_age: float | None, serves: bool) -> None:
        super().__init__(max_age=max_age)
        self._link = link
        self._keys = [f"s:{key}"]
        self._serves = serves
        self._version = ""
        self._changes: list[Changes] = []
        self._saving: asyncio.Task[None] | None = None
        self._now = asyncio.Event()
        self._gathers = False
        """Changes still wait for others, and for the end of the reply."""
        self._sent: asyncio.Future[Any] | None = None
        """The changes on their way, where they were sent at the end of the reply."""
        self._sending: tuple[list[Changes], str] = [], ""
        """What was sent last, and the version that it makes."""

    def sync(self, wait: str) -> "asyncio.Future[Any]":
        """Asks for what the others have changed, and how long a wait lasts. `take` takes what comes of the first."""
        return self._link.send(SYNC, [*self._keys, wait], self._version)

    def take(self, version: bytes, *text: bytes) -> None:
        """Goes on with what the others have."""
        if text:
            if session := self._read(version, text[0]):
                self._merge(session)
        elif not version and self._version:  # the server was emptied
            self._save(Changes())

    def learn(self, session: Session, changes: Changes) -> Session:
        """The session with the changes, which all others will have too."""
        before = self.current
        merged = super().learn(session, changes)
        if self.current is merged and merged != before:
            self._save(changes)
        return merged

    async def enter(self, after: int, lead: Lead, seconds: float) -> Session | Entry:
        """A session newer than `after` that another gateway has opened, or the right to open it.

        Raises the error of the gateway that tried, TimeoutError after so many seconds, and StateDown.
        """
        ticket, waited, pause = secrets.token_hex(8), "", POLL_SECONDS
        async with asyncio.timeout(seconds):
            while True:
                sent = self._link.send(ENTER, self._keys, PREFIX, self._link.name, ticket, after, waited)
                word, *found = await self._or_alone(sent, lead)
                if word == b"lead":
                    return Entry(ticket, max(int(found[0]), lead.generation))
                if word == b"failed" and (error := _error(found[0])):
                    raise error
                if word == b"session":
                    session = self._read(found[0], found[1])
                    if session and not self._too_old(session, time.time()):
                        return session
                    after = max(after, session.generation) if session else after
                waited = found[0].decode("ascii", "replace") if word == b"wait" else ""
                await asyncio.sleep(pause)
                pause = min(2 * pause, POLL_MOST_SECONDS)

    async def publish(self, entry: Entry, session: Session) -> Session:
        """The session that is now everybody's: this one, or a newer one where another gateway was asked to lead."""
        version = secrets.token_hex(8)
        sent = self._link.send(
            PUBLISH,
            self._keys,
            entry.ticket,
            entry.generation,
            version,
            msgspec.json.encode(session),
            KEPT_SECONDS * 1000,
        )
        try:
            found = await asyncio.shield(sent)
        except StateDown:
            return session
        newer = self._read(found[0], found[1]) if len(found) == 2 else None
        if newer is None:
            self._version = version
        return newer or session

    def leave(self, entry: Entry, error: ChatdoorError | None) -> None:
        """Ends the right: all others hear of the error, or one of them leads."""
        self._link.send(LEAVE_LEAD, self._keys, entry.ticket, _told(error) if error else "")

    def saving(self) -> "asyncio.Task[None] | None":
        """Done once all gateways have the changes, or the server is known to be away; None where they have.

        What waits for that goes in the trip of what else is sent now.
        """
        if self._saving is None or self._saving.done():
            return None
        if self._gathers:
            self._gathers = False
            self._sent = self._send()
        self._now.set()
        return self._saving

    async def _or_alone(self, sent: "asyncio.Future[Any]", lead: Lead) -> Sequence[Any]:
        try:
            answer: Sequence[Any] = await asyncio.shield(sent)
        except StateDown:
            if not self._serves:
                raise
            return [b"lead", lead.generation]
        return answer

    def _save(self, changes: Changes) -> None:
        self._changes.append(changes)
        if self._saving is None or self._saving.done():
            self._now.clear()
            self._gathers = True
            self._saving = asyncio.create_task(self._save_all())

    async def _save_all(self) -> None:
        try:
            async with asyncio.timeout(SAVE_SECONDS):
                await self._now.wait()
        except TimeoutError:
            self._gathers = False
        for _ in range(SAVE_TRIES):
            sent, self._sent = self._sent or self._send(), None
            if sent is None:
                return
            changes, version = self._sending
            try:
                word, *found = await asyncio.shield(sent)
            except StateDown:
                return
            if word == b"saved":
                self._version = version
            elif word == b"changed":
                self._changes = [*changes, *self._changes]
                if theirs := self._read(found[0], found[1]):
                    self._merge(theirs)

    def _send(self) -> "asyncio.Future[Any] | None":
        """Sends what has changed; None where nothing has."""
        session, changes, version = self.current, self._changes, secrets.token_hex(8)
        if session is None or not changes:
            return None
        self._changes, self._sending = [], (changes, version)
        text = msgspec.json.encode(session)
        return self._link.send(SAVE, self._keys, session.generation, self._version, version, text, KEPT_SECONDS * 1000)

    def _merge(self, theirs: Session) -> None:
        """Goes on with what the others have, and what changed here in it."""
        for change in self._changes:
            theirs = theirs.merge(change)
        self.restore(theirs)

    def _read(self, version: bytes, text: bytes) -> Session | None:
        """The session that another gateway has kept; None for what is none. Then the next one takes its place."""
        try:
            session = msgspec.json.decode(text[:SESSION_BYTES], type=Session)
            if session.given or not is_sound(session):
                raise ValueError("not a session that is kept")
        except (ValueError, TypeError, RecursionError) as error:  # the library's own errors are ValueErrors
            logger.warning("a shared session can not be used (%s), so it is dropped", type(error).__name__)
            self._link.send(DROP, self._keys)
            self._version = ""
            return None
        self._version = version.decode("ascii", "replace")
        return session


def _told(error: ChatdoorError) -> bytes:
    said = {name: getattr(error, name, None) for name in Failed.__struct_fields__[1:]}
    return msgspec.json.encode({"kind": type(error).__name__, **said})


def _error(text: bytes) -> ChatdoorError | None:
    """The error of another gateway; None for what is none of ours."""
    try:
        failed = msgspec.json.decode(text, type=Failed)
    except (ValueError, RecursionError):  # the library's own errors are ValueErrors
        return None
    kind = getattr(errors, failed.kind, None)
    if not (isinstance(kind, type) and issubclass(kind, ChatdoorError)) or kind in PLACED_OTHERWISE:
        return ChatdoorError(failed.problem, site=failed.site, step=failed.step)
    own = {name: getattr(failed, name) for name in OWN.get(kind, ())}
    return kind(failed.problem, site=failed.site, step=failed.step, **own)


OWN: Final[Mapping[type[ChatdoorError], tuple[str, ...]]] = {
    errors.TimedOut: ("phase",),
    errors.RateLimited: ("retry_after",),
}
"""What some errors say besides their place."""

PLACED_OTHERWISE: Final = frozenset({errors.SiteFileError})
"""Errors that do not come from a site."""
