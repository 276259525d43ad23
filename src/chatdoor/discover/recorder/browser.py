"""The system's Chromium: started for one recording, and gone after it."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any, Final

import msgspec
from playwright.async_api import Browser, BrowserContext, Error, async_playwright

from chatdoor.errors import NotRecorded

COMMANDS: Final = (
    *(
        "chromium",
        "chromium-browser",
        "google-chrome",
        "google-chrome-stable",
        "microsoft-edge",
        "microsoft-edge-stable",
    ),
)
"""The names that Chromium and its kin have, in the order in which they are looked for."""

ARGUMENTS: Final = ("--disable-background-networking", "--disable-component-update", "--no-first-run", "--no-pings")
"""The browser speaks with the site alone. It does not hide that a program has started it."""

CLOSE_SECONDS: Final = 10.0
"""How long a browser may take to close."""

INSTALL: Final = "install it (Debian: apt install chromium), or name one with --browser FILE"

PROBLEMS: Final[Mapping[str, str]] = {
    "XServer": "there is no screen to open a window on; use --headless with --say TEXT",
    "$DISPLAY": "there is no screen to open a window on; use --headless with --say TEXT",
    "sandbox": "the browser's sandbox does not work here; see chromium --help, or run where it does",
    "ERR_CERT_": "its certificate is not trusted; --ca-file FILE names your own authority's certificates (PEM)",
    "ERR_NAME_NOT_RESOLVED": "there is no such host; look at the URL",
    "ERR_CONNECTION_REFUSED": "nothing listens there; is the site running, and the port right?",
    "ERR_UNSAFE_PORT": "browsers refuse this port; let the site listen on another one",
    "ERR_SSL_PROTOCOL_ERROR": "it does not speak TLS; try http://",
    "ERR_INVALID_URL": "this is no URL",
    "Cannot navigate to invalid URL": "this is no URL",
    "ERR_": "it can not be reached; open it in your own browser to see why",
    "Target page, context or browser has been closed": "the window was closed before all was said; record again",
    "Target closed": "the window was closed before all was said; record again",
    "crashed": "the page crashed; record again",
    "has been closed": "the browser ended; record again",
    "is not found at": f"there is no Chromium; {INSTALL}",
    "executable doesn't exist": f"there is no Chromium; {INSTALL}",
    "Executable doesn't exist": f"there is no Chromium; {INSTALL}",
    "Failed to launch": "the browser does not start; try it by hand, or name another one with --browser FILE",
    "Timeout": "it took too long; --timeout SECONDS gives it longer",
}
"""Mark in Playwright's message -> what is told. The first that fits counts."""


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """How the browser is started: with a window or without, which one, and the key that it may trust."""

    headless: bool = False
    browser: str | None = None
    key: str | None = None


@asynccontextmanager
async def chromium(start: Start) -> AsyncIterator[BrowserContext]:
    """A browser with an empty profile, for the length of a block. Raises NotRecorded where it does not start."""
    trusted = [f"--ignore-certificate-errors-spki-list={start.key}"] if start.key else []
    async with async_playwright() as playwright:
        with told("the browser"):
            browser = await playwright.chromium.launch(
                **_which(start.browser),
                headless=start.headless,
                args=[*ARGUMENTS, *trusted],
                chromium_sandbox=getattr(os, "geteuid", lambda: 1)() != 0,  # Chromium refuses it to root
                handle_sigint=False,  # Ctrl-C comes to us, and we end it
            )
        try:
            yield await browser.new_context(no_viewport=not start.headless, service_workers="block")
        finally:
            await _close(browser)


async def _close(browser: Browser) -> None:
    """Closes it; one that does not close in time, or has ended, is killed when Playwright ends."""
    with suppress(Error, TimeoutError):
        async with asyncio.timeout(CLOSE_SECONDS):
            for context in browser.contexts:
                await context.close()
            await browser.close()


def _which(named: str | None) -> dict[str, Any]:
    """Which browser Playwright starts: the one that is named, one on the path, or Chrome where it usually is."""
    found = shutil.which(named) if named else next(filter(None, map(shutil.which, COMMANDS)), None)
    if named and found is None:
        raise NotRecorded(f"{named}: there is no such program; --browser FILE names a Chromium")
    return {"executable_path": found} if found else {"channel": "chrome"}


@contextmanager
def told(place: str) -> Iterator[None]:
    """Turns what Playwright raises in a block into NotRecorded, which names the place and the way out."""
    try:
        yield
    except Error as error:
        raise NotRecorded(f"{place}: {_problem(error.message)}") from error


def _problem(message: str) -> str:
    first = message.strip().partition("\n")[0]
    return next((told for mark, told in PROBLEMS.items() if mark in message), f"the browser failed: {first}")
