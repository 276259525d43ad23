"""A person talks to a site, in a real browser."""

import json
import os
import re
import subprocess
import sys

import pytest
from playwright.sync_api import Browser, Page, expect

from chatdoor.practice import Practice
from tests.gateway.door import Door, gateway, key, practice_door
from tests.gateway.page.window import PHONE, Window, window


def test_a_person_asks_and_reads_the_reply(seen: Window, door: Door) -> None:
    """The page opens with a site picked; what is written gets its reply, and who listens hears it."""
    page = seen.open(door)
    assert page.get_by_label("Site", exact=True).input_value() == "practice"
    assert seen.ask("say exactly: it works") == "it works"
    expect(page.get_by_role("status").filter(has_text="practice: it works")).to_have_count(1)
    expect(page.get_by_label("Your message")).to_be_focused()


def test_another_site_has_a_conversation_of_its_own(seen: Window) -> None:
    """Picking another site shows another conversation; the first one is still there afterwards."""
    with Practice() as site, gateway(site, aliases={"other": "practice"}) as door:
        page = seen.open(door)
        seen.ask("say exactly: first")
        page.get_by_label("Site", exact=True).select_option("other")
        expect(page.get_by_role("heading", name="Talk to other")).to_be_visible()
        assert seen.ask("say exactly: second") == "second"
        page.get_by_label("Site", exact=True).select_option("practice")
        expect(page.locator("article.theirs .body")).to_have_text(["first"])


@pytest.mark.parametrize("history", ["client", "session", "id"])
def test_a_later_turn_remembers_the_first(seen: Window, history: str) -> None:
    """Whoever keeps the history, a conversation goes on; a new one knows nothing of it."""
    with practice_door(history=history) as (door, _):
        page = seen.open(door)
        seen.ask("My name is Ada")
        seen.ask("say exactly: more")
        assert "Ada" in seen.ask("What is my name?")
        page.get_by_role("button", name="New conversation").click()
        expect(page.locator("article")).to_have_count(0)
        assert "Ada" not in seen.ask("What is my name?")


def test_a_reload_goes_on_where_it_was(seen: Window) -> None:
    """The tab keeps the picked site and its conversations over a reload, at the site too; a new one forgets it."""
    with Practice(history="id") as site, gateway(site, aliases={"other": "practice"}) as door:
        page = seen.open(door)
        page.get_by_label("Site", exact=True).select_option("other")
        seen.ask("My name is Ada")
        seen.ask("say exactly: **more**")
        page.reload()
        expect(page.get_by_label("Site", exact=True)).to_have_value("other")
        expect(page.locator("article.mine")).to_have_text(["My name is Ada", "say exactly: **more**"])
        expect(page.locator("article.theirs strong")).to_have_text(["more"])
        assert "say exactly: **more**" in seen.copied("Copy as curl")
        assert "Ada" in seen.ask("What is my name?")
        page.get_by_role("button", name="New conversation").click()
        page.reload()
        expect(page.get_by_role("heading", name="Talk to other")).to_be_visible()
        expect(page.locator("article")).to_have_count(0)


def test_a_reload_works_without_room_to_keep_it(seen: Window, door: Door) -> None:
    """What is too long for the tab's memory is shown all the same, and is gone after a reload."""
    page = seen.open(door)
    page.evaluate("sessionStorage.setItem('full', 'x'.repeat(5_242_000))")
    assert seen.ask("say exactly: " + "long " * 200).startswith("long")
    page.reload()
    expect(page.get_by_role("heading", name="Talk to practice")).to_be_visible()
    assert seen.ask("say exactly: short") == "short"


def test_an_input_method_keeps_its_enter(seen: Window, door: Door) -> None:
    """The Enter that takes a composed word does not send, however the browser says that it belongs to one."""
    page = seen.open(door)
    method = seen.context.new_cdp_session(page)
    method.send("Input.imeSetComposition", {"text": "にほん", "selectionStart": 3, "selectionEnd": 3})
    page.keyboard.press("Enter")
    page.get_by_label("Your message").dispatch_event("keydown", {"key": "Enter", "keyCode": 229})
    expect(page.locator("article")).to_have_count(0)
    method.send("Input.insertText", {"text": "日本"})
    page.keyboard.press("Enter")
    expect(page.locator("article.mine")).to_have_text("日本")


def test_a_reply_shows_while_it_comes_and_can_be_stopped(seen: Window) -> None:
    """Pieces show before the end. Escape stops the rest, the part stays, and the next turn works."""
    with practice_door(reply="sse-delta", pause=0.1) as (door, _):
        page = seen.open(door)
        seen.say("say exactly: " + "word " * 200)
        expect(page.locator("article.theirs")).to_contain_text("word word word")
        expect(page.get_by_role("button", name="Stop")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.get_by_text("Stopped.", exact=True).last).to_be_visible()
        expect(page.get_by_role("button", name="Send", exact=True)).to_be_visible()
        door.wait_until_idle()
        assert seen.ask("say exactly: on") == "on"


def test_the_stop_button_stops(seen: Window) -> None:
    """What Escape does, the button does. Until then the page says how long it waits."""
    with practice_door(slow=5.0) as (door, _):
        page = seen.open(door)
        seen.say("Hello")
        expect(page.locator("article.theirs .waiting")).to_have_text(re.compile(r"[1-4] s$"))
        page.get_by_role("button", name="Stop").click()
        expect(page.get_by_role("button", name="Send", exact=True)).to_be_visible()
        expect(page.locator("article.theirs .note")).to_have_text("Stopped.")


def test_the_keyboard_is_enough(seen: Window, door: Door) -> None:
    """From the skip link on, everything is reached by Tab, in the order in which it is seen."""
    page = seen.open(door)
    page.keyboard.type("say exactly: one")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("two")
    page.keyboard.press("Enter")
    expect(page.locator("article.mine")).to_have_text("say exactly: one\ntwo")
    expect(page.locator("article.theirs:not([aria-busy]) .body")).to_contain_text("one")
    page.locator(".skip").focus()
    order = []
    for _ in range(8):
        page.keyboard.press("Tab")
        order.append(page.evaluate("document.activeElement.id"))
    assert order == ["model", "new", "show-state", "talks", "prompt", "send", "copy-curl", "copy-python"]
    page.locator(".skip").press("Enter")
    expect(page.get_by_label("Your message")).to_be_focused()
    page.get_by_role("button", name="New conversation").press("Enter")
    expect(page.get_by_role("heading", name="Talk to practice")).to_be_visible()
    expect(page.get_by_label("Your message")).to_be_focused()


def test_the_copied_requests_run(seen: Window, door: Door) -> None:
    """The command and the program ask what was asked on the page, quotes and all."""
    seen.open(door)
    said = 'it\'s "done" $HOME \\ back `x` é 😀'
    seen.ask(f"say exactly: {said}")
    command = seen.copied("Copy as curl")
    answer = subprocess.run(["sh", "-c", command], capture_output=True, check=True, timeout=20).stdout
    assert json.loads(answer)["choices"][0]["message"]["content"] == said
    program = seen.copied("Copy as Python")
    environment = {**os.environ, "PYTHONUTF8": "1"}
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, timeout=30, env=environment)
    assert ran.stdout.decode().strip() == said
    seen.page.get_by_label("Your message").fill("What comes next")
    written = json.loads(seen.copied("Copy as curl").split("-d '")[1].rstrip("'\n").replace("'\\''", "'"))["messages"]
    assert [message["role"] for message in written] == ["user", "assistant", "user"]
    assert written[-1]["content"] == "What comes next"


def test_code_is_copied_as_it_is(seen: Window, door: Door) -> None:
    """A code block has a button that copies its text, blanks and all."""
    page = seen.open(door)
    page.get_by_label("Your message").fill("say exactly: ```py\nif a:\n    b = '<i>'\n```")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Copy the code").click()
    expect(page.locator(".code button")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == "if a:\n    b = '<i>'"
    expect(page.locator(".code button")).to_have_text("Copy")


def test_without_tls_it_copies_the_older_way(seen: Window, door: Door) -> None:
    """Where the browser offers no clipboard to a page, the copy buttons work all the same and leave the focus."""
    seen.page.add_init_script("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    page = seen.open(door)
    page.get_by_role("button", name="Copy as curl").click()
    copied = page.get_by_role("button", name="Copied")
    expect(copied).to_be_focused()
    page.get_by_label("Your message").focus()
    page.keyboard.press("Control+V")
    expect(page.get_by_label("Your message")).to_have_value(re.compile("^curl "))


def test_a_key_is_asked_for_and_kept_out_of_sight(seen: Window) -> None:
    """With keys the page asks for one, says where it is wrong, keeps it for the tab alone, and copies none."""
    seen.expected.append("Failed to load resource: the server responded with a status of 401")
    with Practice() as site, gateway(site, keys=[key("open-sesame")]) as door:
        page = seen.page
        page.goto(f"http://127.0.0.1:{door.port}/")
        field = page.get_by_label("API key")
        expect(field).to_be_focused()
        field.fill("kéy")
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_have_text("A key has visible ASCII characters alone.")
        field.fill("wrong")
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_have_text("This key is not known here.")
        field.fill("open-sesame")
        page.keyboard.press("Enter")
        assert seen.ask("say exactly: inside") == "inside"
        copied = seen.copied("Copy as curl")
        assert "sesame" not in copied + page.url + page.content()
        environment = {**os.environ, "CHATDOOR_API_KEY": "open-sesame"}
        ran = subprocess.run(["sh", "-c", copied], capture_output=True, check=True, timeout=20, env=environment)
        assert b"inside" in ran.stdout
        page.reload()
        expect(page.get_by_label("Your message")).to_be_visible()
        assert page.evaluate("localStorage.length") == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone(browser: Browser, door: Door, scheme: str) -> None:
    """At phone width nothing needs to be scrolled sideways, by day and by night, with the state shown or not."""
    with window(browser, viewport=PHONE, color_scheme=scheme, has_touch=True) as seen:
        page = seen.open(door)
        seen.ask("say exactly: " + "long" * 100)
        wider = "document.documentElement.scrollWidth > innerWidth"
        assert not page.evaluate(wider)
        page.get_by_role("button", name="State").click()
        expect(page.get_by_role("heading", name="Last requests")).to_be_visible()
        expect(page.get_by_label("Your message")).not_to_be_visible()
        assert not page.evaluate(wider)
        page.get_by_role("button", name="New").click()
        expect(page.get_by_label("Your message")).to_be_focused()
        ink, ground = page.evaluate(
            "[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]"
        )
        assert (brightness(ink) > brightness(ground)) == (scheme == "dark")


def test_it_holds_together_when_enlarged(seen: Window) -> None:
    """At 200 % the words of the bar stay whole beside a long name, and at 400 % there is room to read."""
    with Practice() as site, gateway(site, aliases={"a-site-with-quite-a-long-name-" * 2: "practice"}) as door:
        page = seen.open(door)
        page.set_viewport_size({"width": 640, "height": 400})
        assert height(page, ".pick label") < 30
        page.set_viewport_size({"width": 320, "height": 256})
        assert height(page, "#talks") > 120
        assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")


def height(page: Page, selector: str) -> float:
    """How high an element is, in pixels of the page."""
    return float(page.locator(selector).evaluate("element => element.getBoundingClientRect().height"))


def brightness(color: str) -> int:
    """The sum of red, green and blue of `rgb(1, 2, 3)`."""
    return sum(int(part) for part in color.removeprefix("rgb(").removesuffix(")").split(","))


def test_the_end_stays_in_sight_unless_the_reader_goes_back(seen: Window) -> None:
    """Who is at the end sees what comes; who reads further up is left there."""
    with practice_door(reply="sse-delta", pause=0.01) as (door, _):
        page = seen.open(door)
        left = "talks => talks.scrollHeight - talks.scrollTop - talks.clientHeight"
        talks = page.locator("#talks")
        for _ in range(3):
            seen.ask("say exactly: " + "word " * 120)
        assert talks.evaluate(left) < 2
        talks.evaluate("talks => { talks.scrollTop = 0 }")
        page.wait_for_timeout(100)
        seen.say("say exactly: " + "word " * 120)
        expect(page.locator("article.theirs").last).to_contain_text("word")
        talks.evaluate("talks => { talks.scrollTop = 0 }")
        expect(page.locator("article.theirs:not([aria-busy])")).to_have_count(4, timeout=10_000)
        assert talks.evaluate("talks => talks.scrollTop") == 0
        seen.say("say exactly: " + "word " * 120)
        expect(page.locator("article.theirs").last).to_contain_text("word")
        talks.hover()
        for _ in range(4):
            page.mouse.wheel(0, -15)
            page.wait_for_timeout(30)
        expect(page.locator("article.theirs:not([aria-busy])")).to_have_count(5, timeout=10_000)
        assert talks.evaluate(left) > 30
        page.emulate_media(media="print", color_scheme="dark")
        assert talks.evaluate("talks => talks.scrollHeight <= document.documentElement.scrollHeight")
        assert talks.evaluate("talks => getComputedStyle(talks).overflow") == "visible"
        assert brightness(page.evaluate("getComputedStyle(document.body).color")) < 300
        expect(page.get_by_label("Your message")).not_to_be_visible()
