"""The HTTP library, behind one seam: pyreqwest, with its traps, and its errors translated.

Nothing else knows the library. What it is kept from doing by itself: following redirects, using the environment's
proxies, keeping cookies, reading ahead. Its errors are told apart by what was going on (sending or reading) and by
their causes, since one class stands for several things.
"""

import logging
import os
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Final, TypeVar

from pyreqwest.client import BaseClientBuilder, Client, ClientBuilder, SyncClient, SyncClientBuilder
from pyreqwest.exceptions import BuilderError, DetailedPyreqwestError, PyreqwestError, RequestTimeoutError
from pyreqwest.proxy import ProxyBuilder
from pyreqwest.request import BaseRequestBuilder, StreamRequest, SyncStreamRequest
from pyreqwest.response import BaseResponse, Response, SyncResponse

from chatdoor.drive.access import Access, read_ca, spare_roots
from chatdoor.drive.clock import moment
from chatdoor.drive.handshake import PERHAPS_TLS, meaning
from chatdoor.drive.interrupt import closable, leavable
from chatdoor.errors import ArgumentError, ChatdoorError, ConnectFailed, Place, ReadFailed, TimedOut, WriteFailed
from chatdoor.flow.effects import Head, Request

logger = logging.getLogger("chatdoor")

Builder = TypeVar("Builder", bound=BaseClientBuilder)
Built = TypeVar("Built")
Requested = TypeVar("Requested", bound=BaseRequestBuilder)

IDLE_SECONDS: Final = 30.0
"""How long an unused connection is kept. Common servers close theirs after 5 to 75 seconds."""

_OF_SYSTEM: Final = re.compile(r"\(os error |SOCKS error: failed to create underlying connection")
"""What the system did not connect to: with a proxy, that is the proxy."""

_ENDED: Final = re.compile("closed before|reset by peer|invalid HTTP version")
"""What the library says where a server wants something else than HTTP, TLS say."""


class BlockingLibrary:
    """Sends requests and waits for their answers. May be used by several threads at a time."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._client: SyncClient | None = None

    def send(self, request: Request, place: Place, seconds: float) -> "BlockingAnswer":
        """The answer, its head read. At most `seconds` until its last byte. Raises TransportError, TimedOut."""
        _check_not_forked()
        if self._client is None:
            self._client = _client(SyncClientBuilder, SyncClientBuilder.build, self._access)
        try:
            builder = self._client.request(request.method, request.url)
            sent = _filled(builder, request, seconds).build_streamed()
            return BlockingAnswer(sent, closable(sent.__enter__, self.close), request, place)
        except (PyreqwestError, ValueError) as error:
            raise unsent(error, place, request.url, self._access) from error

    def close(self) -> None:
        """Closes all connections; what is under way fails."""
        if self._client is not None:
            self._client.close()
            self._client = None


class BlockingAnswer:
    """An open answer. On the main thread, a read that may have to wait is left to a helper, so that Ctrl-C ends it."""

    def __init__(self, sent: SyncStreamRequest, response: SyncResponse, request: Request, place: Place) -> None:
        self._sent = sent
        self._response = response
        self._place = place
        self.head = _head(response, request.url)
        self._left = _length(self.head)
        self.close_code: int | None = None
        """Only a websocket has one."""
        self._ahead = request.ahead
        """Bytes of which it is known that they are there, or that the end is."""
        self._left_to_helper = False

    def read(self) -> bytes | None:
        """The next bytes as they come, None at the end. Raises TransportError, TimedOut."""
        if self._left == 0:  # the end is known, and asking for it would be one more trip into the library
            return None
        read = self._response.body_reader.read_chunk
        try:
            chunk = read() if self._ahead > 0 else self._wait_for(read)
        except (PyreqwestError, ValueError) as error:
            raise translate(error, self._place, sending=False) from error
        if chunk is None:
            return None
        self._left -= len(chunk)
        self._ahead -= len(chunk)
        return bytes(chunk)

    def close(self) -> None:
        """Gives the connection back where the body was read to its end, else closes it."""
        if not self._left_to_helper:
            self._exit()

    def _wait_for(self, read: Callable[[], Built]) -> Built:
        self._left_to_helper = True
        try:
            chunk = leavable(read, self._exit)
        except (PyreqwestError, ValueError):
            self._left_to_helper = False
            raise
        self._left_to_helper = False
        return chunk

    def _exit(self) -> None:
        self._sent.__exit__(None, None, None)


class AsyncLibrary:
    """Sends requests without blocking. May be used by tasks of several event loops."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._client: Client | None = None

    async def send(self, request: Request, place: Place, seconds: float) -> "AsyncAnswer":
        """The answer, its head read. At most `seconds` until its last byte. Raises TransportError, TimedOut."""
        _check_not_forked()
        if self._client is None:
            self._client = _client(ClientBuilder, ClientBuilder.build, self._access)
        try:
            builder = self._client.request(request.method, request.url)
            sent = _filled(builder, request, seconds).build_streamed()
            return AsyncAnswer(sent, await sent.__aenter__(), request, place)
        except (PyreqwestError, ValueError) as error:
            raise unsent(error, place, request.url, self._access) from error

    async def close(self) -> None:
        """Closes all connections."""
        if self._client is not None:
            client, self._client = self._client, None
            await client.close()


class AsyncAnswer:
    """An open answer."""

    def __init__(self, sent: StreamRequest, response: Response, request: Request, place: Place) -> None:
        self._sent = sent
        self._response = response
        self._place = place
        self.head = _head(response, request.url)
        self._left = _length(self.head)
        self.close_code: int | None = None
        """Only a websocket has one."""

    async def read(self) -> bytes | None:
        """The next bytes as they come, None at the end. Raises TransportError, TimedOut."""
        if self._left == 0:  # the end is known, and asking for it would be one more trip into the library
            return None
        try:
            chunk = await self._response.body_reader.read_chunk()
        except (PyreqwestError, ValueError) as error:
            raise translate(error, self._place, sending=False) from error
        if chunk is None:
            return None
        self._left -= len(chunk)
        return bytes(chunk)

    async def close(self) -> None:
        """Gives the connection back where the body was read to its end, else closes it."""
        await self._sent.__aexit__(None, None, None)


def unsent(error: Exception, place: Place, url: str, access: Access) -> ChatdoorError:
    """The library's error as one of ours, where no answer came. It names the proxy, or TLS, if that may be why."""
    found = translate(error, place, sending=True)
    site, step = place
    if isinstance(found, ConnectFailed) and access.proxy and _OF_SYSTEM.search(found.problem):
        problem = found.problem.replace("no connection", "no connection to the proxy", 1)
        return ConnectFailed(problem, site=site, step=step)
    direct = url.startswith("http://") and not access.proxy
    if isinstance(found, ReadFailed) and not found.begun and direct and _ENDED.search(found.problem):
        return ReadFailed(f"{found.problem}{PERHAPS_TLS}", site=site, step=step)
    return found


def translate(error: Exception, place: Place, *, sending: bool) -> ChatdoorError:
    """The library's error as one of ours. Its own text is blanked: it holds URLs, and they may hold secrets."""
    causes = _causes(error)
    _blank(error)
    site, step = place
    if isinstance(error, BuilderError) or not isinstance(error, PyreqwestError):
        return ArgumentError("the request can not be made: its URL or a header is not valid", site=site, step=step)
    connecting = "client error (Connect)" in causes
    begun = not sending or "request or response body error" in causes
    reason = causes[-1] if causes else "no reason given"
    if isinstance(error, RequestTimeoutError):
        phase = "connecting" if connecting else "reading the answer" if begun else "waiting for an answer"
        return TimedOut(f"timed out while {phase}", phase=phase, site=site, step=step)
    if connecting:
        return ConnectFailed(f"no connection: {meaning(reason)}", site=site, step=step)
    if begun:
        return ReadFailed(f"the answer broke off: {reason}", begun=True, site=site, step=step)
    if "writ" in reason:
        return WriteFailed(f"the request could not be sent: {reason}", site=site, step=step)
    return ReadFailed(f"no answer: {reason}", site=site, step=step)


def _causes(error: Exception) -> list[str]:
    """What the library says went wrong, outermost first, without what names a URL."""
    details = getattr(error, "details", None)
    causes = (details.get("causes") if isinstance(details, dict) else None) or []
    return [cause["message"] for cause in causes if "://" not in cause["message"]]


def _blank(error: Exception) -> None:
    error.args = ("the text of this error is not shown, because it may hold secrets",)
    if isinstance(error, DetailedPyreqwestError):
        error.message = error.args[0]
        error.details = {"causes": None}


def _client(make: Callable[[], Builder], build: Callable[[Builder], Built], access: Access) -> Built:
    """A client, set up. On a system without certificates, those of certifi are used."""
    own = read_ca(access.ca_file)
    try:
        return build(_configured(make(), access, own))
    except BuilderError as error:
        if own and "No CA certificates" not in str(error):
            raise ArgumentError(f"ca_file: {access.ca_file} holds no usable certificate") from error
    except ValueError as error:
        _blank(error)
        raise ArgumentError("proxy: the library can not read this URL") from error
    return build(_configured(make(), access, own + spare_roots()))


def _configured(builder: Builder, access: Access, roots: bytes) -> Builder:
    builder = builder.user_agent(access.user_agent).follow_redirects(False).referer(False)
    builder = builder.connect_timeout(timedelta(seconds=access.timeout.connect))
    builder = builder.read_timeout(timedelta(seconds=access.timeout.longest_gap))
    builder = builder.pool_idle_timeout(timedelta(seconds=IDLE_SECONDS))
    if access.proxy is not None:
        builder = builder.proxy(ProxyBuilder.all(access.proxy))
    elif not access.trust_env:
        builder = builder.no_proxy()
    return builder.add_root_certificate_pem(roots) if roots else builder


def _filled(builder: Requested, request: Request, seconds: float) -> Requested:
    # A limit of 0 hands bytes on as they come; any other reads ahead, and so would hold pieces back.
    builder = builder.headers(request.headers).timeout(timedelta(seconds=seconds))
    builder = builder.streamed_read_buffer_limit(request.ahead)
    return builder if request.body is None else builder.body_bytes(request.body)


def _head(response: BaseResponse, url: str) -> Head:
    try:
        headers = tuple(response.headers.items())
    except ValueError:
        headers = tuple(_readable(response))
    return Head(response.status, headers, url, moment())


def _length(head: Head) -> int:
    """Bytes that the head announces; -1 where it does not say, and counting down from there never ends at 0."""
    length = head.get("content-length")
    return int(length) if length and length.isdecimal() else -1


def _readable(response: BaseResponse) -> Iterator[tuple[str, str]]:
    """The headers without those that are not ASCII: the library raises at each, and can go on after it."""
    items = iter(response.headers.items())
    while True:
        try:
            yield next(items)
        except StopIteration:
            return
        except ValueError:
            logger.warning("a header of the answer is not ASCII and was dropped")


_pids: list[int] = []
"""The process in which the library was first used. Its threads do not survive a fork, and nothing starts them again."""


def _check_not_forked() -> None:
    if not _pids:
        _pids.append(os.getpid())
    if _pids[0] != os.getpid():
        raise ArgumentError(
            "chatdoor was used before this process was forked, and its network library does not survive a fork;"
            " start processes by 'spawn' or 'forkserver', or make the first call after the fork"
        )
