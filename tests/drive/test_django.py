"""The clients against a real Django site with its stock CSRF check."""

import asyncio

import pytest

from chatdoor import AsyncClient, Client, VoiGpt, load_site
from chatdoor.errors import ConnectFailed, ReadFailed, SessionRefused
from tests.drive.faces import FACES, HELLO, Ask, streaming_site
from tests.servers.django_server import DjangoServer

SECOND = [
    {"role": "user", "content": "Hello"},
    {"role": "assistant", "content": "You said: Hello (1 messages)"},
    {"role": "user", "content": 'Quotes ", newlines\n, braces {csrf} {{x}}, emoji 😀 and NUL \0'},
]


@pytest.mark.parametrize("face", FACES.values(), ids=FACES)
class TestEveryFace:
    """What blocking and async callers get alike."""

    def test_a_question_gets_djangos_reply(self, django_http: DjangoServer, face: Ask) -> None:
        """A site of VoiGpt's kind answers, after one page, to one accepted POST."""
        (reply,) = face(load_site("voigpt", url=django_http.url))
        assert str(reply) == "You said: Hello (1 messages)"
        stats = django_http.stats()
        assert (stats.pages, stats.accepted, stats.csrf_failed) == (1, 1, 0)

    def test_the_session_is_used_again(self, django_http: DjangoServer, face: Ask) -> None:
        """Ten questions need one page."""
        face(load_site("voigpt", url=django_http.url), *[HELLO] * 10)
        stats = django_http.stats()
        assert (stats.pages, stats.accepted) == (1, 10)

    def test_messages_arrive_as_they_are(self, django_http: DjangoServer, face: Ask) -> None:
        """The whole list reaches the site, whatever characters are in it."""
        (reply,) = face(load_site("voigpt", url=django_http.url), SECOND)
        assert django_http.stats().messages[-1] == SECOND
        assert reply.text == f"You said: {SECOND[-1]['content']} (3 messages)"

    def test_every_cookie_of_the_page_is_sent(self, django_http: DjangoServer, face: Ask) -> None:
        """The second cookie that the site needs goes out beside the token."""
        face(load_site("voigpt", url=django_http.url))
        sent = django_http.stats().requests[-1].headers["cookie"]
        assert "csrftoken=" in sent
        assert "visitor=" in sent

    def test_the_headers_are_honest_and_complete(self, django_http: DjangoServer, face: Ask) -> None:
        """Origin and Referer are the site's, the User-Agent is our own, and no header says None."""
        face(load_site("voigpt", url=django_http.url))
        page, post = django_http.stats().requests
        assert post.headers["origin"] == django_http.url
        assert post.headers["referer"] == f"{django_http.url}/"
        assert post.headers["content-type"] == "application/json"
        assert post.headers["user-agent"].startswith("chatdoor/")
        assert "origin" not in page.headers
        assert "x-csrftoken" not in page.headers
        assert "None" not in str((page.headers, post.headers))

    def test_a_rotated_token_is_used_from_then_on(self, django_http: DjangoServer, face: Ask) -> None:
        """Where every answer brings a new token, no question is refused and no page is fetched again."""
        django_http.rotate(True)
        face(load_site("voigpt", url=django_http.url), *[HELLO] * 4)
        stats = django_http.stats()
        assert (stats.pages, stats.csrf_failed, stats.accepted) == (1, 0, 4)
        tokens = {request.headers["x-csrftoken"] for request in stats.requests if "x-csrftoken" in request.headers}
        assert len(tokens) == 4

    def test_a_wrong_access_token_is_refused_by_django_itself(self, django_http: DjangoServer, face: Ask) -> None:
        """A token of the caller's is sent as cookie and header without a page, and its refusal is final."""
        site = load_site("voigpt", url=django_http.url)
        with pytest.raises(SessionRefused, match="access token that was given was refused"):
            face(site, access_token="wrong-token")
        stats = django_http.stats()
        assert (stats.pages, stats.csrf_failed, stats.accepted) == (0, 1, 0)
        assert stats.requests[0].headers["cookie"] == "csrftoken=wrong-token"
        assert stats.requests[0].headers["x-csrftoken"] == "wrong-token"

    def test_https_with_a_private_ca(self, django_https: DjangoServer, face: Ask) -> None:
        """Over https Django checks Origin and Referer; with the CA named, the question is accepted."""
        site = load_site("voigpt", url=django_https.url)
        (reply,) = face(site, ca_file=django_https.ca_file)
        assert reply.text == "You said: Hello (1 messages)"

    def test_an_unknown_ca_is_refused(self, django_https: DjangoServer, face: Ask) -> None:
        """Without the CA there is no connection, and nothing was sent."""
        with pytest.raises(ConnectFailed, match="its certificate is not trusted; name its CA with ca_file"):
            face(load_site("voigpt", url=django_https.url))
        assert django_https.stats().requests == []

    def test_https_where_http_is_spoken(self, django_http: DjangoServer, face: Ask) -> None:
        """The error names the other scheme, and not what the library could not read."""
        with pytest.raises(ConnectFailed, match="no connection: it does not speak TLS; try http://"):
            face(load_site("voigpt", url=django_http.url.replace("http://", "https://")))

    @pytest.mark.parametrize("trust_env", [False, True], ids=["plain", "library"])
    def test_http_where_https_is_spoken(self, django_https: DjangoServer, face: Ask, trust_env: bool) -> None:
        """The error names the other scheme: the server ends the connection without a word."""
        with pytest.raises(ReadFailed, match=r"no answer: .*; if it speaks TLS, try https://"):
            face(load_site("voigpt", url=django_https.url.replace("https://", "http://")), trust_env=trust_env)


def test_a_dead_token_costs_one_refresh(django_http: DjangoServer) -> None:
    """A token that Django refuses is replaced once, and the question is asked again."""
    with Client(load_site("voigpt", url=django_http.url)) as client:
        client.ask(HELLO)
        django_http.expire()
        assert client.ask(HELLO).text == "You said: Hello (1 messages)"
    stats = django_http.stats()
    assert (stats.pages, stats.csrf_failed, stats.accepted) == (2, 1, 2)


async def _two_with_expiry(server: DjangoServer) -> None:
    async with AsyncClient(load_site("voigpt", url=server.url)) as client:
        await client.ask(HELLO)
        server.expire()
        assert (await client.ask(HELLO)).text == "You said: Hello (1 messages)"


def test_a_dead_token_costs_one_refresh_async(django_http: DjangoServer) -> None:
    """The same for the async client."""
    asyncio.run(_two_with_expiry(django_http))
    stats = django_http.stats()
    assert (stats.pages, stats.csrf_failed, stats.accepted) == (2, 1, 2)


def test_a_streaming_django_view(django_http: DjangoServer) -> None:
    """A site file with an SSE reply gives the pieces of a real Django stream."""
    site = streaming_site(django_http.url, "/stream/")
    with Client(site) as client, client.stream(HELLO) as pieces:
        texts = [piece.text for piece in pieces]
    assert len(texts) > 1
    assert "".join(texts) == pieces.reply.text
    assert "Hello" in pieces.reply.text


def test_the_provider_reads_the_same_site(django_http: DjangoServer) -> None:
    """VoiGpt.create_completion gives exactly one item, the reply."""
    assert list(VoiGpt.create_completion("", HELLO, False, url=django_http.url)) == ["You said: Hello (1 messages)"]
