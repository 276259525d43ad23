"""Each two values of two options together: the site's own file, asked through the client, against the running site."""

from typing import get_args

import pytest

from chatdoor import Client, Practice
from chatdoor.errors import ConversationLost, LoginFailed, ReplyCutShort, SiteFailed
from chatdoor.practice.behaviour import Behaviour, Body, History, Login, Shape, Token
from chatdoor.practice.sitefile import site_text
from chatdoor.site import loads_site
from tests.practice.pairs import pairwise

KINDS = {"token": Token, "login": Login, "body": Body, "history": History, "reply": Shape}
OPTIONS = {
    "token": get_args(Token),
    "login": get_args(Login),
    "body": get_args(Body),
    "history": get_args(History),
    "reply": tuple(shape for shape in get_args(Shape) if shape != "websocket"),
}
ROTATES = {"rotate": (False, True)}
FRAMED = pairwise({**OPTIONS, "body": ("json",), "reply": ("websocket",), **ROTATES})
"""What comes in frames is JSON, so it goes with no other body."""
ROWS = [*pairwise({**OPTIONS, **ROTATES}), *FRAMED]
FIRST, SECOND = "I feel tired of my job", "hm"
REPLIES = (
    "Why do you feel tired of your job?",
    "Earlier you said that you feel tired of your job. Does that have to do with this?",
)
HEARD = {"client": [[FIRST], [FIRST, SECOND]], "none": [[FIRST], [SECOND]]}
KEPT: tuple[History, ...] = ("session", "id", "start")
SHAPES = get_args(Shape)


def _turns(*texts: str) -> list[dict[str, str]]:
    return [{"role": ("user", "assistant")[at % 2], "content": text} for at, text in enumerate(texts)]


@pytest.fixture(autouse=True)
def _guest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRACTICE_USER", "guest")
    monkeypatch.setenv("PRACTICE_PASSWORD", "guest")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: "-".join(map(str, row.values())))
def test_two_turns_are_heard_once_each(row: dict[str, object]) -> None:
    """Two turns get their replies, the second one with what was said before, and the site has heard each turn once."""
    practice = Practice(Behaviour.of(row))
    with practice as site, Client(site, allow_secrets=True) as client:
        first = client.ask(_turns(FIRST))
        second = client.ask(_turns(FIRST, first.text, SECOND))
    history = str(row["history"])
    assert (first.text, second.text) == (REPLIES[0], "Please go on." if history == "none" else REPLIES[1])
    assert practice.heard() == HEARD.get(history, [[FIRST, SECOND]])
    assert practice.stats()["accepted"] == 2


@pytest.mark.parametrize("name", OPTIONS)
def test_rows_hold_every_value(name: str) -> None:
    """No value of an option is left out, and each stands beside each value of the reply."""
    assert {row[name] for row in ROWS} == set(get_args(KINDS[name]))
    pairs = {(row[name], row["reply"]) for row in ROWS if row["reply"] != "websocket"}
    assert len(pairs) == len(OPTIONS[name]) * (1 if name == "reply" else len(OPTIONS["reply"]))
    framed = {row[name] for row in FRAMED}
    assert framed == {"body": {"json"}, "reply": {"websocket"}}.get(name, set(OPTIONS[name]))


@pytest.mark.parametrize("history", KEPT)
@pytest.mark.parametrize("reply", ["json", "html", "job-poll", "websocket"])
def test_a_forgotten_conversation_is_told_again(history: History, reply: Shape) -> None:
    """What the site has forgotten it hears once more, in a conversation of its own, and the reply says so."""
    practice = Practice(history=history, reply=reply)
    with practice as site, Client(site) as client:
        first = client.ask(_turns(FIRST))
        practice.faults(forget=True)
        second = client.ask(_turns(FIRST, first.text, SECOND))
    assert (second.text, second.fidelity) == (REPLIES[1], "replayed")
    assert practice.heard() == [[FIRST], [FIRST, SECOND]]
    assert (practice.stats()["lost"], practice.stats()["conversations"]) == (1, 2)


def test_conversations_are_forgotten_by_count() -> None:
    """Forgotten after every second prompt, a conversation is there for two turns and has to be told again then."""
    practice = Practice(history="start", forget_every=2)
    with practice as site, Client(site) as client:
        first = client.ask(_turns(FIRST))
        second = client.ask(_turns(FIRST, first.text, SECOND))
        practice.faults(forget_every=0)
        third = client.ask(_turns(FIRST, first.text, SECOND, second.text, "Yes"))
    assert (second.fidelity, third.fidelity) == ("native", "replayed")
    assert practice.heard() == [[FIRST, SECOND], [FIRST, SECOND, "Yes"]]


@pytest.mark.parametrize("login", get_args(Login))
@pytest.mark.parametrize("history", KEPT)
def test_an_expired_session_loses_no_turn(history: History, login: Login) -> None:
    """After tokens and logins expired the talk goes on: where it was, or told again where its visitor is gone."""
    practice = Practice(history=history, login=login)
    with practice as site, Client(site, allow_secrets=True) as client:
        first = client.ask(_turns(FIRST))
        practice.faults(expire=True)
        second = client.ask(_turns(FIRST, first.text, SECOND))
    gone = history == "session" and login != "none"
    assert (second.text, second.fidelity) == (REPLIES[1], "replayed" if gone else "native")
    assert practice.heard() == ([[FIRST], [FIRST, SECOND]] if gone else [[FIRST, SECOND]])


@pytest.mark.parametrize("history", KEPT)
def test_conversations_are_kept_apart(history: History) -> None:
    """Two talks at a time: each remembers its own, and none hears a turn of the other."""
    practice = Practice(history=history)
    with practice as site, Client(site) as client:
        one, other = client.ask(_turns(FIRST)), client.ask(_turns("My name is Ada."))
        client.ask(_turns(FIRST, one.text, SECOND))
        named = client.ask(_turns("My name is Ada.", other.text, "What is my name?"))
    assert "Ada" in named.text
    assert practice.heard() == [[FIRST, SECOND], ["My name is Ada.", "What is my name?"]]


@pytest.mark.parametrize("reply", [shape for shape in SHAPES if shape != "text"])
def test_an_error_inside_a_200_is_an_error(reply: Shape) -> None:
    """Each shape but plain text has a place for an error, and the site's file says where."""
    practice = Practice(reply=reply, error_every=2)
    with practice as site, Client(site) as client:
        client.ask(_turns("Hello"))
        with pytest.raises(SiteFailed):
            client.ask(_turns("Hello"))
    assert (practice.stats()["failed"], practice.stats()["accepted"]) == (1, 1)


@pytest.mark.parametrize("reply", [shape for shape in SHAPES if not shape.startswith(("html", "redirect"))])
def test_a_reply_cut_short_is_noticed(reply: Shape) -> None:
    """Each shape that is cut short is known to be."""
    with Practice(reply=reply, cut_every=1) as site, Client(site) as client, pytest.raises(ReplyCutShort):
        client.ask(_turns("Please count up to 20"))


def test_a_lost_conversation_can_be_refused() -> None:
    """A site file can say that nothing is told again; then the loss is an error."""
    practice = Practice(history="id")
    with practice:
        text = site_text(practice.behaviour, practice.url) + 'recover = "refuse"\n'
        with Client(loads_site(text, "practice")) as client:
            first = client.ask(_turns(FIRST))
            practice.faults(forget=True)
            with pytest.raises(ConversationLost):
                client.ask(_turns(FIRST, first.text, SECOND))


@pytest.mark.parametrize("login", ["form", "json"])
def test_wrong_credentials_are_a_failed_login(login: Login, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another password lets nobody in, and the error says that it was the login."""
    monkeypatch.setenv("PRACTICE_PASSWORD", "wrong")
    practice = Practice(login=login)
    with practice as site, Client(site, allow_secrets=True) as client, pytest.raises(LoginFailed):
        client.ask(_turns("Hello"))
    assert practice.heard() == []
