"""The practice site, each of its kinds: recorded as its page would be, discovered, and asked with what was written."""

import tomllib
from typing import get_args

import pytest

from chatdoor import Client, Practice
from chatdoor.discover.discovery import Discovery, discover
from chatdoor.discover.har import read_har
from chatdoor.practice import PASSWORD, USER, Behaviour
from chatdoor.practice.behaviour import Body, History, Login, Shape, Token
from tests.discover.practice_page import RecordedPage

TOLD = ("Hello, I am so tired of my work today", "My mother never listens to me")
FIRST, SECOND = "I feel tired of my job", "hm"
REPLY = "Why do you feel tired of your job?"
REMEMBERS = "Earlier you said that you feel tired of your job. Does that have to do with this?"
FORGETS = "Please go on."

TOKENS, LOGINS, BODIES, HISTORIES = (get_args(kind) for kind in (Token, Login, Body, History))
ROTATING = (("json", "session", "json"), ("form", "session", "html"), ("json", "id", "sse-delta"))
SHAPES: tuple[Shape, ...] = get_args(Shape)


def _rows() -> list[dict[str, object]]:
    """Each kind of reply with each kind of history, the other options in turn beside them; frames are JSON.

    And each kind of token where every page and reply brings a new one.
    """
    rows, at = [], 0
    for shape in SHAPES:
        for history in HISTORIES:
            body = "json" if shape == "websocket" else BODIES[at % len(BODIES)]
            token, login = TOKENS[at % len(TOKENS)], LOGINS[(at // 2) % len(LOGINS)]
            rows.append({"token": token, "login": login, "body": body, "history": history, "reply": shape})
            at += 1
    for token in (each for each in TOKENS if each != "none"):
        for body, history, shape in (
            ("json", "session", "json"),
            ("form", "session", "html"),
            ("json", "id", "sse-delta"),
        ):
            common = {"token": token, "login": "none", "body": body, "history": history, "reply": shape}
            rows.append({**common, "rotate": True})
    return rows


ROWS = _rows()


@pytest.fixture(autouse=True)
def _guest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SITE_USER", USER)
    monkeypatch.setenv("SITE_PASSWORD", PASSWORD)


def recorded(url: str, behaviour: Behaviour) -> bytes:
    """The recording of a visitor who says two sentences."""
    page = RecordedPage(url.rstrip("/"), behaviour)
    for text in TOLD:
        page.say(text)
    return page.har()


def found(data: bytes) -> Discovery:
    """What is discovered."""
    return discover(read_har(data, "practice.har"), "practice.har")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: "-".join(map(str, row.values())))
def test_a_discovered_site_talks(row: dict[str, object]) -> None:
    """Two turns get their replies, the second one with what was said before, and no line was written by hand."""
    behaviour = Behaviour.of(row)
    with Practice(behaviour) as site:
        made = found(recorded(site.url, behaviour))
        with Client(made.site, allow_secrets=True) as client:
            first = client.ask([{"role": "user", "content": FIRST}])
            said = [{"role": "user", "content": FIRST}, {"role": "assistant", "content": first.text}]
            second = client.ask([*said, {"role": "user", "content": SECOND}])
    assert (first.text, second.text) == (REPLY, FORGETS if row["history"] == "none" else REMEMBERS)


def test_rows_hold_every_value() -> None:
    """No value of an option is left out."""
    kinds = {"token": TOKENS, "login": LOGINS, "body": BODIES, "history": HISTORIES, "reply": SHAPES}
    assert {name: {row[name] for row in ROWS} for name in kinds} == {name: set(each) for name, each in kinds.items()}


def test_credentials_are_references() -> None:
    """The login's fields are read from the environment, and its page's token is taken."""
    behaviour = Behaviour(token="meta", login="form")
    with Practice(behaviour) as site:
        made = tomllib.loads(found(recorded(site.url, behaviour)).text)
    login = made["session"][1]
    assert login["form"] == {"csrf_token": "{csrf}", "user": "{env:SITE_USER}", "password": "{env:SITE_PASSWORD}"}
    assert login["expect"] == {"url": "/"}


def test_a_token_that_is_fetched_again_renews() -> None:
    """Where the page fetches a token in the middle of the talk, opening it again is known to leave the talk alone."""
    behaviour = Behaviour(token="meta", history="session", rotate=True)
    with Practice(behaviour) as site:
        made = tomllib.loads(found(recorded(site.url, behaviour)).text)
    assert made["session"] == {"get": "/", "refresh": True}
