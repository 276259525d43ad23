"""Requests: what a step and its values become."""

import json

import pytest

from chatdoor.errors import ArgumentError, TokenNotFound
from chatdoor.flow.effects import Request
from chatdoor.flow.request import PAGE, build_request
from chatdoor.flow.session import Session
from chatdoor.site import Site
from tests.flow.script import Said, Script, header, page, reply, site_of

SESSION = Session(generation=1, opened=0.0, values={"csrf": "t1"})
TAKE = '[take]\ncsrf = { cookie = "t" }\n'


def _request(site: Site, session: Session = SESSION, **values: object) -> Request:
    everything: dict[str, object] = {"messages": ["m"], "prompt": "Hello", "model": "small", **values}
    return build_request(site, site.chat[0], session, everything, accept="json")


BODIES = [
    ('json = { m = "{messages}", n = 1, t = "is {prompt}" }', b'{"m":["m"],"n":1,"t":"is Hello"}', "application/json"),
    ('json = { p = "{prompt}", heat = "{temperature?}" }', b'{"p":"Hello"}', "application/json"),
    ('form = { p = "{prompt}", m = "{messages}" }', b"p=Hello&m=%5B%22m%22%5D", "application/x-www-form-urlencoded"),
]


@pytest.mark.parametrize(("body", "sent", "kind"), BODIES)
def test_a_body(body: str, sent: bytes, kind: str) -> None:
    """JSON keeps the types of values; a form has their text, lists as JSON."""
    request = _request(site_of("[conversation]\nhistory = 'none'" if "messages" not in body else "", chat=body))
    assert (request.body, header(request, "content-type")) == (sent, kind)


TRICKY = 'a "quoted" {csrf} {{x}}\n\r\t\\ é \U0001f600 </script>'


def test_a_prompt_arrives_unchanged() -> None:
    """What a value holds is not looked at again, whatever it looks like."""
    site = site_of("[conversation]\nhistory = 'none'", chat='json = { p = "{prompt}" }')
    request = _request(site, prompt=TRICKY)
    assert request.body is not None
    assert json.loads(request.body) == {"p": TRICKY}


URLS = [
    ("/c/{csrf}/x?a=1", "", "https://bot.example/c/a%2F..%2F%3Fb%23/x?a=1"),
    ("/c?a=1", 'query = { q = "{prompt}", n = 1 }', "https://bot.example/c?a=1&q=a+b%26c&n=1"),
    ("/c", 'query = { q = "{csrf}", t = "{temperature?}" }', "https://bot.example/c?q=a%2F..%2F%3Fb%23"),
    ("https://other.example/c", "", "https://other.example/c"),
]


@pytest.mark.parametrize(("post", "query", "url"), URLS)
def test_paths_and_queries_are_encoded(post: str, query: str, url: str) -> None:
    """A value stays inside its segment of the path, and inside its parameter."""
    chat = f'json = {{ m = "{{messages}}", t = "{{csrf}}" }}\n{query}'
    session = Session(generation=1, opened=0.0, values={"csrf": "a/../?b#"})
    site = site_of(f'hosts = ["other.example"]\n{TAKE}', post=post, chat=chat)
    assert _request(site, session, prompt="a b&c").url == url


class TestHeaders:
    """What goes out beside the body."""

    def test_as_a_page_would_send_them(self) -> None:
        """Accept by the reply's format, Origin, and the page that is open as Referer."""
        session = Session(generation=1, opened=0.0, page="https://bot.example/room/7?x=1")
        assert dict(_request(site_of(), session).headers) == {
            "accept": "application/json, text/plain;q=0.9, */*;q=0.8",
            "referer": "https://bot.example/room/7?x=1",
            "origin": "https://bot.example",
            "content-type": "application/json",
        }

    def test_without_a_page(self) -> None:
        """The root of the site stands for it; a plain GET has no Origin, and the first one no Referer."""
        assert header(_request(site_of()), "referer") == "https://bot.example/"
        site = site_of('[session]\nget = "/"')
        first = build_request(site, site.session[0], Session(generation=1, opened=0.0), {}, accept=PAGE)
        assert [name for name, _ in first.headers] == ["accept"]

    def test_a_page_of_another_host_is_not_told(self) -> None:
        """Where the page or the request is elsewhere, the Referer is the origin alone."""
        session = Session(generation=1, opened=0.0, page="https://other.example/secret?path")
        assert header(_request(site_of(), session), "referer") == "https://bot.example/"

    def test_the_steps_own_win(self) -> None:
        """Over the site's, and these over the common ones. Names are lower-case, so that none is there twice."""
        top = f'{TAKE}[headers]\nX-A = "site {{csrf}}"\nX-B = "site"\nAccept = "text/plain"'
        chat = 'json = { m = "{messages}" }\nheaders = { x-b = "step", Origin = "null", Content-Type = "text/json" }'
        request = _request(site_of(top, chat=chat))
        assert dict(request.headers) == {
            "accept": "text/plain",
            "referer": "https://bot.example/",
            "origin": "null",
            "x-a": "site t1",
            "x-b": "step",
            "content-type": "text/json",
        }

    def test_a_value_may_be_in_a_name(self) -> None:
        """And an optional value that is not there takes its header along."""
        chat = 'json = { m = "{messages}" }\nheaders = { "X-{model}" = "a", X-Heat = "{temperature?}" }'
        request = _request(site_of(chat=chat))
        assert header(request, "x-small") == "a"
        assert header(request, "x-heat") is None

    @pytest.mark.parametrize("bad", ["a\r\nb", "a\nb", "a\rb", "a\0b", "a\x7fb", "é", "\u2028"])
    def test_a_value_that_no_header_may_hold(self, bad: str) -> None:
        """The site's fault where the site gave it, the caller's where the caller did. It is not shown."""
        site = site_of(
            f'{TAKE}[headers]\nX-T = "{{csrf}}"', chat='json = { m = "{messages}" }\nheaders = { X-P = "{prompt}" }'
        )
        with pytest.raises(TokenNotFound, match="'X-T' has line breaks") as caught:
            _request(site, Session(generation=1, opened=0.0, values={"csrf": f"secret{bad}"}))
        assert "secret" not in str(caught.value)
        with pytest.raises(ArgumentError, match="'X-P' has line breaks"):
            _request(site, prompt=bad)

    @pytest.mark.parametrize("bad", ["", "a b", "a:b", "é"])
    def test_a_value_that_no_name_may_hold(self, bad: str) -> None:
        """A header's name is a token."""
        site = site_of(chat='json = { m = "{messages}" }\nheaders = { "{model}" = "a" }')
        with pytest.raises(ArgumentError, match="no header may hold"):
            _request(site, model=bad)


MISSING = [
    (
        'json = { m = "{messages}", t = "{csrf}" }',
        TokenNotFound,
        "csrf to send: no answer had cookie 't' .no cookie came",
    ),
    ('json = { m = "{messages}" }\nheaders = { X-T = "{csrf}" }', TokenNotFound, "no value csrf"),
    ('json = { m = "{messages}" }\nquery = { t = "{csrf}" }', TokenNotFound, "no value csrf"),
    ('json = { m = "{messages}", p = "{prompt}" }', ArgumentError, "no value prompt"),
]


@pytest.mark.parametrize(("chat", "kind", "told"), MISSING)
def test_a_value_that_is_missing_is_never_sent_as_none(chat: str, kind: type[Exception], told: str) -> None:
    """It is an error that names it: the site's fault where it is taken, else the caller's."""
    site = site_of(f'{TAKE}[headers]\nX-A = "{{csrf?}}"', chat=chat)
    with pytest.raises(kind, match=told) as caught:
        _request(site, Session(generation=1, opened=0.0), prompt=None)
    assert type(caught.value) is kind


PLACES = [
    'headers = { X-T = "{csrf}" }',
    'headers = { "{name}" = "{csrf}" }',
    'query = { t = "{csrf}" }',
    'query = { "{csrf}" = "t" }',
    'cookies = { t = "{csrf}" }',
    'form = { t = "{csrf}", m = "{messages}" }',
    'form = { "{csrf}" = "t", m = "{messages}" }',
    'multipart = { t = "{csrf}", m = "{messages}" }',
    'multipart = { "{csrf}" = "t", m = "{messages}" }',
    'text = "{csrf} {messages}"',
    'json = { t = "{csrf}", m = "{messages}" }',
    'json = [{ "{csrf}" = "t" }, "{messages}"]',
]
SOURCES = [
    '{ cookie = "c" }',
    '{ header = "X-C" }',
    '{ meta = "c" }',
    '{ input = "c" }',
    '{ css = "form#a input" }',
    '{ css = "#state", json = "c" }',
    """{ css = "#state", regex = 'c.: .([^"]*)' }""",
    '{ url = "c=(.*)" }',
    """{ regex = 'c.: .([^"]*)' }""",
]
ANSWER = page(
    "c=t0%2Bk; Path=/",
    body='<meta name="c" content="t0+k"><form id="a"><input name="c" value="t0+k"></form>'
    '<script id="state">{"c": "t0+k"}</script>',
)


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("place", PLACES)
def test_a_value_from_anywhere_goes_anywhere(source: str, place: str) -> None:
    """Each source and each place of the language fit together."""
    chat = place if "messages" in place else f'{place}\njson = "{{messages}}"'
    top = f"""[take]
    csrf = {source}
    name = {{ cookie = "n" }}
    [[session]]
    get = "/?c=t0+k"
    """
    answer = Said(200, (*ANSWER.headers, ("x-c", "t0+k"), ("set-cookie", "n=x-name")), ANSWER.chunks)
    script = Script([answer, reply()])
    script.ask(site_of(top, chat=chat, post="/c/{csrf}"))
    sent = script.requests[1]
    assert sent.url.startswith("https://bot.example/c/t0%2Bk")
    own = [sent.url.partition("?")[2], header(sent, "x-t"), header(sent, "x-name"), (sent.body or b"").decode()]
    cookies = (header(sent, "cookie") or "").replace("c=t0%2Bk", "")
    assert any("t0+k" in text or "t0%2Bk" in text for text in [*filter(None, own), cookies])
