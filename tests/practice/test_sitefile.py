"""The site file that a practice site describes itself with."""

import tomllib
from itertools import product
from typing import get_args

import pytest

from chatdoor.practice.behaviour import Behaviour, Body, History, Shape, Token
from chatdoor.practice.sitefile import site_text
from chatdoor.site import loads_site

URL = "http://127.0.0.1:8000"


@pytest.mark.parametrize(
    ("token", "body", "history", "reply"),
    list(product(get_args(Token), get_args(Body), get_args(History), get_args(Shape))),
)
def test_every_behaviour_has_a_site_file(token: Token, body: Body, history: History, reply: Shape) -> None:
    """Each combination of options is a site file that loads."""
    site = loads_site(site_text(Behaviour(token=token, body=body, history=history, reply=reply), URL), "practice")
    assert (site.name, site.url) == ("practice", URL)


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
        "reply": {"json": "response"},
    }


@pytest.mark.parametrize(
    ("options", "part"),
    [
        ({"token": "meta"}, {"take": {"csrf": {"meta": "csrf-token"}}, "headers": {"X-CSRF-Token": "{csrf}"}}),
        ({"token": "input"}, {"take": {"csrf": {"input": "csrf_token"}}, "headers": {"X-CSRF-Token": "{csrf}"}}),
        (
            {"token": "input", "body": "form"},
            {
                "take": {"csrf": {"input": "csrf_token"}},
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
        ({"reply": "sse-delta"}, {"reply": {"sse": "delta", "done": "[DONE]"}}),
        ({"reply": "sse-cumulative"}, {"reply": {"sse": "text", "cumulative": True, "done": {"event": "done"}}}),
    ],
)
def test_each_option_has_its_lines(options: dict[str, object], part: dict[str, object]) -> None:
    """What an option changes on the site, it changes in the file."""
    table = tomllib.loads(site_text(Behaviour.of(options), URL))
    assert {name: table[name] for name in part} == part


def test_no_token_needs_no_session() -> None:
    """A site without tokens has no session, takes nothing and refuses nothing."""
    table = tomllib.loads(site_text(Behaviour(token="none"), URL))
    assert not table.keys() & {"session", "take", "headers", "refused"}


def test_a_token_in_the_form_is_in_no_header() -> None:
    """Where the token goes into the form, no header holds it too."""
    assert "headers" not in tomllib.loads(site_text(Behaviour(token="input", body="form"), URL))
