"""A provider made from a site file: a few lines of class for a program, none for a new site."""

import logging
import os
import threading
from collections.abc import AsyncGenerator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import ClassVar, Final, NamedTuple, TypeVar

from chatdoor.drive.access import Access
from chatdoor.drive.client import Client
from chatdoor.drive.http import Connections
from chatdoor.drive.pace import pace_of
from chatdoor.drive.secrets import Secrets
from chatdoor.drive.sessions import Sessions
from chatdoor.drive.talks import Talks
from chatdoor.drive.visitor import Options, Visitor, access_of, given_sessions, talks_of
from chatdoor.errors import ArgumentError
from chatdoor.flow.opening import given_session
from chatdoor.flow.session import Session
from chatdoor.messages import CreateResult, Messages
from chatdoor.providers.abstract import AbstractProvider, check_stream
from chatdoor.site.load import load_site
from chatdoor.site.model import WHOLE, Site

logger = logging.getLogger("chatdoor")

K = TypeVar("K")
V = TypeVar("V")

MAX_KEPT: Final = 64
"""Sessions, and sets of connections, that a provider class keeps. The oldest make room."""

ACCESS_OPTIONS: Final = frozenset(
    {"timeout", "ca_file", "user_agent", "trust_env", "per_minute", "concurrency", "allow_secrets"}
)


class Place(NamedTuple):
    """What a cached token belongs to, within a class."""

    origin: str
    proxy: str | None
    token: str | None = None
    """One that a call gave. Conversations with it are apart."""


class ShownToken(str):
    """A token that a class shows of its own accord: each is an object of its own. Any other was set by hand."""

    __slots__ = ()


class _Streams:
    """Whether the site of a class hands its replies on piece by piece. A class that says it itself is not asked."""

    def __get__(self, _instance: object, owner: type["SiteProvider"]) -> bool:
        """Reads the class's site file, once. Raises SiteFileError where that can not be used."""
        source = getattr(owner, "site", None)
        return source is not None and _load(source, None).reply.format not in WHOLE


class SiteProvider(AbstractProvider):
    """A site behind the provider interface. A subclass names its site file.

    Sessions are cached for (class, origin, proxy): a subclass has its own, and a token goes to no other
    origin. `_access_token` shows the newest token. Set it, and it is used without opening the page; set it
    to None, and the sessions of the class are forgotten. `supports_stream` is what the site file says.
    """

    site: ClassVar[str | Path]
    """A known name, or the path of a site file."""
    url_variable: ClassVar[str | None] = None
    """The environment variable that may name another host of the same chatbot."""
    supports_stream: ClassVar[bool] = _Streams()  # type: ignore[assignment]  # a class reads a truth value
    _access_token: ClassVar[str | None] = None
    _shown: ClassVar[str | None] = None
    _sessions: ClassVar[dict[Place, Sessions]] = {}
    _connections: ClassVar[dict[object, Connections]] = {}
    _talks: ClassVar[dict[Place, Talks]] = {}
    _lock: ClassVar[threading.Lock] = threading.Lock()

    def __init_subclass__(cls, **kwargs: object) -> None:
        """Gives the subclass a cache of its own: nothing is inherited."""
        super().__init_subclass__(**kwargs)
        cls._access_token = cls.__dict__.get("_access_token")
        cls._shown = None
        cls._sessions = {}
        cls._connections = {}
        cls._talks = {}
        cls._lock = threading.Lock()

    @classmethod
    def create_completion(
        cls,
        model: str | None,
        messages: Messages,
        stream: bool,
        proxy: str | None = None,
        access_token: str | None = None,
        **kwargs: object,
    ) -> CreateResult:
        """A generator of the reply's pieces. Arguments are checked now, nothing is sent before the first `next()`.

        Besides those named: `url` (the same chatbot on another host), `timeout`, `ca_file`, `user_agent`,
        `trust_env`, `per_minute`, `concurrency`, `allow_secrets` as for Client. Others are ignored.
        """
        check_stream(stream)
        client = Client.of(cls._visitor(proxy, access_token, kwargs))
        pieces = client.stream(messages, model=model or None)

        def completion() -> CreateResult:
            with pieces:
                for piece in pieces:
                    if stream:
                        yield piece.text
                if not stream:
                    yield pieces.reply.text

        return cls._named(completion())

    @classmethod
    def create_async_generator(
        cls,
        model: str | None,
        messages: Messages,
        stream: bool = True,
        proxy: str | None = None,
        access_token: str | None = None,
        **kwargs: object,
    ) -> AsyncGenerator[str, None]:
        """The same for `async for`."""
        from chatdoor.drive.async_client import AsyncClient  # it loads asyncio, which is slow to load

        check_stream(stream)
        client = AsyncClient.of(cls._visitor(proxy, access_token, kwargs))
        pieces = client.stream(messages, model=model or None)

        async def completion() -> AsyncGenerator[str, None]:
            async with pieces:
                async for piece in pieces:
                    if stream:
                        yield piece.text
                if not stream:
                    yield pieces.reply.text

        return completion()

    @classmethod
    def _visitor(cls, proxy: str | None, access_token: str | None, options: Mapping[str, object]) -> Visitor:
        known: Options = {key: value for key, value in options.items() if key in ACCESS_OPTIONS}  # type: ignore[assignment]
        if ignored := options.keys() - ACCESS_OPTIONS - {"url"}:
            logger.debug("%s: ignores %s", cls.__name__, ", ".join(sorted(ignored)))
        site = cls._site(options.get("url"))
        access = access_of(site, {**known, "proxy": proxy})
        access.check()
        pace = pace_of(site, known.get("concurrency"), known.get("per_minute"))
        with cls._lock:
            connections = _kept(cls._connections, access, Connections(access))
            sessions = cls._sessions_of(site, proxy) if access_token is None else given_sessions(site, access_token)
            talks = cls._talks_of(site, access, access_token, sessions)
        secrets = Secrets(known.get("allow_secrets", False))
        return Visitor(site, access, sessions, pace, connections=connections, talks=talks, secrets=secrets)

    @classmethod
    def _site(cls, url: object) -> Site:
        """The site, on the host that the argument, the class, or the environment names, in this order."""
        if url is not None and not (isinstance(url, str) and url):
            raise ArgumentError(f"url: expected a URL, got {url!r}")
        shipped = _load(cls.site, None)
        own = cls.url if cls.url != shipped.url else None
        named = os.environ.get(cls.url_variable) if cls.url_variable else None
        return _load(cls.site, url or own or named or None)

    @classmethod
    def _sessions_of(cls, site: Site, proxy: str | None) -> Sessions:
        """The cached sessions; a token that was set on the class belongs to the first origin that is called."""
        if cls._access_token is None and cls._shown is not None:
            cls._sessions.clear()
            cls._talks.clear()
            cls._shown = None
        fresh = Sessions(max_age=site.limits.session_age, keep=cls._note)
        sessions = _kept(cls._sessions, Place(site.origin, proxy), fresh)
        if cls._access_token is not None and cls._access_token is not cls._shown:
            sessions.put(given_session(site, cls._access_token, opened=0.0))
            cls._talks.pop(Place(site.origin, proxy), None)
            cls._access_token = cls._shown = ShownToken(cls._access_token)
        return sessions

    @classmethod
    def _talks_of(cls, site: Site, access: Access, token: str | None, sessions: Sessions) -> Talks | None:
        """The cached conversations, where the site remembers any. A token that was given has its own.

        Where each has a session of its own, the shared one is no more than a token that was set on the class.
        """
        fresh = talks_of(site, access, token, session=sessions.current if site.in_sessions else None)
        return fresh and _kept(cls._talks, Place(site.origin, access.proxy, token), fresh)

    @classmethod
    def _note(cls, session: Session) -> None:
        """Shows the newest token on the class."""
        token = next((value for value in session.values.values() if isinstance(value, str)), None)
        with cls._lock:
            cls._access_token = cls._shown = None if token is None else ShownToken(token)


@lru_cache(MAX_KEPT)
def _load(source: str | Path, url: str | None) -> Site:
    return load_site(source, url=url)


def _kept(kept: dict[K, V], key: K, fresh: V) -> V:
    """What is kept under the key, or the fresh one, which takes the place of the oldest where there are too many."""
    if key not in kept:
        while len(kept) >= MAX_KEPT:
            del kept[next(iter(kept))]
        kept[key] = fresh
    return kept[key]
