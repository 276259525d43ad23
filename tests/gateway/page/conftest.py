"""A browser for the tests of the page."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.gateway.page.window import Window, chromium, window


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's Chromium, for the tests of one file: an event loop runs in their thread as long as it lives."""
    with chromium() as started:
        yield started


@pytest.fixture
def seen(browser: Browser) -> Iterator[Window]:
    """A window whose page may do nothing that a page must not."""
    with window(browser) as opened:
        yield opened
