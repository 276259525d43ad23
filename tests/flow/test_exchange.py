"""One step: its made values, its cookies, the waits. Redirects have a file of their own."""

import pytest

from chatdoor.errors import ArgumentError, ReadFailed, SiteFailed, TokenNotFound
from chatdoor.flow.chat import ask
from chatdoor.flow.cookies import Cookie, Jar
from chatdoor.flow.effects import Make, Moment, Request
from chatdoor.flow.exchange import Call, Visit
from chatdoor.flow.session import Session
from chatdoor.flow.talk import Talk
from chatdoor.flow.turn import Turn
from chatdoor.messages import Message
from tests.flow.script import NOW, Script, header, reply, said, site_of, start, to

FRESH = Session(generation=1, opened=0.0)


def test_values_are_made_once_for_a_step() -> None:
    """A wait and a second try send the same ones; the next call has new ones."""
    site = site_of(chat='json = { m = "{messages}", id = "{id}", again = "{id}" }\nmake = { id = "uuid4" }')
    script = Script([said(429, retry_after="1"), reply(), reply()], FRESH)
    script.ask(site)
    script.ask(site)
    ids = [(request.body or b"").partition(b'"id":')[2] for request in script.requests]
    assert ids == [b'"uuid4-1","again":"uuid4-1"}'] * 2 + [b'"uuid4-2","again":"uuid4-2"}']
    assert sum(isinstance(effect, Make) for effect in script.effects) == 2


def test_a_cookie_that_has_ended_is_not_sent() -> None:
    """What is kept of a session's cookies is kept until the first of them ends."""
    jar = Jar((Cookie("a", "1", "bot.example"), Cookie("b", "2", "bot.example", expires=NOW + 5)))
    visit = Visit(site_of(), Session(generation=1, opened=NOW, jar=jar), Call(Moment(0.0, NOW), 60.0), Talk())
    request, other = (Request("GET", "https://bot.example/", headers) for headers in ((), (("x-a", "1"),)))
    sent = [header(visit._with_cookies(each, ()), "cookie") for each in (request, request, other)]
    visit._now = NOW + 6
    sent += [header(visit._with_cookies(each, ()), "cookie") for each in (request, other)]
    assert sent == ["a=1; b=2"] * 3 + ["a=1"] * 2
    assert [header(visit._with_cookies(each, ()), "x-a") for each in (request, other)] == [None, "1"]


class TestStepCookies:
    """Cookies that a step adds to its own request."""

    SITE = site_of(
        'hosts = ["other.example"]\n[take]\ncsrf = { header = "X-T" }',
        chat='json = { m = "{messages}" }\ncookies = { consent = "yes", t = "{csrf?}", p = "{model}" }',
    )

    def test_they_stand_above_the_jar(self) -> None:
        """A cookie of the same name is sent once; the jar stays as it was."""
        script = Script([said(200, '{"response": "a"}', set_cookie="consent=no; Path=/"), reply()], FRESH)
        script.ask(self.SITE)
        script.ask(self.SITE)
        assert [header(request, "cookie") for request in script.requests] == ["consent=yes; p=bot"] * 2
        assert script.session is not None
        assert script.session.jar.get("consent") == "no"

    def test_they_follow_redirects_at_home_only(self) -> None:
        """They belong to the host of the step."""
        script = Script([to("/b"), to("https://other.example/"), said(200, '{"response": "a"}')], FRESH)
        script.ask(self.SITE)
        assert [header(request, "cookie") for request in script.requests] == ["consent=yes; p=bot"] * 2 + [None]

    @pytest.mark.parametrize("value", ["a; admin=1", "a\r\nX-Evil: 1", "é"])
    def test_no_value_makes_a_second_cookie(self, value: str) -> None:
        """What can not be in a cookie is an error before anything is sent."""
        script = Script([], Session(generation=1, opened=NOW, values={"csrf": value}))
        with pytest.raises(TokenNotFound, match="cookie 't' can not be sent"):
            script.ask(self.SITE)
        assert script.requests == []

    def test_a_missing_value_is_an_error(self) -> None:
        """As in a header."""
        site = site_of(chat='json = { m = "{messages}" }\ncookies = { p = "{prompt}" }')
        turn = Turn((Message("assistant", "Hello"),), "bot")
        script = Script([], FRESH)
        with pytest.raises(ArgumentError, match="no value prompt"):
            script.run(site, ask(site, turn, Call(script.now(), 60.0), Talk()))


class TestWaits:
    """Waits that a site asks for on the way in."""

    @pytest.mark.parametrize("status", [429, 503])
    def test_a_page_is_waited_for(self, status: int) -> None:
        """Asking twice for a page does no harm: 503 is waited for as 429 is."""
        script = Script([said(status, retry_after="2"), start(), reply()])
        assert script.ask().text == "Good day."
        assert script.story == "GET / | wait 2 | GET / | POST /generate_response/"

    def test_one_wait_in_a_call(self) -> None:
        """A wait for the page uses up the wait of the call."""
        script = Script([said(429, retry_after="2"), start(), said(429, retry_after="2")])
        with pytest.raises(Exception, match="asks for a wait once more, of 2 s"):
            script.ask()
        assert script.story == "GET / | wait 2 | GET / | POST /generate_response/"

    def test_the_answer_that_asks_for_it_is_closed(self) -> None:
        """Nothing of it is read while the call waits."""
        script = Script([said(429, b"slow down" * 1000, retry_after="2"), reply()], FRESH)
        script.ask(site_of())
        assert [type(effect).__name__ for effect in script.effects][1:5] == ["Send", "HoldOff", "Discard", "Sleep"]

    def test_a_503_without_a_wait_is_a_failure(self) -> None:
        """Nothing to wait for."""
        with pytest.raises(SiteFailed):
            Script([said(503)]).ask()

    def test_a_wait_that_ends_with_the_call_is_too_long(self) -> None:
        """There has to be time left after it."""
        script = Script([said(429, retry_after="10"), reply()], FRESH)
        with pytest.raises(Exception, match="a wait of 10 s, more than the timeout leaves"):
            script.ask(site_of(), timeout=10.0)
        assert Script([said(429, retry_after="10"), reply()], FRESH).ask(site_of(), timeout=10.1).text == "Good day."

    def test_a_wait_after_a_redirect_repeats_what_came_last(self) -> None:
        """Not the prompt: that was taken."""
        script = Script([to("/result"), said(429, retry_after="1"), reply()], FRESH)
        script.ask(site_of())
        assert script.story == "POST /chat | GET /result | wait 1 | GET /result"


class TestReadingAgain:
    """A page that the network lost on the way."""

    def test_a_page_is_asked_for_once_more(self) -> None:
        """A GET of `session` harms nobody; the second failure is the call's."""
        script = Script([ReadFailed("reset"), start(), reply()])
        assert script.ask().text == "Good day."
        assert script.story == "GET / | GET / | POST /generate_response/"
        script = Script([said(200, "<p>", ReadFailed("reset")), ReadFailed("reset again")])
        with pytest.raises(ReadFailed, match="again"):
            script.ask()
        assert script.story == "GET / | GET /"

    def test_a_login_is_not(self) -> None:
        """It may have been read."""
        script = Script([ReadFailed("reset")])
        with pytest.raises(ReadFailed):
            script.ask(site_of('[session]\npost = "/login"\nform = { user = "guest" }'))
        assert script.story == "POST /login"
