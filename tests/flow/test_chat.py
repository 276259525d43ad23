"""A message and its reply: every rule about sending again, and every way to fail, read as tables."""

import re
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatdoor.errors import (
    ArgumentError,
    BotCheckMet,
    ChatdoorError,
    ConnectFailed,
    RateLimited,
    ReadFailed,
    ReplyCutShort,
    SessionRefused,
    SiteFailed,
    TimedOut,
    TokenNotFound,
    UnexpectedReply,
    WriteFailed,
)
from chatdoor.flow.chat import ask
from chatdoor.flow.effects import Discard, Effect, Learn, OpenSession
from chatdoor.flow.exchange import Call
from chatdoor.flow.session import Session
from chatdoor.flow.talk import Talk
from chatdoor.flow.turn import Turn
from chatdoor.messages import Message
from chatdoor.site import Site
from tests.flow.script import (
    NOW,
    TOKEN,
    VOIGPT,
    Answers,
    Said,
    Script,
    drive,
    header,
    old_session,
    page,
    reply,
    said,
    site_of,
    start,
    to,
)

GET, POST = "GET /", "POST /generate_response/"
AT = {"site": "voigpt", "step": POST}
CSRF = page(body="<h1>Forbidden</h1><p>CSRF verification failed. Request aborted.</p>", status=403)
CSRF_JSON = said(403, '{"detail": "CSRF Failed: CSRF token missing."}')
FORBIDDEN = page(body="<h1>Forbidden</h1>", status=403)
CHALLENGE = page(body="<script>window._cf_chl_opt={}</script>Just a moment...", status=403)
LOGIN = page(body="<form><input name='user'><input type='password'></form>")
LOGIN_403 = page(
    body="<form><input type='hidden' name='csrfmiddlewaretoken'><input type='password'></form>", status=403
)
CSRF_200 = page(body="<p>CSRF verification failed. Request aborted.</p>")
HOME = page(body="<h1>Welcome</h1><p>Log in or sign up.</p>")
STREAM = 'sse = "v"\ndone = "[DONE]"'


def limited(wait: str | None = None) -> Said:
    """A 429."""
    return said(429, "slow down", **({} if wait is None else {"retry_after": wait}))


class Row(NamedTuple):
    """What a site says to an old session (none: the call opens one), what goes out for it, and how it ends."""

    law: str
    answers: Answers
    story: str
    end: str | type[ChatdoorError]
    old: bool = True


BROKEN = ReadFailed("reset", **AT)
LATE = TimedOut("late", phase="reading", **AT)
TABLE = [
    Row("a session that is there is used", [reply()], POST, "Good day."),
    Row("none there: the page is opened first", [start(), reply()], f"{GET} | {POST}", "Good day.", old=False),
    Row("a 403 that names CSRF", [CSRF, start(), reply()], f"{POST} | {GET} | {POST}", "Good day."),
    Row("the same as JSON", [CSRF_JSON, start(), reply()], f"{POST} | {GET} | {POST}", "Good day."),
    Row(
        "a 403 that names CSRF, to a fresh token",
        [start(), CSRF, start(), reply()],
        f"{GET} | {POST} | {GET} | {POST}",
        "Good day.",
        old=False,
    ),
    Row("a second refusal", [CSRF, start(), CSRF], f"{POST} | {GET} | {POST}", SessionRefused),
    Row("an unknown 403 to an old token", [FORBIDDEN, start(), reply()], f"{POST} | {GET} | {POST}", "Good day."),
    Row("an unknown 403 to a fresh token", [start(), FORBIDDEN], f"{GET} | {POST}", SessionRefused, old=False),
    Row("an unknown 403, twice", [FORBIDDEN, start(), FORBIDDEN], f"{POST} | {GET} | {POST}", SessionRefused),
    Row("a 403 without a word", [said(403), start(), reply()], f"{POST} | {GET} | {POST}", "Good day."),
    Row("a refusal, and then no token", [CSRF, page()], f"{POST} | {GET}", TokenNotFound),
    Row("a refusal, and then a page that fails", [CSRF, said(500)], f"{POST} | {GET}", SiteFailed),
    Row("a 401 is no CSRF refusal", [said(401, "CSRF token missing")], POST, SessionRefused),
    Row("a 403 of a bot check", [CHALLENGE], POST, BotCheckMet),
    Row(
        "a bot check in the headers, whatever it says", [said(403, "csrf", cf_mitigated="challenge")], POST, BotCheckMet
    ),
    Row("a bot check that is a success", [said(202, x_amzn_waf_action="challenge")], POST, BotCheckMet),
    Row("a 403 of a login page", [LOGIN_403], POST, SessionRefused),
    Row(
        "a CSRF refusal on a page with a captcha",
        [
            page(body="CSRF verification failed<script src='//google.com/recaptcha/api.js'>", status=403),
            start(),
            reply(),
        ],
        f"{POST} | {GET} | {POST}",
        "Good day.",
    ),
    Row("a page in place of data", [HOME], POST, UnexpectedReply),
    Row("a page in place of data, to a fresh token", [start(), HOME], f"{GET} | {POST}", UnexpectedReply, old=False),
    Row("a login page in place of data", [LOGIN], POST, SessionRefused),
    Row("a bot check in place of data", [page(body="<div id='px-captcha'>")], POST, BotCheckMet),
    Row("a redirect to a login page", [to("/login"), LOGIN], f"{POST} | GET /login", SessionRefused),
    Row("a 429 that says how long", [limited("5"), reply()], f"{POST} | wait 5 | {POST}", "Good day."),
    Row("a 429 that says zero", [limited("0"), reply()], f"{POST} | wait 0 | {POST}", "Good day."),
    Row("a second 429", [limited("5"), limited("5")], f"{POST} | wait 5 | {POST}", RateLimited),
    Row("a 429 for longer than the call may take", [limited("60")], POST, RateLimited),
    Row("a 429 without an end", [limited("9" * 400)], POST, RateLimited),
    Row("a 429 that does not say how long", [limited()], POST, RateLimited),
    Row("a 429 that says nonsense", [limited("soon")], POST, RateLimited),
    Row("a 429 of a bot check", [said(429, retry_after="1", x_vercel_mitigated="challenge")], POST, BotCheckMet),
    Row(
        "one wait and one refresh",
        [limited("1"), CSRF, start(), reply()],
        f"{POST} | wait 1 | {POST} | {GET} | {POST}",
        "Good day.",
    ),
    Row("a 500", [said(500)], POST, SiteFailed),
    Row("a 503 does not say that the prompt was not read", [said(503, retry_after="1")], POST, SiteFailed),
    Row("a 404", [said(404)], POST, UnexpectedReply),
    Row("no connection", [ConnectFailed("refused", **AT)], POST, ConnectFailed),
    Row("the request broke off", [WriteFailed("reset", **AT)], POST, WriteFailed),
    Row("no answer", [BROKEN], POST, ReadFailed),
    Row("no answer in time", [LATE], POST, TimedOut),
    Row("an answer that breaks off", [said(200, '{"respon', BROKEN)], POST, ReplyCutShort),
    Row("an answer that breaks off after its head", [ReadFailed("reset", begun=True, **AT)], POST, ReplyCutShort),
    Row("an answer that ends too soon", [said(200, '{"response": "Go')], POST, ReplyCutShort),
    Row("an answer that stops", [said(200, "{", LATE)], POST, TimedOut),
    Row("a refusal that breaks off", [said(403, "CSRF", BROKEN)], POST, ReadFailed),
    Row("an empty answer", [said(200)], POST, UnexpectedReply),
    Row("an answer without the text", [said(200, '{"answer": "Good day."}')], POST, UnexpectedReply),
]


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.law)
def test_what_is_sent_again(row: Row) -> None:
    """The prompt goes out as often as the row says, never after it may have been read, and the call ends so."""
    script = Script(row.answers, old_session() if row.old else None)
    if isinstance(row.end, str):
        assert script.ask().text == row.end
    else:
        with pytest.raises(row.end) as caught:
            script.ask()
        assert type(caught.value) is row.end
        assert str(caught.value).startswith((f"voigpt: {POST}: ", f"voigpt: {GET}: "))
    assert script.story == row.story
    assert script.unused == 0


def test_a_session_from_the_future_is_old() -> None:
    """The clock was set back since it was kept, so that a newer one may do what it can not."""
    script = Script([FORBIDDEN, start(), reply()], Session(generation=1, opened=NOW + 7200, values={"csrf": "t"}))
    assert script.ask().text == "Good day."
    assert script.story == f"{POST} | {GET} | {POST}"


STREAMS = [
    ("an error in a record", [b'data: {"v": "Good "}\n\n', b'data: {"error": "full"}\n\n'], SiteFailed),
    ("a record that is no JSON", [b'data: {"v": "Good "}\n\n', b"data: <h1>CSRF\n\n"], UnexpectedReply),
    ("an end that is not the end", [b'data: {"v": "Good "}\n\n'], ReplyCutShort),
]


@pytest.mark.parametrize(("chunks", "end"), [row[1:] for row in STREAMS], ids=[row[0] for row in STREAMS])
def test_nothing_is_sent_again_after_the_first_piece(chunks: list[bytes], end: type[ChatdoorError]) -> None:
    """What fails in the middle of a reply ends the call; what came before was given."""
    site = site_of(reply=f'{STREAM}\nerror = "error"')
    script = Script([Said(200, (), tuple(chunks))], Session(generation=1, opened=0.0))
    with pytest.raises(end):
        script.ask(site)
    assert script.pieces == ["Good "]
    assert script.story == "POST /chat"


def test_a_cut_reply_keeps_what_came() -> None:
    """An answer cut short is an error, never a shorter text; the part is in the error alone."""
    chunks = (b'data: {"v": "Good "}\n\n', b'data: {"v": "da')
    script = Script([Said(200, (), chunks, ReadFailed("reset"))], Session(generation=1, opened=0.0))
    with pytest.raises(ReplyCutShort, match="reset") as caught:
        script.ask(site_of(reply=STREAM))
    assert caught.value.partial == "Good "
    assert isinstance(caught.value.__cause__, ReadFailed)


def test_a_call_that_is_refused_uses_the_newer_session_of_another_call() -> None:
    """Where somebody else has refreshed in the meantime, theirs is used: no second page fetch."""
    script = Script([CSRF, reply()], old_session("old"))
    newer = Session(generation=2, opened=NOW + 1, values={"csrf": "newer"})
    flow = ask(VOIGPT, Turn((Message("user", "Hello"),), "m"), Call(script.now(), 60.0), Talk())

    def perform(effect: Effect) -> object:
        return newer if effect == OpenSession(after=1) else script.perform(VOIGPT, effect)

    assert drive(flow, perform).text == "Good day."
    assert [header(request, "x-csrftoken") for request in script.requests] == ["old", "newer"]


class TestTokens:
    """What is sent as the token, and what becomes of it."""

    def test_the_page_gives_token_and_cookies(self) -> None:
        """The token goes out as header and cookie, beside every other cookie of the page, with Origin and Referer."""
        script = Script([start(), reply()])
        script.ask()
        sent = dict(script.requests[1].headers)
        assert sent["x-csrftoken"] == TOKEN
        assert sent["cookie"] == f"csrftoken={TOKEN}; visitor=v1"
        assert (sent["origin"], sent["referer"]) == ("https://bot.example", "https://bot.example/")
        assert script.requests[1].body == b'{"messages":[{"role":"user","content":"Hello"}]}'

    @pytest.mark.parametrize("answer", [reply(), said(500), said(404), LOGIN, to("//evil.example"), said(200, "{")])
    def test_a_rotated_token_is_used_from_then_on(self, answer: Said) -> None:
        """Whatever the answer is, the token that it sets goes out with the next call, as header and as cookie."""
        rotated = Said(answer.status, (*answer.headers, ("set-cookie", "csrftoken=new; Path=/")), answer.chunks)
        script = Script([rotated, reply()], old_session())
        _outcome(script)
        script.ask()
        assert script.story == f"{POST} | {POST}"
        assert header(script.requests[1], "x-csrftoken") == "new"
        assert header(script.requests[1], "cookie") == "visitor=v1; csrftoken=new"

    def test_a_retry_after_a_wait_has_the_newest_token(self) -> None:
        """The answer that asks for a wait may rotate the token: what goes out after it has the new one."""
        waits = Said(429, (("retry-after", "1"), ("set-cookie", "csrftoken=new; Path=/")))
        script = Script([waits, reply()], old_session())
        script.ask()
        assert [header(request, "x-csrftoken") for request in script.requests] == [TOKEN, "new"]
        assert [header(request, "cookie") for request in script.requests] == [
            f"csrftoken={TOKEN}; visitor=v1",
            "visitor=v1; csrftoken=new",
        ]

    @pytest.mark.parametrize("cookie", ["csrftoken=; Max-Age=0; Path=/", "csrftoken=; Path=/"])
    def test_a_token_goes_with_its_cookie(self, cookie: str) -> None:
        """A deleted or emptied cookie takes the value along: the next call opens the page before it posts."""
        emptied = Said(200, (("set-cookie", cookie),), reply().chunks)
        script = Script([emptied, start("new"), reply()], old_session())
        script.ask()
        assert script.session is not None
        assert script.session.values == {}
        script.ask()
        assert script.story == f"{POST} | {GET} | {POST}"
        assert header(script.requests[-1], "x-csrftoken") == "new"

    def test_no_token_in_the_page_is_an_error_before_anything_is_posted(self) -> None:
        """The error names the value, and what came in its place."""
        script = Script([page()])
        with pytest.raises(TokenNotFound, match=r"value csrf in cookie 'csrftoken'.*Welcome"):
            script.ask()
        assert script.story == GET

    @pytest.mark.parametrize("answers", [[page()], [start(), CSRF, page()]], ids=["at first", "after a refusal"])
    def test_without_a_session_the_site_has_heard_nothing(self, answers: Answers) -> None:
        """The error says so, also where the message was sent, and refused."""
        with pytest.raises(TokenNotFound) as caught:
            Script(answers).ask()
        assert not caught.value.heard

    @given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=20))
    def test_no_header_breaks_a_line_or_says_none(self, token: str) -> None:
        """Whatever the page has for a token, it goes out as one line of ASCII, or nothing is posted."""
        escaped = "".join(f"&#{ord(character)};" for character in token)
        site = site_of('[session]\nget = "/"\n[take]\ncsrf = { meta = "csrf" }\n[headers]\nX-T = "{csrf}"')
        script = Script([page(body=f'<meta name="csrf" content="{escaped}">'), reply()])
        outcome = _outcome(script, site)
        for request in script.requests:
            for name, value in request.headers:
                assert re.fullmatch(r"[a-z-]+", name)
                assert re.fullmatch(r"[\x20-\x7e]+", value)
                assert value not in {"None", "null"}
        assert isinstance(outcome, str) == (len(script.requests) == 2)

    @pytest.mark.parametrize("token", ["abc%0d%0aX-Evil:%20yes", "abc%0A", "%E2%82%AC"])
    def test_a_cookie_that_no_header_can_hold_is_refused_before_anything_is_posted(self, token: str) -> None:
        """A cookie may hide line breaks behind percent signs. The error does not show them."""
        script = Script([start(token)])
        with pytest.raises(TokenNotFound, match="line breaks") as caught:
            script.ask()
        assert "Evil" not in str(caught.value)
        assert script.story == GET

    def test_a_value_from_the_caller_that_no_header_can_hold_is_the_callers_fault(self) -> None:
        """A prompt with line breaks does not fit into a header: ArgumentError, and nothing is sent."""
        script = Script([], Session(generation=1, opened=0.0))
        with pytest.raises(ArgumentError, match="line breaks"):
            script.ask(site_of(chat='json = { m = "{messages}" }\nheaders = { X-P = "{prompt}" }'), "a\r\nX-Evil: b")
        assert script.requests == []


class TestGivenToken:
    """A token that the caller gave: never stored, never replaced, its refusal an error that says so."""

    @pytest.mark.parametrize("answer", [CSRF, FORBIDDEN, said(403), said(401), LOGIN_403, LOGIN])
    def test_its_refusal_says_so(self, answer: Said) -> None:
        """Nothing is fetched and nothing is posted again."""
        script = Script([answer], old_session(given=True))
        with pytest.raises(SessionRefused, match="the access token that was given was refused"):
            script.ask()
        assert script.story == POST

    def test_it_is_not_replaced(self) -> None:
        """Other cookies are kept; the token stays what it was, as header and as cookie."""
        cookies = (("set-cookie", "csrftoken=new; Path=/"), ("set-cookie", "other=1; Path=/"))
        script = Script([Said(200, cookies, reply().chunks), reply()], old_session(given=True))
        script.ask()
        script.ask()
        assert header(script.requests[1], "x-csrftoken") == TOKEN
        assert header(script.requests[1], "cookie") == f"csrftoken={TOKEN}; visitor=v1; other=1"

    def test_it_is_not_deleted(self) -> None:
        """A site that deletes the cookie does not take the caller's token away."""
        cookies = (("set-cookie", "csrftoken=; Max-Age=0; Path=/"),)
        script = Script([Said(200, cookies, reply().chunks), reply()], old_session(given=True))
        script.ask()
        script.ask()
        assert header(script.requests[1], "x-csrftoken") == TOKEN


class TestRefusedByTheSiteFile:
    """Refusals that a site file declares beside statuses."""

    TOKENS = '[session]\nget = "/"\n[take]\ncsrf = { cookie = "t" }\n[headers]\nX-T = "{csrf}"'

    @pytest.mark.parametrize(
        ("refused", "answer"),
        [
            ("{ text = 'expired' }", said(200, '{"error": "expired"}')),
            ("{ json = { error = 'expired' } }", said(200, '{"error": "expired"}')),
            ("{ css = '.expired' }", page(body="<p class=expired>Sorry</p>")),
            ("{ type = 'text/plain' }", said(200, "Session expired", content_type="text/plain; charset=utf-8")),
            ("{ status = 419 }", said(419, "Page Expired")),
            ("{ url = '/expired*' }", to("/expired?next=/")),
            ("{ url = '/expired', status = 302 }", to("https://bot.example/expired")),
            ("{ status = 302 }", to("/anywhere")),
        ],
    )
    def test_each_is_answered_by_one_refresh(self, refused: str, answer: Said) -> None:
        """The site did not act: a fresh session, and the message once more. The redirect is not followed."""
        script = Script([answer, page("t=2; Path=/"), reply()], _with_value("1"))
        assert script.ask(site_of(f"refused = {refused}\n{self.TOKENS}")).text == "Good day."
        assert script.story == "POST /chat | GET / | POST /chat"
        assert header(script.requests[-1], "x-t") == "2"

    def test_other_redirects_are_followed(self) -> None:
        """A match that says nothing of the head says nothing of a redirect; what it leads to is looked at."""
        script = Script([to("/result", 303), reply()], Session(generation=1, opened=0.0))
        assert script.ask(site_of("refused = [{ text = 'expired' }, { url = '/expired' }]")).text == "Good day."

    def test_a_body_that_is_looked_at_first_is_read_as_a_reply_after_all(self) -> None:
        """Where the match does not fit, nothing of the reply is lost, in one chunk or in many."""
        body = b'{"response": "' + b"x" * 100_000 + b'"}'
        chunks = tuple(body[at : at + 10_000] for at in range(0, len(body), 10_000))
        script = Script([Said(200, (), chunks)], Session(generation=1, opened=0.0))
        assert script.ask(site_of("refused = { text = 'expired' }")).text == "x" * 100_000

    def test_a_stream_is_not_held_back(self) -> None:
        """A match on the body is not asked of an event stream: its pieces come as they come."""
        chunks = (*(b'data: {"v": "%d"}\n\n' % number for number in range(3)), b"data: [DONE]\n\n")
        script = Script(
            [Said(200, (("content-type", "text/event-stream"),), chunks)], Session(generation=1, opened=0.0)
        )
        assert script.ask(site_of("refused = { text = 'expired' }", reply=STREAM)).text == "012"
        assert [type(effect).__name__ for effect in script.effects] == ["OpenSession", "Send", "Decode"]

    def test_an_ended_login_is_opened_again(self) -> None:
        """Where the site file signs in, a login page is a session that has ended."""
        login = '[[session]]\nget = "/login"\n[[session]]\npost = "/login"\nform = { user = "guest" }'
        script = Script([to("/login"), LOGIN, LOGIN, said(200), reply()], Session(generation=1, opened=0.0))
        assert script.ask(site_of(login)).text == "Good day."
        assert script.story == "POST /chat | GET /login | GET /login | POST /login | POST /chat"


class TestPagesForReplies:
    """Sites whose answer is a page: the one with the reply, or another one."""

    SITE = (
        '[[session]]\nget = "/"\n[take]\ncsrf = { input = "csrf" }\n[headers]\nX-T = "{csrf}"'
        "\n[conversation]\nhistory = 'none'"
    )
    RULE = 'html = ".bot"\nerror = ".error"'
    CHAT = 'form = { q = "{prompt}", csrf = "{csrf}" }'

    def _site(self) -> Site:
        return site_of(self.SITE, chat=self.CHAT, reply=self.RULE)

    def _form(self, token: str, body: str = "") -> Said:
        return page(body=f"<form><input name=csrf value={token}></form>{body}")

    def test_the_page_brings_the_reply_and_the_next_token(self) -> None:
        """A one-use token whose next one is in the page with the reply goes out with the next message."""
        answers = [self._form("2", "<p class=bot>a</p>"), self._form("3", "<p class=bot>a</p><p class=bot>b</p>")]
        script = Script(answers, _with_value("1"))
        assert [script.ask(self._site()).text for _ in range(2)] == ["a", "b"]
        assert [header(request, "x-t") for request in script.requests] == ["1", "2"]
        assert script.session is not None
        assert script.session.values == {"csrf": "3"}

    def test_a_page_that_names_csrf_is_a_refusal(self) -> None:
        """It has no reply, and says that the token was wrong: a fresh session, and the message once more."""
        script = Script([CSRF_200, self._form("2"), self._form("3", "<p class=bot>a</p>")], _with_value("1"))
        assert script.ask(self._site()).text == "a"
        assert script.story == "POST /chat | GET / | POST /chat"

    @pytest.mark.parametrize(
        ("answer", "end", "told"),
        [
            (LOGIN, SessionRefused, "wants a login"),
            (page(body="<div id='px-captcha'>"), BotCheckMet, "HUMAN"),
            (HOME, UnexpectedReply, "an element that '.bot' finds, found none.*Welcome"),
            (page(body="<p class=bot>old</p><p class=error>Quota used up</p>"), SiteFailed, "Quota used up"),
            (page(body="<p class=bot>old</p><div class=bot>Go"), ReplyCutShort, "before its end"),
        ],
    )
    def test_other_pages_are_told_apart(self, answer: Said, end: type[ChatdoorError], told: str) -> None:
        """A login, a bot check, another page, an error of the site: nothing is sent again."""
        script = Script([answer], _with_value("1"))
        with pytest.raises(end, match=told):
            script.ask(self._site())
        assert script.story == "POST /chat"

    @pytest.mark.parametrize(
        ("rule", "kind"), [('ndjson = "v"', "application/x-ndjson"), ("text = true", "text/plain")]
    )
    def test_streams_come_piece_by_piece(self, rule: str, kind: str) -> None:
        """Nothing is read before the decoder is there."""
        chunks = (b'{"v": "a"}\n', b'{"v": "b"}\n')
        script = Script([Said(200, (("content-type", kind),), chunks)], _with_value("1"))
        site = site_of("refused = { text = 'expired' }" if "ndjson" in rule else "", reply=rule)
        text = script.ask(site).text
        assert script.pieces == (["a", "b"] if "ndjson" in rule else [chunk.decode() for chunk in chunks])
        assert text == "".join(script.pieces)


class TestValuesInReplies:
    """Values that a reply brings along."""

    @pytest.mark.parametrize(
        ("rule", "chunks"),
        [
            ('json = "response"', (b'{"response": "Good day.", "csrf": "2"}',)),
            (STREAM, (b'data: {"csrf": "2"}\n\ndata: {"v": "Good day.", "csrf": null}\n\ndata: [DONE]\n\n',)),
            (STREAM, (b'data: {"v": "Good day.", "csrf": "2"}\n\n', b'data: {"csrf": "3"}\n\n', b"data: [DONE]\n\n")),
        ],
    )
    def test_a_value_in_the_reply_is_sent_next(self, rule: str, chunks: tuple[bytes, ...]) -> None:
        """A one-use token whose next one is in the answer: from the document, or the first record that holds one."""
        site = site_of('[take]\ncsrf = { json = "csrf" }\n[headers]\nX-T = "{csrf}"', reply=rule)
        script = Script([Said(200, (), chunks)] * 2, _with_value("1"))
        assert [script.ask(site).text for _ in range(2)] == ["Good day."] * 2
        assert [header(request, "x-t") for request in script.requests] == ["1", "2"]

    def test_a_value_in_a_reply_that_fails_is_kept(self) -> None:
        """The token was rotated, whatever became of the reply."""
        site = site_of('[take]\ncsrf = { json = "csrf" }\n[headers]\nX-T = "{csrf}"', reply=STREAM)
        script = Script([Said(200, (), (b'data: {"csrf": "2"}\n\n',))], _with_value("1"))
        with pytest.raises(ReplyCutShort):
            script.ask(site)
        assert script.session is not None
        assert script.session.values == {"csrf": "2"}

    def test_a_value_in_an_error_is_kept(self) -> None:
        """Every answer is looked at. The rest of an error is not read."""
        site = site_of('[take]\ncsrf = { json = "csrf" }\n[headers]\nX-T = "{csrf}"')
        script = Script([said(400, '{"csrf": "2"}')], _with_value("1"))
        with pytest.raises(UnexpectedReply):
            script.ask(site)
        assert script.session is not None
        assert script.session.values == {"csrf": "2"}
        assert isinstance(script.effects[-1], Discard)

    def test_a_value_in_a_header_of_the_final_answer(self) -> None:
        """A header is read from the answer that counts, not from the redirects that lead to it."""
        site = site_of('[take]\ncsrf = { header = "X-Next" }\n[headers]\nX-T = "{csrf}"')
        script = Script(
            [to("/elsewhere", 303, x_next="no"), said(200, '{"response": "a"}', x_next="2")], _with_value("1")
        )
        script.ask(site)
        assert script.session is not None
        assert script.session.values == {"csrf": "2"}

    def test_what_has_not_changed_is_not_merged(self) -> None:
        """An answer that brings nothing new takes no lock."""
        script = Script([reply()], old_session())
        script.ask()
        assert not any(isinstance(effect, Learn) for effect in script.effects)


class TestReply:
    """What a caller gets."""

    def test_the_whole(self) -> None:
        """Text, model, finish, usage, times: the site's own numbers where it gives both."""
        site = site_of(reply='json = "r"\nfinish = "why"\nusage = { input = "in", output = "out" }')
        script = Script([said(200, '{"r": "Good day.", "why": "length", "in": 7, "out": 3}')], _with_value("1"))
        answer = script.ask(site)
        assert (answer.text, answer.model, answer.finish, answer.fidelity) == ("Good day.", "bot", "length", "native")
        assert (answer.usage.input, answer.usage.output, answer.usage.estimated) == (7, 3, False)
        assert script.pieces == ["Good day."]

    @pytest.mark.parametrize("usage", ["", ', "in": 7', ', "out": 7', ', "in": "7", "out": 7'])
    def test_an_estimate(self, usage: str) -> None:
        """Where the site does not give both numbers, they are estimated, and say so."""
        site = site_of(reply='json = "r"\nusage = { input = "in", output = "out" }')
        answer = Script([said(200, f'{{"r": "Good day."{usage}}}')], _with_value("1")).ask(site)
        assert (answer.usage.input, answer.usage.output, answer.usage.estimated) == (2, 3, True)
        assert answer.finish == "stop"


@pytest.mark.parametrize("steps", range(8))
def test_a_flow_that_is_closed_asks_for_nothing(steps: int) -> None:
    """A caller may go away at any time; the driver cleans up, and the flow yields nothing more."""
    script = Script([limited("1"), CSRF, start(), reply()], old_session())
    flow = ask(VOIGPT, Turn((Message("user", "Hello"),), "m"), Call(script.now(), 60.0), Talk())
    result: object = None
    for _ in range(steps):
        result = script.perform(VOIGPT, flow.send(result))
    flow.close()


def _outcome(script: Script, site: object = VOIGPT) -> str | ChatdoorError:
    try:
        return script.ask(site).text  # type: ignore[arg-type]
    except ChatdoorError as error:
        return error


def _with_value(value: str) -> Session:
    return Session(generation=1, opened=0.0, values={"csrf": value})
