"""Errors that a recording shows: what refused, what failed inside a 200, what the site forbids to say."""

import tomllib
from typing import Any

from chatdoor.discover.discovery import discover
from chatdoor.discover.har import read_har
from tests.discover.chats import ASKED, OTHER, SAID, TOKEN, events, got, page, pieces, recorded


def site(*entries: dict[str, Any]) -> dict[str, Any]:
    """The site file as a table."""
    return tomllib.loads(discover(read_har(recorded(*entries), "a.har"), "a.har").text)


def turn(at: int, answer: object, kind: str = "application/json", **more: Any) -> dict[str, Any]:
    """One turn, and its answer."""
    return got("POST", "/ask", answer, kind, body={"q": ASKED[at]}, **more)


def test_an_error_inside_a_200_is_no_reply() -> None:
    """Its place is `reply.error`; the turns that were answered make the chat."""
    found = site(
        page(),
        turn(0, {"answer": SAID[0], "error": None}),
        turn(1, {"answer": None, "error": {"code": 7, "message": "The model is overloaded, try again."}}),
        turn(1, {"answer": SAID[1], "error": None}),
    )
    assert found["reply"] == {"json": "answer", "error": "error.message"}


def test_an_error_in_a_stream_is_known_by_its_kind() -> None:
    """A record of a type of its own, after some text."""
    good = [events(*({"type": "delta", "text": each} for each in pieces(said)), {"type": "end"}) for said in SAID]
    bad = events({"type": "delta", "text": "It"}, {"type": "error", "code": 3})
    kind = "text/event-stream"
    found = site(page(), turn(0, good[0], kind), turn(1, bad, kind), turn(1, good[1], kind))
    assert found["reply"]["error"] == {"type": "error"}
    assert found["reply"]["sse"] == "text"


def test_a_refusal_that_was_mended_is_written_where_the_language_does_not_know_it() -> None:
    """A 422, a new token, the same text again: 422 refuses, beside what refuses anyway."""

    def form(token: str) -> str:
        return f'<html><meta name="my-token" content="{token}"></html>'

    found = site(
        page(form(TOKEN)),
        turn(0, {"answer": SAID[0]}, sent={"X-My-Token": TOKEN}),
        turn(1, {"detail": "token expired"}, sent={"X-My-Token": TOKEN}, status=422),
        page(form(OTHER)),
        turn(1, {"answer": SAID[1]}, sent={"X-My-Token": OTHER}),
    )
    assert found["refused"] == {"status": [401, 403, 419, 440, 422]}
    assert found["take"] == {"my_token": {"meta": "my-token"}}
    assert found["session"] == {"get": "/", "refresh": True}


def test_a_refusal_that_the_preset_knows_is_not_written() -> None:
    """Django's 403 stands in its preset."""
    sent = {"X-CSRFToken": TOKEN, "Cookie": f"csrftoken={TOKEN}"}
    found = site(
        page(csrftoken=TOKEN),
        turn(0, {"answer": SAID[0]}, sent=sent),
        turn(1, "<h1>CSRF verification failed.</h1>", "text/html", sent=sent, status=403),
        turn(1, {"answer": SAID[1]}, sent=sent),
    )
    assert found["extends"] == "django"
    assert "refused" not in found


def test_a_talk_that_was_gone() -> None:
    """A 404, and the same text once more in a new conversation."""
    ids = ("68cd3370-c16b-4505-aa7e-41d72b74d5d4", "0b5f2c11-2f7e-4a39-9d6c-5e8a3b1c9f70")

    def said(at: int, own: str, status: int = 200) -> dict[str, Any]:
        answer = {"answer": SAID[at]} if status == 200 else {"detail": "no such talk"}
        return got("POST", f"/talks/{own}/ask", answer, body={"q": ASKED[at]}, status=status)

    def opened(own: str) -> dict[str, Any]:
        return got("POST", "/talks", {"id": own}, body={}, status=201)

    found = site(page(), opened(ids[0]), said(0, ids[0]), said(1, ids[0], 404), opened(ids[1]), said(1, ids[1]))
    assert found["conversation"]["lost"] == {"status": 404}
    assert found["chat"]["post"] == "/talks/{conversation}/ask"


def test_what_the_site_forbids_to_say() -> None:
    """A code that speaks of the content is `blocked`, whatever its status."""
    found = site(
        page(),
        turn(0, {"answer": SAID[0]}),
        turn(1, {"error": {"code": "content_filter", "message": "Not here."}}, status=400),
        turn(1, {"answer": SAID[1]}),
    )
    assert found["blocked"] == {"json": {"error.code": "content_filter"}}
    assert "refused" not in found
