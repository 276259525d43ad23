"""The state panel tells a person how the sites are."""

import re

from playwright.sync_api import expect

from chatdoor.gateway.quota import Quota
from chatdoor.practice import Practice
from tests.gateway.door import Door, gateway, key, practice_door
from tests.gateway.page.window import PHONE, Window

NOTHING = {"now": 0, "keys": False, "texts": False, "sites": [], "requests": []}


def test_a_fault_of_the_site_shows_with_its_way_out(seen: Window) -> None:
    """After an error the site is failing, in words; the panel and the conversation say what to do. Then it is well."""
    seen.expected.append("Failed to load resource: the server responded with a status of 424")
    with practice_door(fail_every=2) as (door, _):
        page = seen.open(door)
        card = page.get_by_role("listitem").filter(has_text="practice")
        expect(card).to_contain_text("not asked yet")
        seen.ask("Hello")
        expect(card).to_contain_text("ready")
        seen.say("Hello again")
        expect(page.locator("article [role=alert]")).to_contain_text("tell its operator")
        expect(card).to_contain_text("failing")
        expect(card).to_contain_text("The site itself has an error. Ask again in a while")
        expect(card.get_by_role("img")).to_have_attribute("aria-label", re.compile("last 2 requests.*1 with an error"))
        ago = card.locator(".failed strong")
        before = ago.inner_text()
        card.get_by_text("The site itself").select_text()
        expect(ago).not_to_have_text(before)
        assert page.evaluate("getSelection().toString()").startswith("The site itself has an error.")
        page.get_by_role("button", name="Try again").click()
        expect(page.get_by_role("button", name="Try again")).to_have_count(0)
        expect(card).not_to_contain_text("failing")
        expect(card).to_contain_text("Session")
        expect(page.get_by_role("row")).to_have_count(4)


def test_a_cut_says_what_the_gateway_knows(seen: Window) -> None:
    """The connection breaks with the reply: the part stays, with the reason and the way out, however soon it breaks."""
    seen.expected.append("Failed to load resource: net::ERR_INCOMPLETE_CHUNKED_ENCODING")
    with practice_door(cut_every=1, reply="sse-delta", pause=0.01) as (door, _):
        page = seen.open(door)
        for count in range(1, 6):
            seen.say("say exactly: " + "word " * 20)
            expect(page.locator("article [role=alert]")).to_have_count(count)
        for alert in page.locator("article [role=alert]").all_inner_texts():
            assert "the stream ends before" in alert
            assert "breaks long answers off" in alert
        expect(page.locator("article.theirs .body").last).to_contain_text("word")


def test_a_gateway_that_ends_is_said(seen: Window) -> None:
    """Once the gateway is gone the page says so, also where the panel is not shown, and no more once it is back."""
    seen.expected.append("Failed to load resource")
    with Practice() as site, gateway(site) as door:
        page = seen.open(door)
        page.set_viewport_size(PHONE)
    gone = page.get_by_text("The gateway does not answer.")
    expect(gone).to_be_visible()
    page.route("**/v1/chatdoor/state", lambda route: route.fulfill(json=NOTHING))
    expect(gone).not_to_be_visible()


def test_a_state_that_is_refused_at_first_is_said(seen: Window, door: Door) -> None:
    """Who opens the page while the gateway is too busy reads why there is nothing to see; then the page opens."""
    seen.expected.append("Failed to load resource")
    busy = {"error": {"message": "Too many requests at once.", "code": "busy"}}
    seen.page.route("**/v1/chatdoor/state", lambda route: route.fulfill(status=503, json=busy), times=1)
    seen.page.goto(f"http://127.0.0.1:{door.port}/")
    expect(seen.page.get_by_text("Too many requests at once.")).to_be_visible()
    expect(seen.page.get_by_label("Your message")).to_be_focused()
    expect(seen.page.get_by_text("Too many requests at once.")).not_to_be_visible()


def test_a_key_at_its_limit_still_sees_the_state(seen: Window) -> None:
    """Looking at the page costs no request of the limit; one too many is refused with the reason."""
    seen.expected.append("Failed to load resource: the server responded with a status of 4")
    with Practice() as site, gateway(site, keys=[key("sesame", quota=Quota(None, 1))]) as door:
        seen.page.goto(f"http://127.0.0.1:{door.port}/")
        seen.page.get_by_label("API key").fill("sesame")
        seen.page.keyboard.press("Enter")
        assert seen.ask("say exactly: one") == "one"
        seen.say("say exactly: two")
        expect(seen.page.locator("article [role=alert]")).to_contain_text("day")
        expect(seen.page.get_by_role("listitem").filter(has_text="practice")).to_contain_text("ready")
