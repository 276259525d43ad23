"""The servers as fixtures. A process starts when a test first wants it and ends with the run; each test counts anew."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar, cast

import pytest

from .authority import Authority, found_authority
from .child import Child
from .django_server import DjangoServer, start_django
from .faulty import Faulty, FaultyServer, Names, start_faulty
from .listening import LoopThread
from .proxies import Proxy, start_socks_proxy, start_web_proxy
from .redis import PROGRAM, RedisServer, redis_server
from .sockets import SocketServer


class _Server(Protocol):
    @property
    def child(self) -> Child: ...

    def reset(self) -> None: ...


S = TypeVar("S", bound=_Server)


class RunningServers:
    """The processes of this run, by name; each has a folder of its own in `folder`."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder = folder
        self._stack = stack
        self._servers: dict[str, _Server] = {}

    def fresh(self, name: str, start: Callable[[Path], S]) -> S:
        """The server of that name, started if need be, its counters at zero."""
        if name not in self._servers:
            folder = self._folder / name
            folder.mkdir(exist_ok=True)  # a start that failed left it
            server = start(folder)
            self._stack.callback(server.child.stop)
            self._servers[name] = server
        self._servers[name].reset()
        return cast(S, self._servers[name])


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """The private CA that signed the certificates of `django_https` and the https proxies."""
    return found_authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def running_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServers]:
    """The processes, stopped at the end of the run."""
    with ExitStack() as stack:
        yield RunningServers(tmp_path_factory.mktemp("servers"), stack)


@pytest.fixture
def django_http(running_servers: RunningServers) -> DjangoServer:
    """The Django site over http."""
    return running_servers.fresh("django_http", start_django)


@pytest.fixture
def django_https(running_servers: RunningServers, authority: Authority) -> DjangoServer:
    """The Django site over https, where Django checks Origin and Referer."""
    return running_servers.fresh("django_https", partial(start_django, authority=authority))


@pytest.fixture
def http_proxy(running_servers: RunningServers) -> Proxy:
    """An HTTP proxy that asks for nothing."""
    return running_servers.fresh("http_proxy", start_web_proxy)


@pytest.fixture
def http_proxy_auth(running_servers: RunningServers) -> Proxy:
    """An HTTP proxy that asks for user and password."""
    return running_servers.fresh("http_proxy_auth", partial(start_web_proxy, credentials=True))


@pytest.fixture
def https_proxy(running_servers: RunningServers, authority: Authority) -> Proxy:
    """An HTTP proxy spoken to over TLS."""
    return running_servers.fresh("https_proxy", partial(start_web_proxy, authority=authority))


@pytest.fixture
def https_proxy_auth(running_servers: RunningServers, authority: Authority) -> Proxy:
    """An HTTP proxy spoken to over TLS that asks for user and password."""
    return running_servers.fresh("https_proxy_auth", partial(start_web_proxy, authority=authority, credentials=True))


@pytest.fixture
def socks_proxy(running_servers: RunningServers) -> Proxy:
    """A SOCKS5 proxy that asks for nothing."""
    return running_servers.fresh("socks_proxy", start_socks_proxy)


@pytest.fixture
def socks_proxy_auth(running_servers: RunningServers) -> Proxy:
    """A SOCKS5 proxy that asks for user and password."""
    return running_servers.fresh("socks_proxy_auth", partial(start_socks_proxy, credentials=True))


@pytest.fixture(scope="session")
def loop_thread() -> Iterator[LoopThread]:
    """The thread in which the faulty servers run."""
    thread = LoopThread()
    yield thread
    thread.close()


@pytest.fixture
def sockets(loop_thread: LoopThread) -> Iterator[SocketServer]:
    """A site with websockets."""
    server = SocketServer(loop_thread)
    yield server
    server.close()


@pytest.fixture
def secure_sockets(loop_thread: LoopThread, authority: Authority) -> Iterator[SocketServer]:
    """The same over TLS, with a certificate of the private CA."""
    server = SocketServer(loop_thread, authority)
    yield server
    server.close()


@pytest.fixture
def faulty(loop_thread: LoopThread) -> Iterator[Faulty]:
    """Starts a site that goes wrong as told: ``faulty(page="no_token")``, ``faulty(chat=["csrf_403", "good"])``."""
    with ExitStack() as stack:

        def start(page: Names | None = "good", chat: Names = "good", *, times: int | None = None) -> FaultyServer:
            server = start_faulty(loop_thread, page, chat, times=times)
            stack.callback(server.close)
            return server

        yield start


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    """An empty Redis server of the test's own, which it may treat as it likes."""
    if PROGRAM is None:
        pytest.skip("redis-server is not installed")
    with redis_server(tmp_path) as server:
        yield server
