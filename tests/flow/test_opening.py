"""Getting in: session steps, what they expect, what they take."""

import pytest

from chatdoor.errors import (
    ArgumentError,
    LoginFailed,
    RateLimited,
    ReplyTooLarge,
    SessionRefused,
    SiteFailed,
    TokenNotFound,
    UnexpectedReply,
)
from chatdoor.flow.opening import MAX_PAGE_BYTES, given_session
from tests.flow.script import TOKEN, VOIGPT, Script, header, page, reply, said, site_of, start, to

LOGIN = page(body='<form><input type="password"></form>')
SIGN_IN = """
    [[session]]
    get = "/login"
    take.form = { input = "token" }
    [[session]]
    post = "/login"
    form = { user = "guest", token = "{form}" }
    expect = { url = "/chat" }
"""
FORM = page("sid=1; Path=/", body='<input name="token" value="f1"><input type="password">')


def test_steps_follow_each_other() -> None:
    """Cookies, values and the open page of one step go out with the next."""
    script = Script([FORM, to("/chat"), page("sid=2; Path=/"), reply()])
    script.ask(site_of(SIGN_IN))
    assert script.story == "GET /login | POST /login | GET /chat | POST /chat"
    login, chat = script.requests[1], script.requests[3]
    assert login.body == b"user=guest&token=f1"
    assert (header(login, "cookie"), header(login, "referer")) == ("sid=1", "https://bot.example/login")
    assert (header(chat, "cookie"), header(chat, "referer")) == ("sid=2", "https://bot.example/chat")


def test_a_session_begins_with_an_empty_jar() -> None:
    """A refresh takes nothing of the old session along."""
    script = Script([start(), page(body="CSRF", status=403), page("csrftoken=new; Path=/"), reply()])
    script.ask()
    assert [header(request, "cookie") for request in script.requests] == [
        None,
        f"csrftoken={TOKEN}; visitor=v1",
        None,
        "csrftoken=new",
    ]


def test_a_site_without_steps_needs_none() -> None:
    """The session is there without a request."""
    script = Script([reply()])
    assert script.ask(site_of()).text == "Good day."
    assert script.story == "POST /chat"


def test_headers_wait_for_their_values() -> None:
    """During `session`, a header goes out once its values are known."""
    site = site_of(
        '[[session]]\nget = "/a"\n[[session]]\nget = "/b"\n[take]\nt = { meta = "t" }\n[headers]\nX-T = "{t}"'
    )
    script = Script([page(body='<meta name="t" content="1">'), page(body='<meta name="t" content="2">'), reply()])
    script.ask(site)
    assert [header(request, "x-t") for request in script.requests] == [None, "1", "2"]


FAILURES = [
    (
        "no token",
        [page()],
        TokenNotFound,
        "expected the value csrf in cookie 'csrftoken', and it is not there .no cookie came.; HTTP",
    ),
    (
        "a token in a cookie of another name",
        [page("shop_csrf=abc; Path=/")],
        TokenNotFound,
        "not there .what came is 'shop_csrf'; the name may differ in this deployment, in Django by CSRF_COOKIE",
    ),
    ("a token that says None", [start("None")], TokenNotFound, "csrftoken"),
    ("an empty token", [start("")], TokenNotFound, "csrftoken"),
    ("a token for another site", [page("csrftoken=1; Domain=evil.example")], TokenNotFound, "csrftoken"),
    ("a login page", [LOGIN], SessionRefused, "wants a login .HTTP 200., and its site file has no step that signs in"),
    ("a redirect to a login page", [to("/login"), LOGIN], SessionRefused, "wants a login"),
    ("401", [said(401)], SessionRefused, "wants a login"),
    ("a login page with 403", [page(body="<input type=password>", status=403)], SessionRefused, "wants a login"),
    ("403", [said(403, "CSRF verification failed")], UnexpectedReply, "the answer is an error; HTTP 403"),
    ("404", [page(body="Not here", status=404)], UnexpectedReply, 'HTTP 404, text/html: "Not here"'),
    ("a redirect without a target", [said(302)], UnexpectedReply, "HTTP 302"),
    ("500", [said(500, "oops")], SiteFailed, 'HTTP 500: "oops"'),
    ("429", [said(429)], RateLimited, "does not say for how long"),
    ("a huge page", [said(200, b"x" * (MAX_PAGE_BYTES + 1))], ReplyTooLarge, "larger than"),
]


@pytest.mark.parametrize(("answers", "kind", "told"), [row[1:] for row in FAILURES], ids=[row[0] for row in FAILURES])
def test_a_page_that_is_no_way_in(answers: list[object], kind: type[Exception], told: str) -> None:
    """The error says what was expected and what came; nothing is posted."""
    script = Script(answers)  # type: ignore[arg-type]
    with pytest.raises(kind, match=told) as caught:
        script.ask()
    assert type(caught.value) is kind
    assert "POST" not in script.story


def test_an_address_that_does_not_fit_is_told() -> None:
    """Without the values of its query, any of which may be a secret."""
    site = site_of('[[session]]\nget = "/room"\ntake.room = { url = "room=([0-9]+)" }')
    script = Script([to("/lobby?code=abc&next=%2F"), page()])
    told = r"in the address that it led to \(https://bot.example/lobby\?code=\*\*\*&next=\*\*\*\), and it is not there"
    with pytest.raises(TokenNotFound, match=told):
        script.ask(site)


LOGINS = [
    (
        "the form again",
        [FORM, LOGIN],
        LoginFailed,
        r"step 2 of 2, POST /login: expected a redirect to /chat, got HTTP 200 with the login form again: wrong user",
    ),
    (
        "another page than the site file expects",
        [FORM, page(body="Sorry")],
        LoginFailed,
        'not accept the sign-in: expected a redirect to /chat, got HTTP 200, text/html: "Sorry", from /login',
    ),
    ("401", [FORM, said(401, "wrong password")], LoginFailed, 'HTTP 401: "wrong password"'),
    ("422", [FORM, said(422)], LoginFailed, "HTTP 422"),
    ("a redirect without a target", [FORM, said(302)], LoginFailed, "HTTP 302"),
    ("404", [FORM, said(404)], UnexpectedReply, "the answer is an error; HTTP 404"),
    ("429", [FORM, said(429, retry_after="3600")], RateLimited, "a wait of 3600 s"),
    ("500", [FORM, said(500)], SiteFailed, "HTTP 500"),
    ("no field", [page(body="<input name=other>")], TokenNotFound, "the value form in input 'token'"),
]


@pytest.mark.parametrize(("answers", "kind", "told"), [row[1:] for row in LOGINS], ids=[row[0] for row in LOGINS])
def test_a_login_that_fails(answers: list[object], kind: type[Exception], told: str) -> None:
    """A step that sends something and is not answered as expected did not sign in."""
    with pytest.raises(kind, match=told) as caught:
        Script(answers).ask(site_of(SIGN_IN))  # type: ignore[arg-type]
    assert type(caught.value) is kind


def test_a_login_that_ran_out_as_no_match_says() -> None:
    """The site file can sign in, and does not know this answer as a refusal: the error names the key."""
    script = Script([FORM, to("/chat"), page(), said(401)])
    with pytest.raises(SessionRefused, match=r"wants a login .HTTP 401., and `refused` in its site file names no such"):
        script.ask(site_of(f"refused = {{ status = 403 }}\n{SIGN_IN}"))


def test_what_a_page_should_be_is_declared() -> None:
    """`expect` decides alone: a 404 may be what is expected, and a 200 may not."""
    site = site_of('[session]\nget = "/"\nexpect = [{ status = 404 }, { text = "Welcome" }]')
    assert Script([said(404), reply()]).ask(site).text == "Good day."
    assert Script([page(), reply()]).ask(site).text == "Good day."
    with pytest.raises(
        UnexpectedReply, match="GET /: expected status 404, or the text 'Welcome', got HTTP 200, text/html: \"Sorry\""
    ):
        Script([page(body="Sorry")]).ask(site)


def test_a_refused_match_means_nothing_on_the_way_in() -> None:
    """There a page that looks like a refusal is the way to sign in: its redirect is followed."""
    site = site_of(f'refused = {{ url = "/login" }}\n{SIGN_IN.replace("/login", "/enter")}')
    script = Script([to("/login"), FORM, to("/chat"), page(), reply()])
    assert script.ask(site).text == "Good day."
    assert script.story == "GET /enter | GET /login | POST /enter | GET /chat | POST /chat"


@pytest.mark.parametrize(
    "chat", ['form = { p = "{prompt}", t = "{t}" }', 'json = { p = "{prompt}" }\nquery = { t = "{t}" }']
)
def test_every_value_that_is_sent_later_is_needed(chat: str) -> None:
    """Not only those in headers: the error comes with the page, before anything is posted."""
    site = site_of('[conversation]\nhistory = "none"\n[session]\nget = "/"\n[take]\nt = { input = "t" }', chat=chat)
    script = Script([page()])
    with pytest.raises(TokenNotFound, match="the value t in input 't'"):
        script.ask(site)
    assert script.story == "GET /"


def test_an_optional_value_is_not_needed() -> None:
    """`{t?}` goes out where it is there."""
    site = site_of('[session]\nget = "/"\n[take]\nt = { input = "t" }\n[headers]\nX-T = "{t?}"')
    script = Script([page(), reply()])
    assert script.ask(site).text == "Good day."


class TestGivenSession:
    """A session from a token that the caller has."""

    def test_the_token_is_value_and_cookie(self) -> None:
        """Nothing is fetched: the token goes out as both."""
        session = given_session(VOIGPT, "abc", 5.0)
        script = Script([reply()], session)
        script.ask()
        assert header(script.requests[0], "x-csrftoken") == "abc"
        assert header(script.requests[0], "cookie") == "csrftoken=abc"
        assert (session.opened, session.given) == (5.0, False)

    def test_a_value_from_elsewhere_is_no_cookie(self) -> None:
        """Where the site file takes the token from a page, it is sent as the file says."""
        site = site_of('[session]\nget = "/"\ntake.t = { meta = "t" }', chat='json = { m = "{messages}", t = "{t}" }')
        session = given_session(site, "abc", 5.0)
        assert (session.jar.cookies, session.values) == ((), {"t": "abc"})

    @pytest.mark.parametrize("token", ["", "a b", "a;b", "a,b", 'a"b', "a\\b", "a\r\nb", "é"])
    def test_what_no_cookie_may_hold_is_no_token(self, token: str) -> None:
        """RFC 6265, section 4.1.1. The error does not show it."""
        with pytest.raises(ArgumentError, match="access_token: expected up to 8000 characters"):
            given_session(VOIGPT, token, 5.0)

    def test_it_must_be_clear_what_the_token_is(self) -> None:
        """A site that takes no value, or more than one, has no place for it."""
        with pytest.raises(ArgumentError, match="here it is none"):
            given_session(site_of(), "abc", 5.0)
        two = '[take]\na = { cookie = "a" }\nb = { cookie = "b" }\n[headers]\nX-A = "{a}{b}"'
        with pytest.raises(ArgumentError, match="here it is a, b"):
            given_session(site_of(two), "abc", 5.0)
