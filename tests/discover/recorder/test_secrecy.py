"""What a person types as a password is known, wherever the field stands and whatever it is called."""

import shutil
import tomllib
from collections.abc import Awaitable, Callable

import pytest
from msgspec.structs import replace
from playwright.async_api import Page

from chatdoor.discover.discovery import discover
from chatdoor.discover.har import read_har
from chatdoor.discover.recorder.visit import Wish, record
from chatdoor.discover.scrub import scrub
from chatdoor.discover.tape import Taken
from tests.discover.recorder.sites import FORM, SAID, SCRIPT, chat, html, site
from tests.discover.recorder.test_visit import when_opened

pytestmark = pytest.mark.skipif(shutil.which("chromium") is None, reason="see scripts/debian-packages.txt")

PASSWORD = "Lovelace-1843"
LOGIN = f"""<input id=who><input id=secret><span id=in>Come in</span>{FORM}{SCRIPT}<script>
const field = (id) => document.getElementById(id);
field("secret").type = "password";
const enter = async () => {{
  const body = JSON.stringify({{ u: field("who").value, k: field("secret").value }});
  field("secret").value = "";
  const options = {{ method: "POST", headers: {{ "Content-Type": "application/json" }}, body }};
  await fetch("/in", options);
  document.title = "in";
}};
field("in").onclick = enter;
field("secret").oninput = () => field("secret").value.length === 4 && location.hash && enter();
const talk = async () => {{ for (const text of {list(SAID)}) await say(text); document.title = "said"; }};
field("who").addEventListener("dblclick", talk);
</script>"""
ROUTES = {"/": html(LOGIN), "/in": (200, "application/json", '{"ok": true}'), "/chat": chat}


def taken(monkeypatch: pytest.MonkeyPatch, types: Callable[[Page], Awaitable[object]], end: str = "") -> Taken:
    """What is recorded of one who types so, and then chats."""

    async def visit(page: Page) -> None:
        await page.wait_for_selector("#in")
        await types(page)
        await page.wait_for_function("document.title === 'in'")
        await page.dblclick("#who")
        await page.wait_for_function("document.title === 'said'")

    when_opened(monkeypatch, visit)
    with site(ROUTES) as port:
        return record(Wish(url=f"http://127.0.0.1:{port}/{end}", headless=True), lambda _: None, None)


async def by_hand(page: Page) -> None:
    """Types a letter too many, takes it back, and looks at what was typed before it is sent."""
    await page.type("#who", "ada")
    await page.type("#secret", PASSWORD[:4] + "x")
    await page.keyboard.press("Backspace")
    await page.evaluate("field('secret').type = 'text'")
    await page.keyboard.type(PASSWORD[4:])
    await page.click("#in")


async def a_pin(page: Page) -> None:
    """Types what the page sends by itself, once it is long enough, and empties."""
    await page.type("#secret", "7319")


def test_a_password_typed_by_hand_is_in_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is noted whole and alone; the site file signs in by reference, and the scrubbed recording does not hold it."""
    found = taken(monkeypatch, by_hand)
    assert found.passwords == (PASSWORD,)
    made = discover(replace(read_har(found.har, "a.har"), passwords=found.passwords), "a.har", SAID)
    sent = tomllib.loads(made.text)["session"]["json"]
    assert (sent["u"].rpartition("_")[2], sent["k"].rpartition("_")[2]) == ("USER}", "PASSWORD}")
    assert PASSWORD not in made.text + str(made.findings)
    assert PASSWORD.encode() not in scrub(found.har, "a.har", passwords=found.passwords).data


def test_a_password_that_the_page_sends_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is noted although nothing is pressed, and the page has emptied the field."""
    assert taken(monkeypatch, a_pin, "#pin").passwords == ("7319",)
