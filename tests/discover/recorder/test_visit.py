"""Visits in a real browser, on small sites: what is recorded, and what is said where nothing can be."""

import asyncio
import shutil
import threading
import tomllib
from collections.abc import Callable
from contextlib import suppress

import pytest
from playwright.async_api import Page

from chatdoor.discover.discovery import Discovery, discover
from chatdoor.discover.har import read_har
from chatdoor.discover.recorder import visit
from chatdoor.discover.recorder.tap import Tap
from chatdoor.discover.recorder.visit import Wish, record
from chatdoor.errors import BotCheckMet, NotRecorded
from tests.discover.recorder.sites import FORM, SAID, SCRIPT, Answer, chat, html, site
from tests.servers.authority import Authority

pytestmark = pytest.mark.skipif(shutil.which("chromium") is None, reason="see scripts/debian-packages.txt")

TALKS = "<script>(async () => { for (const text of %s) await say(text); document.title = 'said'; })();</script>"
TURNSTILE = '<h1>Just a moment</h1><script src="/x?https://challenges.cloudflare.com/turnstile"></script>'
SESSION = '{"id": "mlibUvnl4XbRRpYv9h8yfccGjZovGL3K"}'
OPENED = 'const opened = fetch("/session", { method: "POST" }).then(async (answer) => (await answer.json()).id);'
SIGN_IN = "<form><input name=user><input name=pass type=password><button>Sign in</button></form>"


def visited(url: str, told: list[str] | None = None, **wish: object) -> bytes:
    """What is recorded of one who says two sentences."""
    return record(
        Wish(url=url, headless=True, quiet=0.2, **{"say": SAID, **wish}),
        [].append if told is None else told.append,
        None,
    ).har


def found(data: bytes) -> Discovery:
    """What is discovered in it."""
    return discover(read_har(data, "the recording"), "the recording", SAID)


def test_a_chat_in_a_frame_behind_a_button() -> None:
    """A widget is opened by what says that it chats; its frame is another site's, and listened to from its start."""
    frame = '<iframe src="http://localhost:{port}/widget" width=400 height=400></iframe>'
    opener = f"<p>Shop</p><button onclick='document.body.innerHTML += `{frame}`'>Chat with us</button>"
    widget = FORM + SCRIPT.replace("{ text }", "{ text, session: await opened }").replace(
        "<script>", f"<script>{OPENED}"
    )
    routes = {"/": html(opener), "/widget": html(widget), "/session": (200, "application/json", SESSION), "/chat": chat}
    told: list[str] = []
    with site(routes) as port:
        made = found(visited(f"http://127.0.0.1:{port}/", told))
        assert made.site.url == f"http://localhost:{port}"
    assert told[-1] == "said 2 of 2, and the reply came"
    wanted = tomllib.loads(made.text)
    assert wanted["chat"]["json"] == {"text": "{prompt}", "session": "{conversation}"}
    assert wanted["conversation"]["start"] == {"post": "/session", "take": {"conversation": {"json": "id"}}}
    assert wanted["reply"] == {"json": "answer"}


def test_a_person_says_that_it_is_done() -> None:
    """Without --say the person chats, until Enter is pressed in the terminal."""
    done = threading.Event()

    def answered(sent: str) -> Answer:
        if SAID[1] in sent:
            threading.Timer(0.5, done.set).start()
        return chat(sent)

    page = html(FORM + SCRIPT + TALKS % list(SAID))
    with site({"/": page, "/chat": answered}) as port:
        data = record(Wish(url=f"http://127.0.0.1:{port}/", headless=True), lambda _: None, done.wait).har
    assert 'post = "/chat"' in found(data).text


def test_a_person_closes_the_window(monkeypatch: pytest.MonkeyPatch) -> None:
    """That ends the recording too, and nothing of it is lost."""
    when_opened(monkeypatch, lambda page: page.wait_for_function("document.title === 'said'"))
    page = html(FORM + SCRIPT + TALKS % list(SAID))
    with site({"/": page, "/chat": chat}) as port:
        data = record(Wish(url=f"http://127.0.0.1:{port}/", headless=True), lambda _: None, None).har
    assert 'post = "/chat"' in found(data).text


def when_opened(monkeypatch: pytest.MonkeyPatch, wait: Callable[[Page], object]) -> None:
    """Closes the window once the page has done what is waited for."""
    opened = Tap.open

    async def closing(tap: Tap) -> Page:
        page = await opened(tap)
        tap.closer = asyncio.ensure_future(close(page))  # type: ignore[attr-defined]  # kept from the collector
        return page

    async def close(page: Page) -> None:
        await wait(page)
        with suppress(asyncio.CancelledError):
            await page.close()

    monkeypatch.setattr(Tap, "open", closing)


def test_a_window_that_is_closed_too_early(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was not said yet can not be recorded."""
    when_opened(monkeypatch, lambda page: page.wait_for_function("document.body?.innerText.includes('Monday')"))
    with site({"/": html(FORM + SCRIPT), "/chat": chat}) as port, pytest.raises(NotRecorded, match="window was closed"):
        visited(f"http://127.0.0.1:{port}/")


def never(_sent: str) -> Answer:
    """An answer that comes when nobody waits any more."""
    threading.Event().wait(3)
    return 200, "application/json", "{}"


FAILURES = {
    "no box": ({"/": html("<p>Hello</p><form><input name=email></form>")}, "there is no box to type into"),
    "nothing sent": ({"/": html("<textarea></textarea>")}, "what was typed was not sent"),
    "no reply": ({"/": html(FORM + SCRIPT), "/chat": never}, "no reply came within 2 s"),
    "sign-in": ({"/": html(SIGN_IN)}, "it wants you to sign in; give --user and --password"),
}
"""What is wrong -> the site, and what is said."""


@pytest.mark.parametrize("what", FAILURES)
def test_what_can_not_be_recorded(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says what happened and what to do, and names the page."""
    monkeypatch.setattr(visit, "BOX_SECONDS", 1.0)
    monkeypatch.setattr(visit, "SENT_SECONDS", 0.5)
    routes, message = FAILURES[what]
    with site(routes) as port, pytest.raises(NotRecorded) as error:
        visited(f"http://127.0.0.1:{port}/", seconds=2.0)
    assert str(error.value).startswith(f"http://127.0.0.1:{port}/: {message}")


def test_a_password_that_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """The form that comes again says so, and the password is not told."""
    monkeypatch.setattr(visit, "SENT_SECONDS", 0.5)
    form = SIGN_IN.replace("<form>", "<form method=post>")
    with site({"/": html(form)}) as port, pytest.raises(NotRecorded, match="did not accept --user") as error:
        visited(f"http://127.0.0.1:{port}/", user="ada", password="lovelace")
    assert "lovelace" not in str(error.value)


def test_a_sign_in_that_the_form_does_not_send(monkeypatch: pytest.MonkeyPatch) -> None:
    """A browser holds back what is no e-mail address where the form wants one; that is told, and not a missing box."""
    monkeypatch.setattr(visit, "SENT_SECONDS", 0.5)
    form = SIGN_IN.replace("<input name=user>", "<input name=user type=email>")
    with site({"/": html(form)}) as port, pytest.raises(NotRecorded, match="does not send --user"):
        visited(f"http://127.0.0.1:{port}/", user="ada", password="lovelace", seconds=2.0)


def test_a_bot_check_is_met_and_not_passed() -> None:
    """A page that asks for proof of a person ends the visit, and its vendor is named."""
    with site({"/": html(TURNSTILE, 403)}) as port, pytest.raises(BotCheckMet, match="Turnstile"):
        visited(f"http://127.0.0.1:{port}/")


def test_a_certificate_of_our_own(authority: Authority) -> None:
    """It is trusted where its authority is named."""
    with site({"/": html(FORM + SCRIPT), "/chat": chat}, authority) as port:
        url = f"https://127.0.0.1:{port}/"
        made = found(visited(url, ca_file=str(authority.ca_file)))
    assert made.site.url == url.rstrip("/")
