"""Habits of stacks that real pages showed: pairs, short ids in a path, refusals of sockets and forms, lost streams."""

import json
import tomllib
from typing import Any

import pytest

from chatdoor.discover.discovery import discover
from chatdoor.discover.har import read_har
from chatdoor.errors import RecordingError
from tests.discover.chats import ASKED, SAID, TOKEN, got, page, recorded


def written(*entries: dict[str, Any]) -> dict[str, Any]:
    """The site file, as a table."""
    return tomllib.loads(discover(read_har(recorded(*entries), "a.har"), "a.har").text)


def test_messages_that_are_pairs() -> None:
    """A list of role and text is a list of messages, whatever the other side is called."""
    first = [["human", ASKED[0]]]
    second = [*first, ["ai", SAID[0]], ["human", ASKED[1]]]
    turns = [got("POST", "/ask", {"answer": SAID[at]}, body={"turns": (first, second)[at]}) for at in range(2)]
    site = written(page(), *turns)
    assert site["chat"]["json"] == {"turns": "{messages}"}
    assert site["messages"] == {"item": ["{role}", "{text}"], "roles": {"user": "human", "assistant": "ai"}}


def talk(name: str, opened_by: str = "/", body: Any = (("go", "1"),)) -> list[dict[str, Any]]:
    """A talk whose page a redirect leads to, and whose form leads back there."""
    lines = [f"<p class=bot>{said}</p>" for said in SAID]
    opened = {"status": 303, "redirectURL": f"/c/{name}"}
    entries = [page(), got("POST", opened_by, "", "text/html", body=body, **opened), page("<form>", f"/c/{name}")]
    for at in range(2):
        sent = (("message", ASKED[at]),)
        entries.append(got("POST", f"/c/{name}", "", "text/html", body=sent, **opened))
        entries.append(page(f"<html><body>{''.join(lines[: at + 1])}</body></html>", f"/c/{name}"))
    return entries


@pytest.mark.parametrize("name", ["e_7yVFlO", "Kd27"])
def test_a_short_id_that_a_redirect_gave(name: str) -> None:
    """The page of a new talk is the conversation's, however short its name."""
    site = written(*talk(name))
    assert site["chat"]["post"] == "/c/{conversation}"
    assert site["conversation"]["start"]["post"] == "/"
    assert site["conversation"]["start"]["take"] == {"conversation": {"url": "c/([^/?&#]+)"}}


def test_a_path_that_is_no_id() -> None:
    """A plain word, and where one lands after a login, stay as they are."""
    assert written(*talk("lobby"))["chat"]["post"] == "/c/lobby"
    signed_in = talk("Room7", "/login", (("user", "ada"), ("password", "lovelace-1")))
    assert written(*signed_in)["chat"]["post"] == "/c/Room7"


def test_a_socket_that_is_closed_for_want_of_a_session() -> None:
    """The codes that most sites use are refusals."""
    frames = []
    for at in range(2):
        frames.append({"type": "send", "time": 2, "opcode": 1, "data": json.dumps({"text": ASKED[at]})})
        frames.append({"type": "receive", "time": 3, "opcode": 1, "data": json.dumps({"answer": SAID[at]})})
    socket = got("GET", "wss://bot.example.org/live", status=101)
    site = written(page(), {**socket, "_webSocketMessages": frames})
    assert site["refused"] == [{"status": [401, 403, 419, 440]}, {"close": [4401, 4403]}]


def test_a_form_whose_token_is_refused_with_400() -> None:
    """Flask-WTF's and Pyramid's field says how they refuse; another one does not."""
    for field, refused in (("csrf_token", {"status": [400, 401, 403, 419, 440]}), ("authenticity_token", None)):
        opened = page(f'<form><input type=hidden name={field} value="{TOKEN}"></form>')
        turns = [got("POST", "/ask", {"answer": SAID[at]}, body=((field, TOKEN), ("q", ASKED[at]))) for at in range(2)]
        assert written(opened, *turns).get("refused") == refused


def test_a_stream_that_the_recorder_lost() -> None:
    """The message says which recorder keeps it."""
    asked = got("POST", "/jobs", {"job": 1}, body={"q": ASKED[0]})
    stream = got("GET", "/jobs/1", "", "text/event-stream")
    with pytest.raises(RecordingError, match=r"a stream after it was not kept by .*; chatdoor record keeps it"):
        written(page(), asked, stream)
