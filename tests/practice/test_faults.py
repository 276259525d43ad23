"""Faults of a running site, by option and by URL."""

import http.client
import json
import time

import pytest

from chatdoor.practice import Behaviour
from chatdoor.practice.behaviour import Shape, Token
from tests.practice.browser import CHAT, Browser, running, text_of

KINDS = ["cookie", "meta", "input", "header", "json"]


def _statuses(browser: Browser, count: int) -> list[int]:
    return [browser.say("Hello").status for _ in range(count)]


@pytest.mark.parametrize("kind", KINDS)
def test_expired_tokens_are_refused_until_renewed(kind: Token) -> None:
    """When tokens expire, the old one is refused, and the page shows a new one that is good."""
    behaviour = Behaviour(token=kind)
    with running(behaviour) as practice:
        browser = Browser(practice.url, behaviour).open()
        assert browser.say("Hello").status == 200
        practice.faults(expire=True)
        assert browser.say("Hello").status == 403
        assert browser.open().say("Hello").status == 200
        stats = practice.stats()
        assert (stats["accepted"], stats["refused"], stats["tokens"], stats["visitors"]) == (2, 1, 2, 1)


def test_tokens_expire_by_url() -> None:
    """A program without Python does the same by POST, with a query or a JSON object."""
    with running() as practice:
        browser = Browser(practice.url).open()
        assert browser.send("POST", "/faults?expire=1").status == 200
        assert browser.say("Hello").status == 403
        browser.open()
        assert browser.send("POST", "/faults", '{"expire": true}').status == 200
        assert browser.say("Hello").status == 403


def test_tokens_expire_by_count() -> None:
    """Tokens that expire after every second prompt are good for two."""
    with running(Behaviour(expire_every=2)) as practice:
        browser = Browser(practice.url).open()
        assert _statuses(browser, 3) == [200, 200, 403]
        assert _statuses(browser.open(), 3) == [200, 200, 403]


def test_conversations_mix_where_they_are_told_to() -> None:
    """What one visitor said comes up with the next one; without the fault it does not."""
    behaviour = Behaviour(history="session")
    with running(behaviour) as practice:
        Browser(practice.url, behaviour).open().say("My name is Ada")
        asking = Browser(practice.url, behaviour).open()
        assert "Ada" not in asking.say("What is my name?").text
        practice.faults(mix=True)
        assert "Ada" in asking.say("What is my name?").text


@pytest.mark.parametrize("shape", ["json", "sse-delta", "sse-cumulative"])
def test_rotation_by_cookie(shape: Shape) -> None:
    """With rotation each answer sets a new cookie, which is good, and the old one is dead."""
    behaviour = Behaviour(rotate=True, reply=shape)
    with running(behaviour) as practice:
        browser = Browser(practice.url, behaviour).open()
        old = browser.token
        assert browser.say("Hello").status == 200
        new = browser.cookies["csrftoken"]
        assert new != old
        browser.cookies["csrftoken"] = old
        assert browser.say("Hello").status == 403
        browser.cookies["csrftoken"] = browser.token = new
        assert browser.say("Hello").status == 200


def test_rotation_by_header() -> None:
    """With rotation each answer shows the next token in its header."""
    behaviour = Behaviour(token="header", rotate=True)
    with running(behaviour) as practice:
        browser = Browser(practice.url, behaviour).open()
        for _ in range(3):
            seen = browser.say("Hello")
            assert seen.status == 200
            assert seen.headers["X-CSRF-Token"] != browser.token
            browser.token = seen.headers["X-CSRF-Token"]


@pytest.mark.parametrize("shape", ["json", "sse-delta", "sse-cumulative"])
def test_rotation_by_json(shape: Shape) -> None:
    """With rotation each reply shows the next token beside its text: in the object, or in the first event."""
    behaviour = Behaviour(token="json", reply=shape, rotate=True)
    with running(behaviour) as practice:
        browser = Browser(practice.url, behaviour).open()
        for _ in range(3):
            seen = browser.say("Hello")
            assert seen.status == 200
            assert text_of(seen, behaviour) == "Hello. How do you feel today?"
            first = seen.text.splitlines()[0].removeprefix("data: ")
            browser.token = json.loads(first)["csrf"]


@pytest.mark.parametrize("kind", ["meta", "input"])
def test_rotation_by_page(kind: Token) -> None:
    """A token that stands in the page can be had from the page alone: after a prompt the old one is dead."""
    behaviour = Behaviour(token=kind, rotate=True)
    with running(behaviour) as practice:
        browser = Browser(practice.url, behaviour).open()
        assert _statuses(browser, 2) == [200, 403]
        assert _statuses(browser.open(), 1) == [200]


@pytest.mark.parametrize("kind", KINDS)
def test_rotation_with_the_page(kind: Token) -> None:
    """With rotation each look at the page, too, gives a new token, and the old one is dead."""
    behaviour = Behaviour(token=kind, rotate=True)
    with running(behaviour) as practice:
        browser = Browser(practice.url, behaviour).open()
        old = browser.token
        new = browser.open().token
        assert new != old
        browser.token = old
        assert browser.say("Hello").status == 403
        browser.token = new
        assert browser.say("Hello").status == 200


def test_every_nth_prompt_is_limited() -> None:
    """Every second prompt is answered 429 with the wait, and is not taken."""
    with running(Behaviour(limit_every=2, retry_after=7)) as practice:
        browser = Browser(practice.url).open()
        assert browser.say("Hello").status == 200
        seen = browser.say("Hello")
        assert (seen.status, seen.headers["Retry-After"]) == (429, "7")
        assert seen.json() == {"error": "too many prompts"}
        assert _statuses(browser, 2) == [200, 429]
        stats = practice.stats()
        assert (stats["accepted"], stats["limited"], stats["failed"]) == (2, 2, 0)


def test_every_nth_prompt_fails() -> None:
    """Every third prompt is answered 500 with a page, and is not taken."""
    with running(Behaviour(fail_every=3)) as practice:
        browser = Browser(practice.url).open()
        assert _statuses(browser, 6) == [200, 200, 500, 200, 200, 500]
        stats = practice.stats()
        assert (stats["accepted"], stats["failed"]) == (4, 2)


def test_refused_and_unreadable_prompts_do_not_count() -> None:
    """Only prompts with a good token and a readable body are counted towards the next fault."""
    with running(Behaviour(limit_every=2)) as practice:
        browser = Browser(practice.url).open()
        token, browser.token = browser.token, "wrong"
        assert _statuses(browser, 2) == [403, 403]
        browser.token = token
        _, headers = browser.parts("Hello")
        seen = browser.send("POST", CHAT, "{", headers)
        assert (seen.status, seen.json()) == (400, {"error": "the body is not JSON"})
        assert _statuses(browser, 2) == [200, 429]


def test_a_limit_comes_before_a_failure() -> None:
    """Where both are due, the answer is 429."""
    with running(Behaviour(fail_every=1, limit_every=2)) as practice:
        assert _statuses(Browser(practice.url).open(), 4) == [500, 429, 500, 429]


def test_faults_come_and_go_while_it_runs() -> None:
    """A fault can be set and taken back, by Python and by URL."""
    with running() as practice:
        browser = Browser(practice.url).open()
        assert practice.faults(fail_every=1)["fail_every"] == 1
        assert browser.say("Hello").status == 500
        assert browser.send("POST", "/faults?fail_every=0").json()["fail_every"] == 0
        assert browser.say("Hello").status == 200
        assert practice.faults() == browser.send("GET", "/faults").json()


def test_slow_answers_wait() -> None:
    """A slow site begins its answer after so many seconds; its page and its stats are not slow."""
    with running(Behaviour(slow=1.0)) as practice:
        browser = Browser(practice.url).open()
        begun = time.monotonic()
        assert browser.send("GET", "/stats").status == 200
        assert time.monotonic() - begun < 1.0
        assert browser.say("Hello").status == 200
        assert time.monotonic() - begun >= 1.0


def test_a_pause_lies_between_the_words() -> None:
    """With a pause the words of a stream come one after the other, not at once."""
    behaviour = Behaviour(reply="sse-delta", pause=0.3)
    with running(behaviour) as practice:
        browser = Browser(practice.url, behaviour).open()
        connection = http.client.HTTPConnection(practice.url.removeprefix("http://"), timeout=10)
        body, headers = browser.parts("count to 3")
        begun = time.monotonic()
        answer = browser.begin(connection, "POST", CHAT, body, headers)
        assert json.loads(answer.readline().removeprefix(b"data: ")) == {"delta": "1"}
        first = time.monotonic() - begun
        answer.read()
        connection.close()
        assert time.monotonic() - begun >= first + 0.4


def test_a_document_is_really_cut_short() -> None:
    """A document that is cut short ends before its promised length, with the connection."""
    with running(Behaviour(cut_every=2)) as practice:
        browser = Browser(practice.url).open()
        whole = browser.say("Hello")
        with pytest.raises(http.client.IncompleteRead) as caught:
            browser.say("Hello")
        assert whole.body.startswith(caught.value.partial)
        assert 0 < len(caught.value.partial) < len(whole.body)
        assert browser.say("Hello").status == 200
        stats = practice.stats()
        assert (stats["accepted"], stats["failed"]) == (3, 1)


@pytest.mark.parametrize("shape", ["sse-delta", "sse-cumulative"])
def test_a_stream_is_really_cut_short(shape: Shape) -> None:
    """A stream that is cut short ends without its end event, and the connection closes."""
    behaviour = Behaviour(cut_every=1, reply=shape)
    with running(behaviour) as practice:
        seen = Browser(practice.url, behaviour).open().say("Hello")
        assert seen.status == 200
        assert seen.headers["Connection"] == "close"
        assert seen.body.endswith(b"}\n\n")
        assert b"done" not in seen.body.lower()
        text = text_of(seen, behaviour)
        assert "Hello. How do you feel today?".startswith(text)
        assert 0 < len(text) < 29
