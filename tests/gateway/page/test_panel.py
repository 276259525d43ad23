"""The state panel tells a person how the sites are."""

import re

from playwright.sync_api import expect

from chatdoor.practice import Practice
from tests.gateway.door import gateway, practice_door
from tests.gateway.page.window import Window


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
    with practice_door(cut_every=1, reply="sse-delta") as (door, _):
        page = seen.open(door)
        for count in range(1, 6):
            seen.say("say exactly: " + "word " * 20)
            expect(page.locator("article [role=alert]")).to_have_count(count)
        for alert in page.locator("article [role=alert]").all_inner_texts():
            assert "the stream ends before" in alert
            assert "breaks long answers off" in alert
        expect(page.locator("article.theirs .body").last).to_contain_text("word")


def test_a_gateway_that_ends_is_said(seen: Window) -> None:
    """Once the gateway is gone the panel says so, rather than show an old state as the present one."""
    seen.expected.append("Failed to load resource")
    with Practice() as site, gateway(site) as door:
        page = seen.open(door)
    expect(page.get_by_text("The gateway does not answer.")).to_be_visible()
