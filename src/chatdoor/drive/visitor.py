"""A visitor: a site, how to reach it, and the session that all its callers share.

Blocking and async clients are two faces of one visitor.
"""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypedDict

import msgspec

from chatdoor.conversation.store import ConversationStore
from chatdoor.drive.access import USER_AGENT, Access, Timeout, check_number
from chatdoor.drive.asker import Asker
from chatdoor.drive.holdoff import Holdoff, holdoff_of
from chatdoor.drive.http import Connections
from chatdoor.drive.pace import Pace, pace_of
from chatdoor.drive.secrets import Allow, Secrets
from chatdoor.drive.sessions import Sessions
from chatdoor.drive.store import Scope, SessionStore
from chatdoor.drive.talks import Holding, Talks
from chatdoor.drive.tally import Tally
from chatdoor.drive.trouble import Trouble
from chatdoor.errors import ArgumentError, StateError
from chatdoor.flow.effects import Head, Send
from chatdoor.flow.opening import given_session
from chatdoor.flow.session import Session
from chatdoor.flow.turn import Turn
from chatdoor.messages import Messages, parse_messages
from chatdoor.site.load import load_site
from chatdoor.site.model import Site
from chatdoor.site.names import SAMPLING_NAMES
from chatdoor.site.nearest import nearest

if TYPE_CHECKING:
    from chatdoor.drive.shared.state import SharedState
    from chatdoor.drive.shared.visit import SharedVisit


class Options(TypedDict, total=False):
    """What a client takes besides the site.

    `proxy`: http://, https://, socks5:// or socks5h://, with user and password where it wants them.
    `access_token`: the session's token, where one is at hand; sent as it is, never stored or replaced.
    `timeout`: seconds for a whole call, or a Timeout; default is the site's own, 60 s.
    `ca_file`: certificates (PEM) to trust besides the system's.
    `user_agent`: default is `chatdoor/VERSION`.
    `trust_env`: use the proxies that the environment names. `.netrc` is never read.
    `per_minute`, `concurrency`: the pace, in place of the site's.
    `allow_secrets`: whether secrets that the site file names (`{env:X}`) may be sent: true, false (the default), or a
    function that is asked for each SecretUse.
    `store`: where the session is kept between programs; default is nowhere.
    `conversations`: where conversations are kept that the site remembers; default is this process's memory.
    `shared`: where several async clients share sessions, conversations and the pace; in place of the two before.
    """

    proxy: str | None
    access_token: str | None
    timeout: float | Timeout | None
    ca_file: str | Path | None
    user_agent: str | None
    trust_env: bool
    per_minute: float | None
    concurrency: int | None
    allow_secrets: Allow
    store: SessionStore | None
    conversations: ConversationStore | None
    shared: "SharedState | None"


class Witness(Protocol):
    """Who hears of each request of a visitor, those that open sessions included."""

    def sends(self, effect: Send) -> None:
        """Hears of a request before it goes out. What it raises keeps it from going."""

    def answered(self, head: Head) -> None:
        """Hears of the head of its answer."""


class Visitor:
    """One visitor of one site. May be shared by threads and event loops."""

    def __init__(
        self,
        site: Site,
        access: Access,
        sessions: Sessions,
        pace: Pace | None,
        *,
        connections: Connections | None = None,
        talks: Talks | None = None,
        secrets: Secrets | None = None,
    ) -> None:
        self.site = site
        self.access = access
        self.sessions = sessions
        self.pace = pace
        self.holdoff: Holdoff = holdoff_of(site)
        self.tally = Tally()
        self.connections = connections or Connections(access)
        self.talks = talks
        """The conversations that the site remembers; None where it remembers none."""
        self.secrets = secrets or Secrets()
        self.shared: SharedVisit | None = None
        """What it shares with visitors elsewhere; None where it is alone."""
        self.witness: Witness | None = None
        self._of_proxy = access.secrets

    @property
    def hidden(self) -> frozenset[str]:
        """Texts that must not be shown, whoever repeats them: the proxy's password, secrets that were sent."""
        return self._of_proxy | self.secrets.revealed

    @property
    def missed(self) -> int:
        """How much came to nothing that was asked of visitors elsewhere; it grows while what they share is away."""
        return 0 if self.shared is None else self.shared.missed

    @property
    def opened(self) -> float | None:
        """When the newest session was opened, in seconds since 1970; None where none is open."""
        pooled = self.talks.pool.opened() if self.talks and self.talks.pool else []
        shared = [self.sessions.current.opened] if self.sessions.current else []
        return max([*pooled, *shared], default=None)

    def session_of(self, conversation: str | None) -> Session | None:
        """The session that a conversation is held in: its own, where the site keeps the turns there."""
        if self.talks and self.talks.pool and conversation is not None:
            return self.talks.pool.session_of(conversation)
        return self.sessions.current

    def ahead(self, count: int) -> list[Sessions]:
        """Whose sessions to open ahead: the shared ones, or up to `count` for conversations to come."""
        if type(count) is not int or count < 1:
            raise ArgumentError(f"n: expected a whole number above 0, got {count!r}")
        return self.talks.pool.warm(count) if self.talks and self.talks.pool else [self.sessions]

    def total(self, timeout: float | None) -> float:
        """Seconds that a call may take. Raises ArgumentError for a time that is none."""
        return self.access.timeout.total if timeout is None else check_number("timeout", timeout)

    def turn(self, messages: Messages, model: str | None, options: Mapping[str, object]) -> Turn:
        """A turn with checked messages. `options` are sampling options; those that nobody knows are an error."""
        if options and (unknown := options.keys() - SAMPLING_NAMES):
            raise ArgumentError(f"{min(unknown)}: not an option; known are {', '.join(sorted(SAMPLING_NAMES))}")
        if model is not None and not isinstance(model, str):
            raise ArgumentError(f"model: expected text, got {type(model).__name__}")
        return Turn(parse_messages(messages), model or self.site.models[0], options)

    def hang_up(self) -> None:
        """Closes the websockets of all conversations, which their sites forget."""
        if self.talks and self.talks.pool:
            self.talks.pool.hang_up()

    def hold(self, turn: Turn, conversation: str | None, asker: Asker) -> Holding | None:
        """The conversation of the asker in which the turn goes on; None where the site remembers none.

        Raises ArgumentError for an id that can not be used, ConversationLost or ConversationBusy as `Talks.hold`.
        """
        if conversation is not None and not conversation:
            raise ArgumentError("conversation: expected the id of a reply, got nothing")
        if self.talks:
            return self.talks.hold(turn, conversation, asker)
        if conversation is not None:
            raise ArgumentError("conversation: this site remembers none; send the whole list", site=self.site.name)
        return None


def make_visitor(site: Site | str | Path, options: Options) -> Visitor:
    """A visitor of a site, or of one that a name or path stands for. Raises ArgumentError."""
    if unknown := set(options) - set(Options.__annotations__):
        raise ArgumentError(
            f"{min(unknown)}: not an option of a client{nearest(min(unknown), Options.__annotations__)}"
        )
    visited = site if isinstance(site, Site) else load_site(site)
    access = access_of(visited, options)
    access.check()
    token, shared = options.get("access_token"), options.get("shared")
    sessions = _sessions(visited, access, token, options.get("store"))
    pace = pace_of(visited, options.get("concurrency"), options.get("per_minute"))
    talks = talks_of(visited, access, token, options.get("conversations"))
    secrets = Secrets(options.get("allow_secrets", False))
    if shared is None:
        return Visitor(visited, access, sessions, pace, talks=talks, secrets=secrets)
    visit = shared.visit(visited, access, pace, token)
    visitor = Visitor(visited, access, visit.sessions or sessions, pace, talks=visit.talks or talks, secrets=secrets)
    visitor.shared, visitor.holdoff = visit, visit.holdoff
    return visitor


def talks_of(
    site: Site,
    access: Access,
    token: str | None,
    store: ConversationStore | None = None,
    session: Session | None = None,
) -> Talks | None:
    """The conversations of a new visitor; None where the site remembers none. Each begins with `session`, if any."""
    if not site.remembers:
        return None
    scope = Scope(site.name, site.origin, site.fingerprint, access.proxy).key
    if token is None:
        return Talks(site, scope, lambda: Sessions(session, max_age=site.limits.session_age), store)
    return Talks(site, scope, lambda: given_sessions(site, token))  # what was given is kept in no store


def access_of(site: Site, options: Options) -> Access:
    """How the options say that the network is reached."""
    timeout = options.get("timeout")
    total = site.limits.timeout if timeout is None or isinstance(timeout, Timeout) else timeout
    ca_file = options.get("ca_file")
    return Access(
        proxy=options.get("proxy"),
        ca_file=str(ca_file) if ca_file is not None else None,
        user_agent=options.get("user_agent") or USER_AGENT,
        trust_env=options.get("trust_env", False),
        timeout=timeout if isinstance(timeout, Timeout) else Timeout(total=total),
    )


def _sessions(site: Site, access: Access, token: str | None, store: SessionStore | None) -> Sessions:
    """The sessions of a new visitor: from a token that was given, from what is kept, or none yet."""
    if token is not None:
        return given_sessions(site, token)
    if store is None:
        return Sessions(max_age=site.limits.session_age)
    scope = Scope(site.name, site.origin, site.fingerprint, access.proxy)
    trouble = Trouble()

    def keep(session: Session) -> None:
        try:
            store.save(scope, session)
        except StateError as error:  # the reply counts more than the session
            trouble.tell(error)
        else:
            trouble.over()

    return Sessions(store.load(scope), max_age=site.limits.session_age, keep=keep)


def given_sessions(site: Site, token: str) -> Sessions:
    """The sessions of a visitor with a token of the caller's: this one, and no other."""
    return Sessions(msgspec.structs.replace(given_session(site, token, time.time()), given=True))
