"""What was discovered is proven against real servers, and mended by what they answer; the servers count."""

import random
import re
import socket
import threading
from typing import Any

import pytest

from chatdoor import Client, Practice
from chatdoor.discover.discovery import Discovery, discover
from chatdoor.discover.har import read_har
from chatdoor.discover.live import Mended, Speech, prove
from chatdoor.discover.opaque import opaque_runs
from chatdoor.errors import (
    ArgumentError,
    BotCheckMet,
    ConnectFailed,
    RateLimited,
    SiteFailed,
    TimedOut,
    UnexpectedReply,
)
from chatdoor.practice import Behaviour
from chatdoor.practice.behaviour import Body, History, Login, Shape, Token
from tests.discover.chats import OTHER, TOKEN
from tests.discover.live_share import ACCOUNT, OPTIONS, TOLD, answers, found_live, random_behaviour, recorded, wanted
from tests.discover.picky import CAPTCHA, Picky, after, serving
from tests.discover.recorded_stack import record_django, record_visit
from tests.discover.sanitised import sanitised, without_pages
from tests.practice.pairs import pairwise
from tests.servers.django_server import DjangoServer
from tests.servers.stacks.accounts import PASSWORD, USER
from tests.servers.stacks.fixtures import Stack

STACKS = ("django_login", "flask_wtf", "fastapi", "php", "tornado", "express", "rails")
SAYS = ("Where is my parcel, please?", "And when does the shop open tomorrow?")
SEED = 20261122
FAST = tuple(shape for shape in OPTIONS["reply"] if shape != "job-poll")
"""A file that was discovered looks for a job each second."""


def _rows() -> list[Behaviour]:
    """Each value of each option, with each kind of token and login together."""
    wide = pairwise({"token": OPTIONS["token"], "login": OPTIONS["login"]})
    chance, rows = random.Random(SEED), []
    for at, row in enumerate(wide):
        shapes = OPTIONS["reply"] if at < len(OPTIONS["reply"]) else FAST
        shape = shapes[at % len(shapes)]
        body = "json" if shape == "websocket" else OPTIONS["body"][at % len(OPTIONS["body"])]
        history = OPTIONS["history"][at % len(OPTIONS["history"])]
        rows.append(Behaviour.of({**row, "reply": shape, "body": body, "history": history}))
    return [*rows, *(random_behaviour(chance) for _ in range(5))]


ROWS = _rows()


@pytest.fixture(autouse=True)
def _account(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ACCOUNT.items():
        monkeypatch.setenv(name, value)


def found(data: bytes) -> Discovery:
    """What is discovered."""
    return discover(read_har(data, "chat.har"), "chat.har")


def said(mended: Mended, sureness: str) -> str:
    """The findings of one kind, a line each."""
    return "\n".join(each.text for each in mended.findings if each.sureness == sureness)


@pytest.mark.parametrize("behaviour", ROWS, ids=lambda each: f"{each.token}-{each.login}-{each.history}-{each.reply}")
def test_every_practice_site_is_found(behaviour: Behaviour) -> None:
    """From a recording without cookies and without the pages, a file that talks and remembers, and no line by hand."""
    practice = Practice(behaviour)
    with practice as site:
        mended = found_live(site.url, behaviour, pages=False)
        assert (mended.error, mended.works) == (None, True), mended.error
        assert answers(mended) == wanted(behaviour)
    assert mended.requests <= 40
    assert list(opaque_runs(mended.text)) == []


def test_a_bearer_whose_answer_was_not_kept() -> None:
    """The live login says where its token is, though the recording has neither that nor the header that sends it."""
    behaviour = Behaviour(login="json", token="cookie", history="session")
    with Practice(behaviour) as site:
        data = without_pages(recorded(site.url, behaviour, pages=True), TOLD[0].split(",")[0], kind="")
        mended = prove(found(data), allow_secrets=True)
        assert (mended.error, mended.works) == (None, True), mended.error
        assert answers(mended) == wanted(behaviour)
    assert 'Authorization = "Bearer {bearer}"' in mended.text


def test_rows_hold_every_value() -> None:
    """No value of an option is left out, and each token meets each login."""
    for name, values in {"body": Body, "history": History, "login": Login, "reply": Shape, "token": Token}.items():
        assert {getattr(row, name) for row in ROWS} == set(OPTIONS[name]), values
    assert {(row.token, row.login) for row in ROWS} >= {(t, o) for t in OPTIONS["token"] for o in OPTIONS["login"]}


@pytest.mark.parametrize("bodies", [True, False], ids=["bodies", "no-bodies"])
@pytest.mark.parametrize("name", STACKS)
def test_every_stack_is_found(name: str, bodies: bool, stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """The token that a default export hides comes from where the framework keeps it; the site heard each turn once."""
    monkeypatch.setenv("SITE_USER", USER)
    monkeypatch.setenv("SITE_PASSWORD", PASSWORD)
    server = stack(name)
    data = sanitised(record_visit(server, *SAYS, open_page=True))
    mended = prove(found(data if bodies else without_pages(data, SAYS[0].split()[0], kind="")), allow_secrets=True)
    assert (mended.error, mended.works) == (None, True), mended.error
    server.reset()
    with Client(mended.site, allow_secrets=True) as client:
        first = client.ask([{"role": "user", "content": "The key is blue"}])
        turns = [{"role": "user", "content": "The key is blue"}, {"role": "assistant", "content": first.text}]
        second = client.ask([*turns, {"role": "user", "content": "secret?"}])
    assert second.text == "You said 2 things; the first was: The key is blue"
    assert server.stats().heard[-1] == ["The key is blue", "secret?"]


def test_djangos_cookie_is_found(django_http: DjangoServer) -> None:
    """`csrftoken`, the header that sends it, and that the client keeps the history."""
    mended = prove(found(without_pages(sanitised(record_django(django_http, *SAYS)), SAYS[0].split()[0])))
    assert (mended.error, mended.works) == (None, True)
    assert 'extends = "django"  # csrf: proven needed, HTTP 403 without it' in mended.text
    with Client(mended.site) as client:
        assert client.ask([{"role": "user", "content": "Hello"}]).text


@pytest.mark.parametrize("pages", [True, False], ids=["pages", "no-pages"])
def test_an_xsrf_cookie_is_found(pages: bool, stack: Stack) -> None:
    """The cookie that Laravel, Angular and axios share, by the name of its header alone."""
    data = sanitised(record_visit(stack("starlette"), *SAYS, open_page=True))
    mended = prove(found(data if pages else without_pages(data, SAYS[0].split()[0])))
    assert (mended.error, mended.works) == (None, True)
    assert 'extends = "xsrf-cookie"  # csrf: proven needed, HTTP 403 without it' in mended.text


def test_needless_headers_are_left_out() -> None:
    """Of five recorded headers the two that the site looks at are kept, and their line says why."""
    with serving(Picky(wants={"X-App": "web", "X-Requested-With": ""})) as site:
        names = {"X_App": "web", "X_Build": "red", "X_Requested_With": "XMLHttpRequest", "X_Lang": "en", "X_Tab": "one"}
        mended = prove(found(site.recording(**names)))
    assert (mended.error, mended.works) == (None, True)
    assert "X-App" in mended.text
    assert "X-Requested-With" in mended.text
    assert not [name for name in ("X-Build", "X-Lang", "X-Tab") if name in mended.text]
    assert "X-App: proven needed, HTTP 400 without it" in said(mended, "proven")
    assert "not needed, left out" in said(mended, "proven")


def test_a_token_that_nobody_looks_at_is_left_out() -> None:
    """A header that holds what looks like a secret, and that the site does not want, leaves no reference behind."""
    with serving(Picky()) as site:
        mended = prove(found(site.recording(X_Api_Key=OTHER)))
    assert "env:" not in mended.text
    assert "X-Api-Key: not needed, left out" in said(mended, "proven")
    assert "X_API_KEY" not in said(mended, "unknown")


def test_a_secret_that_is_needed_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """No page holds it: the file of the recording stays, and works once the variable is set."""
    with serving(Picky(wants={"X-Api-Key": "a-key"})) as site:
        drafted = found(site.recording(X_Api_Key=OTHER))
        mended = prove(drafted)
        assert (mended.works, mended.text) == (False, drafted.text)
        assert isinstance(mended.error, UnexpectedReply)
        monkeypatch.setenv("SITE_API_KEY", "a-key")
        assert prove(drafted, allow_secrets=True).works


def test_a_new_status_of_refusal_is_learned() -> None:
    """What the site answers without the token becomes `refused`, where no file would know it."""
    with serving(Picky(wants={"X-CSRF-Token": TOKEN})) as site:
        mended = prove(found(site.recording(X_CSRF_Token=TOKEN)))
    assert (mended.error, mended.works) == (None, True)
    assert "refused = { status = [400, 401, 403, 419, 440] }  # proven: HTTP 400 without the token" in mended.text
    assert "refusal: a message with a wrong token was refused (HTTP 400)" in said(mended, "proven")


@pytest.mark.parametrize("most", [1, 3, 6, 9, 14])
def test_the_budget_is_kept(most: int) -> None:
    """The site counts no more requests than were allowed; what was proven by then stays."""
    with serving(Picky(wants={"X-App": "web"})) as site:
        mended = prove(found(site.recording(X_App="web", X_Build="red")), requests=most)
    assert len(site.requests) == mended.requests <= most
    assert mended.works == (most >= 3)
    told = said(mended, "unknown") if mended.works else str(mended.error)
    assert re.search(r"requests are (used up|left, too few)", told) or most == 14


TROUBLES: dict[str, tuple[Any, type[Exception], str]] = {
    "limited at once": (after(1, 429, Retry_After="30"), RateLimited, "slow down, for 30 s"),
    "limited later": (after(5, 429), RateLimited, "slow down (HTTP 429)"),
    "overloaded": (after(1, 503), SiteFailed, "HTTP 503"),
    "a bot check": (after(1, 403, CAPTCHA), BotCheckMet, "Cloudflare"),
    "a bot check later": (after(4, 403, CAPTCHA), BotCheckMet, "Cloudflare"),
    "another site": (after(1, 404, "<h1>Not here</h1>"), UnexpectedReply, "HTTP 404"),
}


@pytest.mark.parametrize("name", TROUBLES)
def test_trouble_ends_it(name: str) -> None:
    """The error says what it was, nothing more is sent after it, and the file of the recording is there."""
    trouble, kind, words = TROUBLES[name]
    with serving(Picky(wants={"X-App": "web"}, trouble=trouble)) as site:
        drafted = found(site.recording(X_App="web", X_Build="red"))
        mended = prove(drafted)
    assert isinstance(mended.error, kind), mended.error
    assert words in str(mended.error)
    assert len(site.requests) <= 8
    assert mended.works == name.endswith("later")
    if not mended.works:
        assert (mended.text, mended.findings[: len(drafted.findings)]) == (drafted.text, drafted.findings)


def test_a_site_that_is_down() -> None:
    """Nothing answers: one error, and the file of the recording."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        drafted = found(Picky(url=f"http://127.0.0.1:{free.getsockname()[1]}").recording())
        mended = prove(drafted)
    assert isinstance(mended.error, ConnectFailed)
    assert (mended.works, mended.text) == (False, drafted.text)


def test_a_site_that_is_slow() -> None:
    """The time that was given for an answer is kept."""
    gate = threading.Event()

    def wait(_count: int) -> None:
        gate.wait(5)

    with serving(Picky(trouble=wait)) as site:
        mended = prove(found(site.recording()), timeout=0.3)
        gate.set()
    assert isinstance(mended.error, TimedOut)


def test_missing_credentials_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both variables, before anything is sent."""
    behaviour = Behaviour(login="form")
    practice = Practice(behaviour)
    with practice as site:
        drafted = found(recorded(site.url, behaviour, pages=True))
        for name in ACCOUNT:
            monkeypatch.delenv(name)
        before = practice.stats()
        mended = prove(drafted, allow_secrets=True)
        assert practice.stats() == before
    assert isinstance(mended.error, ArgumentError)
    assert "set SITE_USER and SITE_PASSWORD in the environment" in str(mended.error)
    assert (mended.works, mended.text) == (False, drafted.text)


def test_a_wrong_password_is_tried_at_most_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sites lock an account; the error says that the credentials were not accepted."""
    monkeypatch.setenv("SITE_PASSWORD", "wrong")
    behaviour = Behaviour(login="form")
    with Practice(behaviour) as site:
        mended = found_live(site.url, behaviour, pages=True)
    assert "wrong user or password?" in str(mended.error)
    assert mended.requests <= 12


def test_what_is_said_is_what_was_told() -> None:
    """A prompt of the caller's goes out in single messages, a made-up word in those that ask for memory."""
    with serving(Picky()) as site:
        mended = prove(found(site.recording(X_Build="red")), speech=Speech(prompt="Where is my parcel?"))
    single = [text for text in site.messages if text == "Where is my parcel?"]
    others = {text.partition(" is ")[0] for text in site.messages if text != "Where is my parcel?"}
    assert (mended.works, bool(single), others) == (True, True, {"My name", "What"})


@pytest.mark.parametrize("remembers", [True, False])
def test_memory_is_told(remembers: bool) -> None:
    """Shown, it answers the question of the recording; not shown, the question stays."""
    with serving(Picky(remembers=remembers)) as site:
        mended = prove(found(site.recording()))
    assert mended.works
    assert ("memory: the second turn knew" in said(mended, "proven")) == remembers
    assert ("does the site remember?" in said(mended, "unknown")) != remembers
    assert ("does it remember the turn before?" in said(mended, "guessed")) != remembers


def test_an_id_that_needs_its_session() -> None:
    """Where another session does not find the conversation by its id, the file keeps to the session."""
    with serving(Picky()) as site:
        drafted = found(site.recording(named=True))
        mended = prove(drafted)
    assert 'history = "id"' in drafted.text
    assert (mended.works, "history = " in mended.text) == (True, False)
    assert "history: with the session" in said(mended, "proven")


def test_a_number_that_is_none() -> None:
    """The error names it."""
    with pytest.raises(ArgumentError, match="requests"):
        prove(found(Picky(url="http://127.0.0.1:9").recording()), requests=0)
