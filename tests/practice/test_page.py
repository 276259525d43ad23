"""The practice site's own page, in a real browser."""

import re

import pytest
from playwright.sync_api import expect

from chatdoor.practice import Practice
from chatdoor.practice.behaviour import Body
from tests.gateway.page.window import chromium, window


def test_a_person_talks_to_the_practice_site() -> None:
    """Whoever opens its page asks and reads the reply, and the second turn remembers the first."""
    with Practice(reply="sse-delta") as site, chromium() as browser, window(browser) as seen:
        page = seen.page
        page.goto(site.url)
        box = page.get_by_label("Your message")
        box.fill("My name is Ada")
        page.get_by_role("button", name="Send").click()
        replies = page.locator("#talk li.assistant:not(.waiting)")
        expect(replies).to_have_text([re.compile("Ada")])
        box.fill("What is my name?")
        box.press("Enter")
        expect(replies.last).to_contain_text("Ada")
        expect(replies).to_have_count(2)


@pytest.mark.parametrize("body", ["form", "multipart"])
def test_a_script_signs_in_with_the_forms_token(body: Body) -> None:
    """Where the token stands in a form and the login is JSON, the page still sends it."""
    with Practice(token="input", login="json", body=body) as site, chromium() as browser, window(browser) as seen:
        seen.page.goto(site.url)
        seen.page.get_by_label("Your message").fill("My name is Ada")
        seen.page.get_by_role("button", name="Send").click()
        expect(seen.page.locator("#talk li.assistant:not(.waiting)")).to_have_text([re.compile("Ada")])
