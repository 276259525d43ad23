"""Signing in, by a client that shares no line with the site."""

import json
from urllib.parse import urlencode

import pytest

from chatdoor.practice.behaviour import Behaviour
from chatdoor.practice.logins import Logins
from tests.practice.browser import Browser, Seen, running

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json"}


def _sign_in(browser: Browser, **fields: str) -> Seen:
    known = {"user": "guest", "password": "guest", "csrf_token": browser.cookies.get("csrftoken", "")}
    return browser.send("POST", "/login", urlencode({**known, **fields}), FORM)


def test_the_page_is_behind_the_login() -> None:
    """Without a login the page and the chat lead to the sign-in page, and nothing is taken."""
    with running(Behaviour(login="form")) as practice:
        browser = Browser(practice.url)
        for seen in (browser.send("GET", "/"), browser.say("Hello")):
            assert (seen.status, seen.headers["Location"]) == (303, "/login")
        assert practice.stats()["accepted"] == 0


def test_the_token_changes_at_the_login() -> None:
    """The right credentials lead to the page, with a new token; the one from before is dead."""
    with running(Behaviour(login="form")) as practice:
        browser = Browser(practice.url)
        browser.send("GET", "/login")
        before = browser.cookies["csrftoken"]
        seen = _sign_in(browser)
        assert (seen.status, seen.headers["Location"]) == (303, "/")
        assert browser.cookies["csrftoken"] != before
        assert browser.open().say("Hello").status == 200


@pytest.mark.parametrize(
    ("fields", "status"), [({"password": "wrong"}, 200), ({"user": ""}, 200), ({"csrf_token": "wrong"}, 403)]
)
def test_wrong_credentials_let_nobody_in(fields: dict[str, str], status: int) -> None:
    """Wrong credentials bring the sign-in page again, as frameworks do; a wrong token is refused."""
    with running(Behaviour(login="form")) as practice:
        browser = Browser(practice.url)
        browser.send("GET", "/login")
        assert _sign_in(browser, **fields).status == status
        assert browser.send("GET", "/").status == 303


def test_a_bearer_token_is_asked_for() -> None:
    """Where one signs in by JSON, the chat wants the bearer token that this gave, and no other."""
    behaviour = Behaviour(login="json", token="none")
    with running(behaviour) as practice:
        browser = Browser(practice.url, behaviour)
        body, headers = browser.parts("Hello")
        wrong = browser.send("POST", "/login", '{"user": "guest", "password": "x"}', JSON)
        token = browser.send("POST", "/login", '{"user": "guest", "password": "guest"}', JSON).json()["token"]
        seen = [
            browser.send("POST", "/generate_response/", body, {**headers, "Authorization": given}).status
            for given in ("", "Bearer x", f"Basic {token}", f"Bearer {token}")
        ]
        assert (wrong.status, seen) == (401, [401, 401, 401, 200])


@pytest.mark.parametrize("body", ["", "[]", "{"])
def test_a_login_that_makes_no_sense_is_refused(body: str) -> None:
    """What is no JSON object is answered 400, and so is a form of another type."""
    with running(Behaviour(login="json", token="none")) as practice:
        assert Browser(practice.url).send("POST", "/login", body, JSON).status == 400
    with running(Behaviour(login="form", token="none")) as practice:
        assert Browser(practice.url).send("POST", "/login", json.dumps({}), JSON).status == 400


def test_logins_expire() -> None:
    """When tokens expire, everybody has to sign in again."""
    with running(Behaviour(login="form", token="none")) as practice:
        browser = Browser(practice.url)
        _sign_in(browser)
        assert browser.send("GET", "/").status == 200
        practice.faults(expire=True)
        assert browser.send("GET", "/").status == 303


def test_a_visitor_can_leave() -> None:
    """Whoever leaves is another visitor afterwards, whose talk the site does not know."""
    behaviour = Behaviour(history="session", token="none")
    with running(behaviour) as practice:
        browser = Browser(practice.url, behaviour).open()
        before = browser.cookies["visitor"]
        browser.send("POST", "/leave")
        assert browser.cookies.pop("visitor") == ""
        assert browser.open().cookies["visitor"] != before


def test_logins_are_bounded() -> None:
    """No more logins are good than the limit; the oldest goes first."""
    logins = Logins(most=1)
    first, second = logins.bearer(), logins.bearer()
    assert (logins.is_in(first), logins.is_in(second)) == (False, True)
