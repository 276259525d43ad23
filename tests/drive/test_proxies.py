"""Real proxies: every request goes through the one that is named, and through no other."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from chatdoor import load_site
from chatdoor.drive.access import Access
from chatdoor.errors import ArgumentError, ChatdoorError, ConnectFailed
from tests.drive.faces import FACES, Ask
from tests.servers.django_server import DjangoServer
from tests.servers.faulty import Faulty
from tests.servers.proxies import Proxy

PROXIES = ["http_proxy", "http_proxy_auth", "https_proxy", "https_proxy_auth", "socks_proxy", "socks_proxy_auth"]


@pytest.fixture(params=PROXIES)
def proxy(request: pytest.FixtureRequest) -> Proxy:
    """Each proxy in turn."""
    found: Proxy = request.getfixturevalue(request.param)
    return found


@pytest.mark.parametrize("face", FACES.values(), ids=FACES)
def test_page_and_prompt_go_through_the_proxy(django_http: DjangoServer, proxy: Proxy, face: Ask) -> None:
    """The proxy sees the requests, and the reply comes back through it."""
    (reply,) = face(load_site("voigpt", url=django_http.url), proxy=proxy.url, ca_file=proxy.ca_file)
    assert reply.text == "You said: Hello (1 messages)"
    assert proxy.count() >= 1
    assert len(django_http.stats().requests) == 2


def test_https_sites_are_reached_through_it_too(django_https: DjangoServer, proxy: Proxy) -> None:
    """A site with a private CA answers through each kind of proxy."""
    (reply,) = FACES["async"](load_site("voigpt", url=django_https.url), proxy=proxy.url, ca_file=django_https.ca_file)
    assert reply.text == "You said: Hello (1 messages)"
    assert proxy.count() >= 1


def test_socks5h_lets_the_proxy_look_up_the_name(django_http: DjangoServer, socks_proxy: Proxy) -> None:
    """With socks5h:// the proxy gets the name, with socks5:// an address."""
    site = load_site("voigpt", url=django_http.url.replace("127.0.0.1", "localhost"))
    FACES["main thread"](site, proxy=socks_proxy.url.replace("socks5://", "socks5h://"))
    assert any("localhost" in str(seen) for seen in socks_proxy.seen())
    socks_proxy.reset()
    FACES["main thread"](site, proxy=socks_proxy.url.replace("socks5h://", "socks5://"))
    assert not any("localhost" in str(seen) for seen in socks_proxy.seen())


@pytest.mark.parametrize("name", [name for name in PROXIES if name.endswith("_auth")])
def test_a_wrong_password_is_an_error_without_the_password(
    request: pytest.FixtureRequest, django_http: DjangoServer, name: str
) -> None:
    """The proxy refuses, nothing reaches the site, and the error shows no secret."""
    proxy: Proxy = request.getfixturevalue(name)
    wrong = proxy.bare_url.replace("://", "://somebody:wrongsecret1@")
    with pytest.raises(ChatdoorError) as caught:
        FACES["main thread"](load_site("voigpt", url=django_http.url), proxy=wrong, ca_file=proxy.ca_file)
    assert "wrongsecret1" not in _everything(caught.value)
    assert django_http.stats().requests == []


def test_a_dead_proxy_is_not_gone_round(django_http: DjangoServer) -> None:
    """Where the proxy does not answer, the site is not asked directly, and the error names the proxy."""
    for scheme in ("http", "https", "socks5"):
        with pytest.raises(ConnectFailed, match="no connection to the proxy: ") as caught:
            FACES["main thread"](
                load_site("voigpt", url=django_http.url), proxy=f"{scheme}://a:wrongsecret1@127.0.0.1:9"
            )
        assert "wrongsecret1" not in _everything(caught.value)
    assert django_http.stats().requests == []


@pytest.mark.parametrize(
    "proxy",
    ["ftp://127.0.0.1:1", "socks4://127.0.0.1:1", "127.0.0.1:8080", "http://", "http://host:99999", "", "http:///x"],
)
def test_another_kind_of_proxy_is_refused(proxy: str) -> None:
    """What is no http, https, socks5 or socks5h URL is an error before anything is sent."""
    with pytest.raises(ArgumentError, match="proxy: expected a URL such as"):
        FACES["main thread"](load_site("voigpt", url="http://127.0.0.1:9"), proxy=proxy)


@pytest.mark.parametrize("face", FACES.values(), ids=FACES)
def test_the_environments_proxies_are_not_used(
    django_http: DjangoServer, monkeypatch: pytest.MonkeyPatch, face: Ask
) -> None:
    """HTTP_PROXY and the like change nothing."""
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert face(load_site("voigpt", url=django_http.url))


def test_the_environments_proxies_are_used_when_asked_for(
    django_http: DjangoServer, http_proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With trust_env, the proxy that the environment names sees the requests."""
    monkeypatch.setenv("http_proxy", http_proxy.url)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    assert FACES["async"](load_site("voigpt", url=django_http.url), trust_env=True)
    assert http_proxy.count() >= 1


def test_netrc_is_not_read(
    faulty: Faulty, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """No Authorization header comes from a .netrc."""
    home = tmp_path_factory.mktemp("home")
    (home / ".netrc").write_text("default login somebody password wrongsecret1\n")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("NETRC", str(home / ".netrc"))
    server = faulty()
    FACES["main thread"](load_site("voigpt", url=server.url))
    assert all(seen.header("authorization") is None for seen in server.seen)


def test_what_a_proxy_says_of_the_password_is_not_shown() -> None:
    """A proxy that repeats the credentials, in clear or encoded, gives an error without them."""
    page = b"denied for bob:hunter2pw, hunter2pw and Ym9iOmh1bnRlcjJwdw=="
    answers = {
        407: b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: %d\r\n\r\n%s" % (len(page), page),
        200: b"HTTP/1.1 200 OK\r\nSet-Cookie: csrftoken=abc\r\nContent-Length: %d\r\n\r\n%s" % (len(page), page),
    }
    for status, answer in answers.items():
        with answering(answer) as place, pytest.raises(ChatdoorError) as caught:
            FACES["main thread"](load_site("voigpt", url="http://127.0.0.1:9"), proxy=f"http://bob:hunter2pw@{place}")
        assert "hunter2pw" not in str(caught.value)
        assert "Ym9iOmh1" not in str(caught.value)
        assert ("proxy" in str(caught.value)) is (status == 407)


def test_how_the_network_is_reached_is_shown_without_the_password() -> None:
    """Debuggers and error reports print values."""
    assert "hunter2pw" not in repr(Access(proxy="http://bob:hunter2pw@127.0.0.1:1"))


@contextmanager
def answering(answer: bytes) -> Iterator[str]:
    """A server that gives every request the same answer; its host and port."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    with connection:
                        connection.recv(65536)
                        connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"127.0.0.1:{server.getsockname()[1]}"
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()


def _everything(error: BaseException | None) -> str:
    """What a person or a log could see of an error: its text and those of all it came from."""
    texts = []
    while error is not None:
        texts.append(f"{error!r} {error} {vars(error)}")
        error = error.__cause__ or error.__context__
    return " ".join(texts)
