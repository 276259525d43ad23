"""Secrets by reference in a flow: asked for when a step needs them, and shown nowhere."""

import msgspec
import pytest

from chatdoor.errors import ArgumentError, LoginFailed, UnexpectedReply
from chatdoor.flow.effects import Reveal, Send
from tests.flow.script import Script, header, page, reply, said, site_of

SITE = site_of(
    """hosts = ["api.example"]
[headers]
Authorization = "Bearer {env:KEY}"
[[session]]
get = "/in?t={env:TICKET}"
[[session]]
post = "https://api.example/login"
form = { user = "me", password = "{file:~/pass word}" }
cookies = { gate = "{keyring:bot/gate}" }""",
    chat='json = { m = "{messages}", "{env:FIELD}" = "x{env:KEY}" }',
)
SECRETS = {
    "env:KEY": "k3y-k3y",
    "env:TICKET": "t1/cket &",
    "file:~/pass word": "p4ss word",
    "keyring:bot/gate": "g4te",
    "env:FIELD": "f1eld",
}


def test_each_step_asks_for_its_own() -> None:
    """Right before it is sent, for the host that it goes to; the common headers' too."""
    script = Script([page(), said(), reply()], secrets=SECRETS)
    script.ask(SITE)
    told = [
        (effect.reference, effect.origin, effect.label) if isinstance(effect, Reveal) else "sent"
        for effect in script.effects
        if isinstance(effect, Reveal | Send)
    ]
    home, first, second = "https://bot.example", "step 1 of 2, GET /in?t={env:TICKET}", SITE.session[1].label
    assert told == [
        ("env:KEY", home, first),
        ("env:TICKET", home, first),
        "sent",
        ("env:KEY", "https://api.example", second),
        ("file:~/pass word", "https://api.example", second),
        ("keyring:bot/gate", "https://api.example", second),
        "sent",
        ("env:FIELD", home, "POST /chat"),
        ("env:KEY", home, "POST /chat"),
        "sent",
    ]


def test_they_are_sent_where_the_file_says() -> None:
    """In path, form, cookie, header, JSON and its keys."""
    script = Script([page(), said(), reply()], secrets=SECRETS)
    script.ask(SITE)
    first, second, chat = script.requests
    assert first.url == "https://bot.example/in?t=t1%2Fcket%20%26"
    assert second.body == b"user=me&password=p4ss+word"
    assert header(second, "cookie") == "gate=g4te"
    assert chat.body == b'{"m":[{"role":"user","content":"Hello"}],"f1eld":"xk3y-k3y"}'
    assert {header(request, "authorization") for request in script.requests} == {"Bearer k3y-k3y"}


def test_no_session_holds_one() -> None:
    """What is kept on a disk has none of them, nor a page whose address holds one; no Referer tells it."""
    script = Script([page("s=1"), said(), reply()], secrets=SECRETS)
    script.ask(SITE)
    assert script.session is not None
    kept = msgspec.json.encode(script.session).decode()
    assert not [text for text in (*SECRETS.values(), "cket") if text in kept]
    assert header(script.requests[2], "referer") == "https://bot.example/"


def test_a_site_that_repeats_one_is_masked() -> None:
    """In a login that fails, and in a reply that is none, in any encoding."""
    answers = [page(), said(400, "no p4ss word, p4ss+word, k3y-k3y here")]
    with pytest.raises(LoginFailed) as failed:
        Script(answers, secrets=SECRETS).open(SITE)
    assert "no ***, ***, *** here" in str(failed.value)
    with pytest.raises(UnexpectedReply) as odd:
        Script([page(), said(), said(200, '{"no": "k3y-k3y"}')], secrets=SECRETS).ask(SITE)
    assert "k3y" not in str(odd.value)


def test_a_step_that_sends_one_signs_in() -> None:
    """Also without a body: where it fails, the login failed."""
    site = site_of('[session]\nget = "/in?t={env:TICKET}"\nexpect = { url = "/home" }')
    with pytest.raises(LoginFailed):
        Script([page()], secrets=SECRETS).open(site)


def test_one_that_no_header_holds_is_the_callers_fault() -> None:
    """The error names the header, not the secret."""
    with pytest.raises(ArgumentError, match="the value for 'Authorization' has") as caught:
        Script([page()], secrets={**SECRETS, "env:KEY": "k3y\u00e9"}).open(SITE)
    assert "k3y" not in str(caught.value)
