"""Every kind of token against a running site: shown, given back, refused."""

import re
from itertools import product
from typing import get_args

import pytest

from chatdoor.practice.behaviour import Behaviour, Body, History, Shape, Token
from tests.practice.browser import Browser, running, text_of

KINDS = [kind for kind in get_args(Token) if kind != "none"]
REFUSED = "CSRF verification failed. Request aborted."
BODIES: tuple[Body, ...] = ("json", "form")
HISTORIES: tuple[History, ...] = ("client", "none")
SHAPES: tuple[Shape, ...] = ("json", "sse-delta", "sse-cumulative")
COMBINED = [
    Behaviour(token=token, body=body, history=history, reply=reply)
    for token, body, history, reply in product(get_args(Token), BODIES, HISTORIES, SHAPES)
]


def _name(behaviour: Behaviour) -> str:
    return f"{behaviour.token}-{behaviour.body}-{behaviour.history}-{behaviour.reply}"


@pytest.mark.parametrize("behaviour", COMBINED, ids=_name)
def test_every_combination_answers(behaviour: Behaviour) -> None:
    """Each kind of token goes with each body, history and shape: the reply is the text of the conversation."""
    with running(behaviour) as practice:
        seen = Browser(practice.url, behaviour).open().say("I feel tired of my job", "hm")
        assert seen.status == 200, seen.text
        remembered = "Earlier you said that you feel tired of your job. Does that have to do with this?"
        assert text_of(seen, behaviour) == (remembered if behaviour.history == "client" else "Please go on.")
        assert practice.stats()["accepted"] == 1
        assert practice.stats()["refused"] == 0


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("given", ["", "0" * 32, "\xe9"])
def test_missing_and_wrong_tokens_are_refused(kind: Token, given: str) -> None:
    """Without the token, or with another, the answer is the 403 page that Django gives, and nothing is taken."""
    behaviour = Behaviour(token=kind)
    with running(behaviour) as practice:
        browser = Browser(practice.url, behaviour).open()
        browser.token = given
        seen = browser.say("Hello")
        assert (seen.status, seen.headers.get_content_type()) == (403, "text/html")
        assert REFUSED in seen.text
        assert ("CSRF token incorrect." if given else "CSRF token missing.") in seen.text
        assert practice.stats()["refused"] == 1
        assert practice.stats()["accepted"] == 0


@pytest.mark.parametrize("kind", KINDS)
def test_the_visitor_cookie_must_come_back(kind: Token) -> None:
    """The right token is no good without the visitor's cookie, nor with that of another visitor."""
    behaviour = Behaviour(token=kind)
    with running(behaviour) as practice:
        browser, other = Browser(practice.url, behaviour).open(), Browser(practice.url, behaviour).open()
        own = browser.cookies.pop("visitor")
        assert "Visitor cookie not set." in browser.say("Hello").text
        browser.cookies["visitor"] = "nobody"
        assert "Visitor not known." in browser.say("Hello").text
        browser.cookies["visitor"] = other.cookies["visitor"]
        assert "CSRF token incorrect." in browser.say("Hello").text
        browser.cookies["visitor"] = own
        assert browser.say("Hello").status == 200


def test_cookie_and_header_must_agree() -> None:
    """As with Django, the token's cookie must come back too, and be the same as the header."""
    with running() as practice:
        browser = Browser(practice.url).open()
        right = browser.cookies.pop("csrftoken")
        assert "CSRF cookie not set." in browser.say("Hello").text
        browser.cookies["csrftoken"] = "0" * 32
        assert "CSRF token incorrect." in browser.say("Hello").text
        browser.cookies["csrftoken"] = right
        assert browser.say("Hello").status == 200


def test_a_form_token_must_stand_in_the_form() -> None:
    """Where the page has a hidden field, a header in its place is refused."""
    behaviour = Behaviour(token="input", body="form")
    with running(behaviour) as practice:
        browser = Browser(practice.url, behaviour).open()
        body, headers = browser.parts("Hello")
        without = re.sub("&csrf_token=.*", "", body)
        seen = browser.send("POST", "/generate_response/", without, {**headers, "X-CSRFToken": browser.token})
        assert "CSRF token missing." in seen.text
        too_many = "x=1&" * 200 + body
        assert browser.send("POST", "/generate_response/", too_many, headers).status == 403
        assert browser.say("Hello").status == 200


@pytest.mark.parametrize("name", ["X-CSRFToken", "x-csrf-token"])
def test_both_names_of_the_header_are_good(name: str) -> None:
    """Django's name of the header is taken, and the one that others use."""
    with running() as practice:
        browser = Browser(practice.url).open()
        body, headers = browser.parts("Hello")
        del headers["X-CSRFToken"]
        assert browser.send("POST", "/generate_response/", body, {**headers, name: browser.token}).status == 200


@pytest.mark.parametrize(
    ("origin", "status"), [("{url}", 200), ("https://evil.example", 403), ("null", 403), ("http://127.0.0.1:1", 403)]
)
def test_the_origin_must_be_the_site(origin: str, status: int) -> None:
    """An Origin, where there is one, must be the site's own."""
    with running() as practice:
        browser = Browser(practice.url).open()
        body, headers = browser.parts("Hello")
        seen = browser.send("POST", "/generate_response/", body, {**headers, "Origin": origin.format(url=practice.url)})
        assert seen.status == status
        assert ("Origin checking failed." in seen.text) == (status == 403)


def test_a_site_without_tokens_needs_no_session() -> None:
    """Where there is no token, a prompt is taken from anybody."""
    behaviour = Behaviour(token="none")
    with running(behaviour) as practice:
        assert Browser(practice.url, behaviour).say("Hello").status == 200
        assert practice.stats()["tokens"] == 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_opened_again_keeps_visitor_and_token(kind: Token) -> None:
    """A visitor who opens the page again is the same visitor, with the same token."""
    behaviour = Behaviour(token=kind)
    with running(behaviour) as practice:
        browser = Browser(practice.url, behaviour).open()
        before = (browser.token, browser.cookies["visitor"])
        browser.open()
        assert ((browser.token, browser.cookies["visitor"]) == before) == (kind != "masked")
        assert browser.cookies["visitor"] == before[1]
        stats = practice.stats()
        assert (stats["tokens"], stats["visitors"]) == (1, 1)


@pytest.mark.parametrize("kind", KINDS)
def test_tokens_are_random(kind: Token) -> None:
    """No two visitors have the same token, and a token is long enough not to be guessed."""
    behaviour = Behaviour(token=kind)
    with running(behaviour) as practice:
        tokens = {Browser(practice.url, behaviour).open().token for _ in range(5)}
    assert len(tokens) == 5
    assert all(re.fullmatch("(?:[0-9a-f]{32}){1,2}", token) for token in tokens)


def test_a_masked_token_is_good_each_time() -> None:
    """Every page writes it differently, and every writing of it is good."""
    behaviour = Behaviour(token="masked")
    with running(behaviour) as practice:
        browser = Browser(practice.url, behaviour).open()
        first = browser.token
        assert browser.open().token != first
        assert browser.say("Hello").status == 200
        browser.token = first
        assert browser.say("Hello").status == 200
        assert practice.stats()["tokens"] == 1


def test_a_told_name_is_the_only_good_one() -> None:
    """Where a page tells the name of the header, the token counts in no other."""
    behaviour = Behaviour(token="named")
    with running(behaviour) as practice:
        browser = Browser(practice.url, behaviour).open()
        body, headers = browser.parts("Hello")
        token = headers.pop("X-XSRF-Token")
        assert browser.send("POST", "/generate_response/", body, {**headers, "X-CSRF-Token": token}).status == 403
        assert browser.say("Hello").status == 200


def test_the_token_of_another_form_is_no_good() -> None:
    """The page has another form before the right one, with a field of the same name."""
    behaviour = Behaviour(token="input")
    with running(behaviour) as practice:
        browser = Browser(practice.url, behaviour).open()
        page = browser.send("GET", "/").text
        first, second = re.findall('name="csrf_token" value="([^"]+)"', page)
        assert second == browser.token
        browser.token = first
        assert "CSRF token incorrect." in browser.say("Hello").text
