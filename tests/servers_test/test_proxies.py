"""The proxies pass on what they are asked for, keep count, and let nobody in without the password."""

import base64
import socket
import ssl
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import unquote, urlsplit

import pytest

from tests.servers.django_server import DjangoServer, opener
from tests.servers.proxies import Proxy

SECONDS = 10.0


@contextmanager
def connected(proxy: Proxy) -> Iterator[socket.socket]:
    """A connection to the proxy, over TLS where it wants that."""
    place = urlsplit(proxy.url)
    with socket.create_connection((str(place.hostname), int(place.port or 0)), SECONDS) as sock:
        if proxy.ca_file is None:
            yield sock
            return
        with ssl.create_default_context(cafile=proxy.ca_file).wrap_socket(sock, server_hostname="127.0.0.1") as secure:
            yield secure


def read_all(sock: socket.socket) -> bytes:
    """What comes until the other side closes."""
    return b"".join(iter(lambda: sock.recv(65536), b""))


def ask_web(proxy: Proxy, url: str, *, password: str | None = None) -> bytes:
    """The answer to a GET of `url` by a web proxy."""
    user = urlsplit(proxy.url).username
    login = base64.b64encode(f"{user}:{password}".encode()).decode()
    with connected(proxy) as sock:
        lines = [f"GET {url} HTTP/1.1", f"Host: {urlsplit(url).netloc}", f"Proxy-Authorization: Basic {login}"]
        sock.sendall("\r\n".join([*lines, "Connection: close", "", ""]).encode())
        return read_all(sock)


def ask_socks(proxy: Proxy, host: str, port: int, *, password: str | None = None) -> bytes:
    """The answer to GET / of a site behind a SOCKS5 proxy (RFC 1928, RFC 1929); empty where it does not let us in."""
    user = (urlsplit(proxy.url).username or "").encode()
    secret = (password or "").encode()
    with connected(proxy) as sock:
        sock.sendall(b"\x05\x01\x02" if user else b"\x05\x01\x00")
        sock.recv(2)
        if user:
            sock.sendall(b"\x01%c%b%c%b" % (len(user), user, len(secret), secret))
            if not sock.recv(2):
                return b""
        sock.sendall(b"\x05\x01\x00\x03%c%b%b" % (len(host), host.encode(), port.to_bytes(2, "big")))
        sock.recv(64)
        sock.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        return read_all(sock)


@pytest.fixture(params=["http_proxy", "http_proxy_auth", "https_proxy", "https_proxy_auth"])
def web_proxy(request: pytest.FixtureRequest) -> Proxy:
    """Each of the web proxies in turn."""
    proxy: Proxy = request.getfixturevalue(request.param)
    return proxy


@pytest.fixture(params=["socks_proxy", "socks_proxy_auth"])
def socks(request: pytest.FixtureRequest) -> Proxy:
    """Each of the SOCKS proxies in turn."""
    proxy: Proxy = request.getfixturevalue(request.param)
    return proxy


def test_web_proxy_passes_plain_requests(web_proxy: Proxy, django_http: DjangoServer) -> None:
    """A GET of an http URL arrives at the site and is noted with its method and URL."""
    answer = ask_web(web_proxy, f"{django_http.url}/", password=web_proxy.password)
    assert answer.startswith(b"HTTP/1.1 200")
    assert web_proxy.seen() == [f"GET {django_http.url}/"]
    assert (web_proxy.count(), django_http.stats().pages) == (1, 1)


def test_web_proxy_opens_tunnels(web_proxy: Proxy, django_https: DjangoServer) -> None:
    """A CONNECT to the https site is let through and noted."""
    place = urlsplit(django_https.url).netloc
    with connected(web_proxy) as sock:
        login = base64.b64encode(unquote(urlsplit(web_proxy.url).netloc.rpartition("@")[0]).encode()).decode()
        sock.sendall(
            f"CONNECT {place} HTTP/1.1\r\nHost: {place}\r\nProxy-Authorization: Basic {login}\r\n\r\n".encode()
        )
        assert b" 200 " in sock.recv(65536)
    assert web_proxy.seen() == [f"CONNECT {place}"]


@pytest.mark.parametrize("name", ["http_proxy", "http_proxy_auth"])
def test_web_proxy_serves_an_ordinary_client(
    name: str, django_https: DjangoServer, request: pytest.FixtureRequest
) -> None:
    """The standard library's client, given the URL with its percent-encoded password, reads the https page."""
    proxy: Proxy = request.getfixturevalue(name)
    client = opener(django_https.ca_file, urllib.request.ProxyHandler({"https": proxy.url}))
    with client.open(django_https.url, timeout=SECONDS) as page:
        assert page.status == 200
    assert (proxy.count(), django_https.stats().pages) == (1, 1)


@pytest.mark.parametrize("name", ["http_proxy_auth", "https_proxy_auth"])
@pytest.mark.parametrize("password", [None, "wrong"])
def test_web_proxy_refuses_a_wrong_password(
    name: str, password: str | None, django_http: DjangoServer, request: pytest.FixtureRequest
) -> None:
    """A wrong password, also after a right one, gets 407 and nothing passes."""
    proxy: Proxy = request.getfixturevalue(name)
    ask_web(proxy, f"{django_http.url}/", password=proxy.password)
    assert b" 407 " in ask_web(proxy, f"{django_http.url}/", password=password)
    assert (proxy.count(), django_http.stats().pages) == (1, 1)


def test_socks_proxy_passes_connections(socks: Proxy, django_http: DjangoServer) -> None:
    """A connection by name arrives at the site, and is noted with the name as the client sent it."""
    port = urlsplit(django_http.url).port or 0
    assert ask_socks(socks, "localhost", port, password=socks.password).startswith(b"HTTP/1.1 200")
    assert socks.seen() == [f"localhost:{port}"]
    assert (socks.count(), django_http.stats().pages) == (1, 1)


def test_socks_proxy_refuses_a_wrong_password(socks_proxy_auth: Proxy, django_http: DjangoServer) -> None:
    """A wrong password, also after a right one, is turned away and nothing passes."""
    port = urlsplit(django_http.url).port or 0
    ask_socks(socks_proxy_auth, "localhost", port, password=socks_proxy_auth.password)
    assert ask_socks(socks_proxy_auth, "localhost", port, password="wrong") == b""
    assert (socks_proxy_auth.count(), django_http.stats().pages) == (1, 1)


def test_urls_hold_the_credentials_encoded(http_proxy_auth: Proxy, socks_proxy_auth: Proxy) -> None:
    """The password stands percent-encoded in `url` and not at all in `bare_url`."""
    for proxy in (http_proxy_auth, socks_proxy_auth):
        assert unquote(urlsplit(proxy.url).password or "") == proxy.password
        assert urlsplit(proxy.bare_url).password is None
