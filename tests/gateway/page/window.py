"""A browser window in which nothing may go wrong: errors, breaches of the policy and foreign requests fail the test."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from tests.gateway.door import Door

PHONE = {"width": 360, "height": 740}
DESK = {"width": 1280, "height": 800}
SECONDS = 30.0


LOADING = "Failed to load resource: "
ENDS = (
    "net::ERR_CONNECTION_",
    "net::ERR_EMPTY_RESPONSE",
    "net::ERR_SOCKET_",
    "the server responded with a status of 503",
)
GONE = tuple(LOADING + what for what in ENDS)
"""What the console says while a test's gateway ends, which the page may outlive for a moment."""


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """The system's Chromium, without a window."""
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("chromium is not installed; see scripts/debian-packages.txt")
    sandbox = ["--no-sandbox"] if getattr(os, "geteuid", lambda: 1)() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*sandbox, "--disable-dev-shm-usage"])
        yield browser
        browser.close()


@dataclass
class Window:
    """A page and what went wrong in it. `expected` are beginnings of console messages that a test provokes."""

    context: BrowserContext
    page: Page
    wrong: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)
    expected: list[str] = field(default_factory=lambda: list(GONE))

    def hear(self, message: ConsoleMessage) -> None:
        """Notes a word on the console that is no mere information."""
        if message.type in {"error", "warning"} and not message.text.startswith(tuple(self.expected)):
            self.wrong.append(f"{message.text} {message.location}")

    def open(self, door: Door) -> Page:
        """The gateway's page, ready for a message."""
        self.page.goto(f"http://127.0.0.1:{door.port}/")
        expect(self.page.get_by_label("Your message")).to_be_visible()
        return self.page

    def say(self, text: str) -> None:
        """Sends a message."""
        self.page.get_by_label("Your message").fill(text)
        self.page.get_by_role("button", name="Send", exact=True).click()

    def ask(self, text: str) -> str:
        """Sends a message and waits for the whole reply; its text."""
        count = self.page.locator("article.theirs").count()
        self.say(text)
        replies = self.page.locator("article.theirs:not([aria-busy])")
        expect(replies).to_have_count(count + 1)
        return str(replies.last.locator(".body").inner_text()).strip()

    def copied(self, button: str) -> str:
        """What a button puts on the clipboard."""
        self.page.get_by_role("button", name=button).click()
        expect(self.page.get_by_role("button", name="Copied")).to_be_visible()
        expect(self.page.get_by_role("button", name="Copied")).not_to_be_visible()
        return str(self.page.evaluate("navigator.clipboard.readText()"))


@contextlib.contextmanager
def window(browser: Browser, **options: Any) -> Iterator[Window]:
    """A window for the length of a block. Fails where anything went wrong in it."""
    context = browser.new_context(viewport=options.pop("viewport", DESK), **options)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.set_default_timeout(SECONDS * 1000)
    expect.set_options(timeout=SECONDS * 1000)
    opened = Window(context, page)
    page.on("console", opened.hear)
    page.on("pageerror", lambda error: opened.wrong.append(str(error)))
    page.on("dialog", lambda dialog: opened.wrong.append(f"a dialog: {dialog.message}"))
    page.on("request", lambda request: opened.hosts.add(urlsplit(request.url).netloc))
    yield opened
    context.close()
    assert not opened.wrong, opened.wrong
    assert len(opened.hosts) <= 1, f"requests went to {opened.hosts}"
