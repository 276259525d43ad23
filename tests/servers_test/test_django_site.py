"""The Django site protects itself as any does, and tells what it saw."""

import json
import re
import ssl
import urllib.request
from dataclasses import dataclass
from http.cookiejar import CookieJar
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode

import pytest

from tests.servers.django_server import DjangoServer, opener

SECONDS = 10.0
HELLO = [{"role": "user", "content": "Hello"}]
REPLY = {"response": "You said: Hello (1 messages)"}


@dataclass(frozen=True)
class Got:
    """An answer: its status and its body."""

    status: int
    body: bytes


class Visitor:
    """A browser of a kind: keeps cookies and follows redirects."""

    def __init__(self, site: DjangoServer) -> None:
        self.url = site.url
        self.jar = CookieJar()
        self._opener = opener(site.ca_file, urllib.request.HTTPCookieProcessor(self.jar))

    @property
    def token(self) -> str:
        """The token's cookie, empty where there is none."""
        return next((cookie.value or "" for cookie in self.jar if cookie.name == "csrftoken"), "")

    def send(self, path: str, data: bytes | None = None, headers: dict[str, str] | None = None) -> Got:
        """GET, or POST where there is data."""
        request = urllib.request.Request(self.url + path, data, headers or {})
        try:
            with self._opener.open(request, timeout=SECONDS) as answer:
                return Got(answer.status, answer.read())
        except HTTPError as error:
            with error:
                return Got(error.code, error.read())

    def chat(self, path: str = "/generate_response/", **changed: str) -> Got:
        """Post one message as a page of the site does; `changed` replaces headers, an empty one is left out."""
        headers = {"X-CSRFToken": self.token, "Origin": self.url, "Referer": f"{self.url}/"} | changed
        body = json.dumps({"messages": HELLO}).encode()
        return self.send(path, body, {name: value for name, value in headers.items() if value})

    def sign_in(self, site: DjangoServer) -> Got:
        """Fill in the form of the login page."""
        token = re.search(rb'name="csrfmiddlewaretoken" value="([^"]+)"', self.send("/login/").body)
        assert token
        fields = {"username": site.user, "password": site.password, "csrfmiddlewaretoken": token[1].decode()}
        return self.send("/login/", urlencode(fields).encode(), {"Referer": f"{self.url}/login/"})


@pytest.fixture(params=["django_http", "django_https"])
def site(request: pytest.FixtureRequest) -> DjangoServer:
    """The site over http, then over https."""
    server: DjangoServer = request.getfixturevalue(request.param)
    return server


def test_right_token_is_accepted(site: DjangoServer) -> None:
    """A page, then a message with its token and cookies, gets the reply, and all of it is counted."""
    visitor = Visitor(site)
    visitor.send("/")
    assert json.loads(visitor.chat().body) == REPLY
    stats = site.stats()
    assert (stats.pages, stats.accepted, stats.csrf_failed, stats.messages) == (1, 1, 0, [HELLO])
    assert [(seen.method, seen.path) for seen in stats.requests] == [("GET", "/"), ("POST", "/generate_response/")]
    assert stats.requests[1].headers["x-csrftoken"] == visitor.token
    assert stats.requests[1].headers["origin"] == site.url


@pytest.mark.parametrize("token", ["", "None", "a" * 32])
def test_wrong_token_is_refused_by_django(site: DjangoServer, token: str) -> None:
    """A token that is missing or not the cookie's gets Django's own 403 page."""
    visitor = Visitor(site)
    visitor.send("/")
    got = visitor.chat(**{"X-CSRFToken": token})
    assert (got.status, b"CSRF verification failed" in got.body) == (403, True)
    assert (site.stats().accepted, site.stats().csrf_failed) == (0, 1)


@pytest.mark.parametrize("changed", [{"Origin": "https://foreign.example"}, {"Origin": "", "Referer": ""}])
def test_https_needs_origin_or_referer(django_https: DjangoServer, changed: dict[str, str]) -> None:
    """Over https a foreign Origin, or neither Origin nor Referer, is refused although the token is right."""
    visitor = Visitor(django_https)
    visitor.send("/")
    assert visitor.chat(**changed).status == 403
    assert visitor.chat(Origin="").status == 200


def test_https_has_a_private_authority(django_https: DjangoServer) -> None:
    """A client that trusts only the public authorities does not get in."""
    with pytest.raises(URLError) as refused:
        opener(None).open(django_https.url, timeout=SECONDS)
    assert isinstance(refused.value.reason, ssl.SSLCertVerificationError)


def test_visitor_cookie_is_needed(site: DjangoServer) -> None:
    """Without the second cookie the chat is a 400 that names it."""
    visitor = Visitor(site)
    visitor.send("/")
    visitor.jar.clear("127.0.0.1", "/", "visitor")
    got = visitor.chat()
    assert (got.status, b"visitor" in got.body) == (400, True)


def test_expired_token_is_refused_until_a_new_page(site: DjangoServer) -> None:
    """After expire() the old token gets Django's 403, a new page gives one that works."""
    visitor = Visitor(site)
    visitor.send("/")
    site.expire()
    assert visitor.chat().status == 403
    old = visitor.token
    visitor.send("/")
    assert visitor.token != old
    assert visitor.chat().status == 200


def test_rotation_brings_a_new_token_in_the_answer(site: DjangoServer) -> None:
    """With rotate() each good answer replaces the token, and the new one is good; rotate(False) ends it."""
    visitor = Visitor(site)
    visitor.send("/")
    first = visitor.token
    site.rotate()
    assert visitor.chat().status == 200
    second = visitor.token
    site.rotate(False)
    assert visitor.chat().status == 200
    assert first != second == visitor.token


def test_login_rotates_the_token_and_opens_the_members_chat(site: DjangoServer) -> None:
    """The members' chat leads to the login page until the one account is signed in, which changes the token."""
    visitor = Visitor(site)
    visitor.send("/")
    before = visitor.token
    assert b"password" in visitor.chat("/members/generate_response/").body
    visitor.sign_in(site)
    assert visitor.token != before
    assert json.loads(visitor.chat("/members/generate_response/").body) == REPLY
    assert site.stats().logins == 1


def test_stream_sends_deltas_and_done(site: DjangoServer) -> None:
    """The streaming view gives the same text in events, and is protected as well."""
    visitor = Visitor(site)
    visitor.send("/")
    *deltas, done = visitor.chat("/stream/").body.decode().split("\n\n")[:-1]
    assert "".join(json.loads(delta.removeprefix("data: "))["delta"] for delta in deltas) == REPLY["response"]
    assert done == "data: [DONE]"
    assert visitor.chat("/stream/", **{"X-CSRFToken": "None"}).status == 403


def test_each_test_counts_from_zero(site: DjangoServer) -> None:
    """A reset leaves nothing of what was before, and no rotation."""
    visitor = Visitor(site)
    visitor.send("/")
    site.rotate()
    site.reset()
    token = visitor.token
    visitor.chat()
    assert (site.stats().pages, visitor.token) == (0, token)
