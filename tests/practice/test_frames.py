"""Prompts in frames: what each frame gets, and who may open a websocket."""

import json

import pytest

from chatdoor.practice import Behaviour, Practice
from chatdoor.practice.frames import Heard, answer_frame, takes_frames
from chatdoor.practice.state import State
from chatdoor.practice.wire import CHAT_PATH, Request
from tests.practice.browser import Browser

HOST = "127.0.0.1:8000"
PROMPT = {"prompt": "Hello"}


def _handshake(path: str = CHAT_PATH, **headers: str) -> Request:
    return Request(method="GET", path=path, headers={"host": HOST, **headers}, port=8000)


def _state(**options: str) -> State:
    return State(Behaviour.of({"reply": "websocket", "history": "id", **options}))


def _heard(frame: object, state: State, **headers: str) -> Heard:
    return answer_frame(_handshake(**headers), json.dumps(frame).encode(), state)


def test_a_reply_comes_word_by_word_and_has_an_end() -> None:
    """The conversation's id comes first; each word is a frame."""
    first, *words, end = map(json.loads, _heard(PROMPT, _state(token="none")).frames)
    assert set(first) == {"conversation"}
    assert {word["type"] for word in words} == {"token"}
    assert len(words) > 1
    assert end == {"type": "done"}


REFUSED = [
    ({"token": "meta"}, PROMPT, 4403),
    ({"token": "meta"}, {**PROMPT, "csrf": "wrong"}, 4403),
    ({"token": "none", "login": "form"}, PROMPT, 4401),
    ({"token": "none", "login": "json"}, {**PROMPT, "bearer": "wrong"}, 4401),
    ({"token": "none"}, {**PROMPT, "conversation": "unknown"}, 4404),
]


@pytest.mark.parametrize(("options", "frame", "code"), REFUSED)
def test_a_close_code_says_why(options: dict[str, str], frame: dict[str, str], code: int) -> None:
    """Nothing is said before it, and nothing was heard."""
    state = _state(**options)
    assert _heard(frame, state) == Heard((), code)
    assert state.conversations.heard() == []


@pytest.mark.parametrize("kind", ["meta", "cookie", "named"])
def test_a_token_in_the_frame_is_good(kind: str) -> None:
    """Whatever header it would be in elsewhere. A header of the handshake does not count."""
    state = _state(token=kind)
    visitor = state.visitors.admit(None)
    token = state.visitors.token(visitor)
    cookie = f"visitor={visitor}; csrftoken={token}"
    assert _heard({**PROMPT, "csrf": token}, state, cookie=cookie).close == 0
    headers = {"x-csrftoken": token, "x-xsrf-token": token}
    assert _heard(PROMPT, state, cookie=cookie, **headers).close == 4403


@pytest.mark.parametrize("frame", [b"no JSON", b"[]", b'{"prompt": 5}', b"\xff"])
def test_a_frame_that_makes_no_sense_is_told_so(frame: bytes) -> None:
    """The connection stays."""
    heard = answer_frame(_handshake(), frame, _state(token="none"))
    assert heard.close == 0
    (told,) = heard.frames
    assert set(json.loads(told)) == {"error"}


def test_a_failure_closes_the_connection() -> None:
    """1011 is what servers say then."""
    state = State(Behaviour(reply="websocket", token="none", history="none", fail_every=1))
    assert _heard(PROMPT, state) == Heard((), 1011)


CLOSED = [
    ({"reply": "json"}, _handshake()),
    ({"reply": "websocket"}, _handshake("/")),
    ({"reply": "websocket"}, _handshake(origin="https://foreign.example")),
    ({"reply": "websocket"}, _handshake(host="foreign.example")),
]


@pytest.mark.parametrize(("options", "handshake"), CLOSED)
def test_a_websocket_is_opened_by_own_pages_only(options: dict[str, str], handshake: Request) -> None:
    """At the path of the chat, where the site speaks that way."""
    assert not takes_frames(handshake, State(Behaviour.of(options)))
    assert takes_frames(_handshake(origin=f"http://{HOST}"), _state())


def test_a_prompt_that_is_posted_gets_426() -> None:
    """The site says how it wants to be spoken to."""
    with Practice(reply="websocket") as site:
        answer = Browser(site.url).send("POST", CHAT_PATH, b"{}")
    assert (answer.status, answer.headers["Upgrade"]) == (426, "websocket")
