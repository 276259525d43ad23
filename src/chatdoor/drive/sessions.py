"""One session for many callers, and one refresh at a time.

Threads, tasks and event loops that meet a missing or dead session make one new one: the first leads, the
others wait for what comes of it. A leader that is cancelled, or whose own time is up, hands over. A failure
goes to all who wait, once.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeAlias

import msgspec

from chatdoor.errors import ChatdoorError
from chatdoor.flow.session import Changes, Session

Opened: TypeAlias = Session | ChatdoorError | None


class Lead:
    """The right to open the next session. Ends with exactly one of `publish`, `fail` and `hand_over`."""

    def __init__(self, sessions: "Sessions", generation: int, loop_thread: int | None) -> None:
        self.generation = generation
        self.loop_thread = loop_thread
        """The thread whose event loop runs the leader; None for a blocking one."""
        self.result: Future[Opened] = Future()
        """The session, the error of opening it, or None where the leader handed over."""
        self._sessions = sessions

    def publish(self, session: Session) -> Session:
        """Makes the session the current one."""
        self._sessions.replace(session, self)
        self.result.set_result(session)
        return session

    def fail(self, error: ChatdoorError) -> None:
        """Gives the error to all who wait."""
        self._sessions.end(self)
        self.result.set_result(error)

    def hand_over(self) -> None:
        """Lets one of those who wait lead."""
        self._sessions.end(self)
        self.result.set_result(None)


class Sessions:
    """The current session of one visitor.

    `keep` is called with each session that is new or has changed, one at a time: the last one that it gets is the
    newest.
    """

    def __init__(
        self,
        current: Session | None = None,
        *,
        max_age: float | None = None,
        keep: Callable[[Session], None] | None = None,
    ) -> None:
        self._lock = threading.Lock()
        self._current = current
        self._generation = current.generation if current else 0
        self._max_age = max_age
        self._keep = keep
        self._keeping = threading.Lock()
        self._kept_last: Session | None = None
        self._leads: list[Lead] = []

    @property
    def current(self) -> Session | None:
        """The session now, None before the first and after `forget`."""
        return self._current

    def claim(self, after: int, now: float, *, thread: int, blocking: bool) -> Session | Lead | Future[Opened]:
        """A session newer than `after`, the lead to open one, or the future of somebody else's.

        `now` is in seconds since 1970; `thread` is the caller's. A blocking call never waits for a leader on
        its own thread's event loop, which could not go on: it opens a session of its own.
        """
        with self._lock:
            current = self._current
            if current and current.generation > after and not self._too_old(current, now):
                return current
            for lead in self._leads:
                if not (blocking and lead.loop_thread == thread):
                    return lead.result
            self._generation = max(self._generation, after) + 1
            lead = Lead(self, self._generation, None if blocking else thread)
            self._leads.append(lead)
            return lead

    def learn(self, session: Session, changes: Changes) -> Session:
        """The session with the changes, which are merged into the current one if it is the same one."""
        with self._lock:
            current = self._current
            if current is None or current.generation != session.generation:
                return session.merge(changes)
            self._current = merged = current.merge(changes)
        self._kept()
        return merged

    def put(self, session: Session) -> None:
        """Makes a session from elsewhere the current one, whatever generation it says."""
        with self._lock:
            self._generation += 1
            self._current = msgspec.structs.replace(session, generation=self._generation)

    def restore(self, session: Session) -> None:
        """Makes a session that was kept the current one, as it was."""
        with self._lock:
            self._generation = session.generation
            self._current = session

    def forget(self) -> None:
        """Drops the current session; the next caller opens one."""
        with self._lock:
            self._current = None

    def replace(self, session: Session, lead: Lead) -> None:
        """Ends the lead with this session, unless a newer one is there already."""
        with self._lock:
            self._leads.remove(lead)
            newer = self._current is None or self._current.generation < session.generation
            if newer:
                self._current = session
        if newer:
            self._kept()

    def end(self, lead: Lead) -> None:
        """Ends the lead without a session."""
        with self._lock:
            self._leads.remove(lead)

    def _too_old(self, session: Session, now: float) -> bool:
        return self._max_age is not None and not session.given and now - session.opened >= self._max_age

    def _kept(self) -> None:
        """Keeps the session that is the newest now, unless another caller was faster."""
        if self._keep is None:
            return
        with self._keeping:
            current = self._current
            if current is not None and current is not self._kept_last:
                self._keep(current)
                self._kept_last = current
