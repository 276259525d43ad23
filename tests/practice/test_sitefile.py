"""The site file that a practice site describes itself with."""

import tomllib

import pytest

from chatdoor.practice.behaviour import Behaviour
from chatdoor.practice.sitefile import site_text

URL = "http://127.0.0.1:8000"


def test_the_default_is_the_protocol_of_voigpt() -> None:
    """Without options the file says: open the page, take the cookie, send it as Django's header, read `response`."""
    assert tomllib.loads(site_text(Behaviour(), URL)) == {
        "schema": 1,
        "name": "practice",
        "url": URL,
        "models": ["eliza"],
        "refused": {"status": 403},
        "session": {"get": "/"},
        "take": {"csrf": {"cookie": "csrftoken"}},
        "headers": {"X-CSRFToken": "{csrf}"},
        "chat": {"post": "/generate_response/", "json": {"messages": "{messages}"}},
        "reply": {"json": "response", "error": "error"},
    }


@pytest.mark.parametrize(
    ("options", "part"),
    [
        ({"token": "meta"}, {"take": {"csrf": {"meta": "csrf-token"}}, "headers": {"X-CSRF-Token": "{csrf}"}}),
        (
            {"token": "input"},
            {"take": {"csrf": {"css": "main input[name=csrf_token]"}}, "headers": {"X-CSRF-Token": "{csrf}"}},
        ),
        (
            {"token": "input", "body": "form"},
            {
                "take": {"csrf": {"css": "main input[name=csrf_token]"}},
                "chat": {
                    "post": "/generate_response/",
                    "form": {"messages": "{messages}", "csrf_token": "{csrf}"},
                },
            },
        ),
        ({"token": "header"}, {"take": {"csrf": {"header": "X-CSRF-Token"}}, "session": {"get": "/"}}),
        ({"token": "json"}, {"take": {"csrf": {"json": "csrf"}}, "session": {"get": "/session"}}),
        (
            {"history": "none"},
            {
                "chat": {"post": "/generate_response/", "json": {"prompt": "{prompt}"}},
                "conversation": {"history": "none"},
            },
        ),
        ({"reply": "sse-delta"}, {"reply": {"sse": "delta", "done": "[DONE]", "error": "error"}}),
        (
            {"reply": "sse-cumulative"},
            {"reply": {"sse": "text", "cumulative": True, "done": {"event": "done"}, "error": "error"}},
        ),
        ({"reply": "text"}, {"reply": {"text": True}}),
        ({"token": "none", "history": "session"}, {"refused": {"status": 403}, "session": {"get": "/"}}),
        ({"history": "session"}, {"session": {"get": "/", "refresh": True}}),
        (
            {"login": "json", "token": "none"},
            {
                "refused": {"status": [401, 403]},
                "session": {
                    "post": "/login",
                    "json": {"user": "{env:PRACTICE_USER}", "password": "{env:PRACTICE_PASSWORD}"},
                    "take": {"bearer": {"json": "token"}},
                },
                "headers": {"Authorization": "Bearer {bearer}"},
            },
        ),
    ],
)
def test_each_option_has_its_lines(options: dict[str, object], part: dict[str, object]) -> None:
    """What an option changes on the site, it changes in the file."""
    table = tomllib.loads(site_text(Behaviour.of(options), URL))
    assert {name: table[name] for name in part} == part


def test_a_login_names_its_secrets() -> None:
    """User and password stand in no site file: it says where they are."""
    text = site_text(Behaviour(login="form"), URL)
    assert "{env:PRACTICE_USER}" in text
    assert "guest" not in text


def test_no_token_needs_no_session() -> None:
    """A site without tokens has no session, takes nothing and refuses nothing."""
    table = tomllib.loads(site_text(Behaviour(token="none"), URL))
    assert not table.keys() & {"session", "take", "headers", "refused"}


def test_a_token_in_the_form_is_in_no_header() -> None:
    """Where the token goes into the form, no header holds it too."""
    assert "headers" not in tomllib.loads(site_text(Behaviour(token="input", body="form"), URL))
