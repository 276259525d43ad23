"""What a browser's failures are told as."""

import asyncio

import pytest
from playwright.async_api import Error

from chatdoor.discover.recorder.browser import PROBLEMS, Start, chromium, told
from chatdoor.errors import NotRecorded

MESSAGES = {
    "Page.goto: net::ERR_CONNECTION_REFUSED at http://127.0.0.1:1/\nCall log:": "nothing listens there",
    "Page.goto: net::ERR_CERT_AUTHORITY_INVALID at https://a/": "--ca-file FILE names your own authority's",
    "Page.goto: net::ERR_NAME_NOT_RESOLVED at http://nowhere/": "there is no such host",
    "Page.goto: net::ERR_HTTP2_PROTOCOL_ERROR at http://a/": "it can not be reached",
    "Page.goto: Timeout 1000ms exceeded.": "--timeout SECONDS gives it longer",
    "Target page, context or browser has been closed": "the window was closed",
    "browser has been closed\nLooks like you launched a headed browser without having a XServer": "no screen",
    "Chromium distribution 'chrome' is not found at /opt/google": "there is no Chromium; install it",
    "Something new\nand long": "the browser failed: Something new",
}
"""What Playwright says -> what is told."""


@pytest.mark.parametrize("message", MESSAGES)
def test_failures_are_told_in_plain_words(message: str) -> None:
    """The message names the place and the way out."""
    with pytest.raises(NotRecorded) as error, told("http://a/"):
        raise Error(message)
    assert str(error.value).startswith("http://a/: ")
    assert MESSAGES[message] in str(error.value)
    assert "\n" not in str(error.value)


def test_each_problem_says_what_to_do() -> None:
    """None is a mere statement."""
    assert all(";" in problem or problem.startswith("this is no URL") for problem in PROBLEMS.values())


def test_no_such_browser() -> None:
    """The message says how to name one."""

    async def start() -> None:
        async with chromium(Start(headless=True, browser="no-such-browser")):
            pass

    with pytest.raises(NotRecorded, match="there is no such program; --browser FILE names a Chromium"):
        asyncio.run(start())
