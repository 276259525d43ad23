"""The state that several gateways share: one server, and what each visitor of a site has there."""

from copy import copy
from typing import Self
from urllib.parse import urlsplit

from chatdoor.drive.access import Access
from chatdoor.drive.holdoff import holdoff_of
from chatdoor.drive.pace import Pace
from chatdoor.drive.sessions import Sessions
from chatdoor.drive.shared.link import Link
from chatdoor.drive.shared.pace import SharedHoldoff, SharedPace
from chatdoor.drive.shared.sessions import SharedSessions
from chatdoor.drive.shared.talks import SharedTalks
from chatdoor.drive.shared.visit import SharedVisit
from chatdoor.drive.store import Scope
from chatdoor.site.model import Site
from chatdoor.site.urls import is_local


class SharedState:
    """A Redis or Valkey server, named by its URL (see Link). For one event loop.

    `serves`: while the server is away, each gateway goes on with what it knows; else what needs it raises StateDown.
    Raises ArgumentError for a URL that is none.
    """

    def __init__(self, url: str, *, serves: bool = True) -> None:
        self.link = Link(url)
        self.serves = serves
        self._part = ""

    def apart(self, part: str) -> Self:
        """The same server for other visitors of the same sites: they have their own sessions and conversations."""
        other = copy(self)
        other._part = part
        return other

    def visit(self, site: Site, access: Access, pace: Pace | None, token: str | None) -> SharedVisit:
        """What a visitor shares. One with a token of the caller's keeps that, and its conversations, to itself."""
        link, serves = self.link, self.serves
        scope = Scope(site.name, site.origin, site.fingerprint, access.proxy).key + self._part
        own = token is not None
        sessions = talks = None
        if not own and not site.in_sessions:
            sessions = SharedSessions(link, scope, max_age=site.limits.session_age, serves=serves)
        if not own and site.remembers:
            talks = SharedTalks(site, scope, lambda: Sessions(max_age=site.limits.session_age), link, serves=serves)
        paced = f"{site.origin} {pace.concurrency} {pace.interval}" if pace else ""
        near = SharedPace(link, paced, pace, serves=serves) if pace else None
        local = is_local(urlsplit(site.origin).hostname or "")
        holdoff = SharedHoldoff(link, scope if local else site.origin, holdoff_of(site))
        return SharedVisit(sessions, talks, near, holdoff, serves=serves)

    async def close(self) -> None:
        """Ends all connections to the server."""
        await self.link.close()
