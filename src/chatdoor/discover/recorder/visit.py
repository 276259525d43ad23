"""One visit that is recorded: a person chats in the window, or the texts that were given are typed for them."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import msgspec
from playwright.async_api import BrowserContext, Error, Page

from chatdoor._version import __version__
from chatdoor.discover.recorder.browser import Start, chromium, told
from chatdoor.discover.recorder.hands import (
    Fields,
    find_fields,
    page_text,
    press_opener,
    press_send,
    sign_in,
    type_text,
)
from chatdoor.discover.recorder.secrecy import Noted
from chatdoor.discover.recorder.tap import Tap
from chatdoor.discover.recorder.trust import trusted_key
from chatdoor.discover.settling import Settling, Sight
from chatdoor.discover.tape import Taken, Tape
from chatdoor.errors import BotCheckMet, NotRecorded
from chatdoor.flow.bot_check import bot_check_instead

BOX_SECONDS: Final = 15.0
"""How long a page may take to show a box, where nobody has to sign in."""

PERSON_SECONDS: Final = 600.0
"""How long a person may take to sign in, and to close what lies over the chat."""

OPEN_SECONDS: Final = 1.5
"""How long a page without a box is waited for before what opens a chat is pressed."""

SENT_SECONDS: Final = 3.0
"""How long a page may take to send what was typed."""

LOOK_SECONDS: Final = 0.1
"""Between two looks at the page."""

Tell = Callable[[str], None]
"""Takes a line for the person."""


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What is recorded. Without `say` the person chats.

    `seconds` is for one reply and for loading the page, `quiet` how long all has to be quiet after a reply.
    """

    url: str
    say: tuple[str, ...] = ()
    headless: bool = False
    browser: str | None = None
    ca_file: str | None = None
    user: str | None = None
    password: str | None = None
    seconds: float = 60.0
    quiet: float = 2.0


def record(wish: Wish, tell: Tell, wait: Callable[[], object] | None) -> Taken:
    """The recording. `wait` returns when the person says at the terminal that all is done.

    Raises NotRecorded, which says what to do, and BotCheckMet. The browser has ended then, also after Ctrl-C.
    """
    start = Start(headless=wish.headless, browser=wish.browser, key=trusted_key(wish.url, wish.ca_file))
    return asyncio.run(_record(wish, start, tell, wait))


async def _record(wish: Wish, start: Start, tell: Tell, wait: Callable[[], object] | None) -> Taken:
    tape, noted = Tape(), Noted(wish.password)
    async with chromium(start) as context:
        tap = Tap(context, tape)
        with told(wish.url):
            if not wish.say:
                context.on("dialog", lambda _: None)  # the person answers it; by default it is dismissed
            await noted.listen(context)
            page = await tap.open()
            tell(f"opening {wish.url}")
            await page.goto(wish.url, timeout=wish.seconds * 1000, wait_until="domcontentloaded")
            if wish.say:
                await Visit(wish, page, tape, tell).say_all()
            else:
                tell("sign in if you have to, say two sentences, wait for both replies; then close the window")
                await _until_left(context, tell, wait)
            await tap.finish()
    return Taken(tape.har("chatdoor", __version__), noted.texts)


async def _until_left(context: BrowserContext, tell: Tell, wait: Callable[[], object] | None) -> None:
    """Until the last window is closed, or `wait` returns."""
    left = asyncio.Event()

    def look(_: object) -> None:
        if not context.pages:
            left.set()

    context.on("close", look)
    context.on("page", lambda page: page.on("close", look))
    for page in context.pages:
        page.on("close", look)
    look(None)
    if wait is not None:
        tell("or press Enter here")
        loop = asyncio.get_running_loop()
        threading.Thread(target=_then, args=(wait, loop, left), daemon=True).start()
    await left.wait()


def _then(wait: Callable[[], object], loop: asyncio.AbstractEventLoop, left: asyncio.Event) -> None:
    wait()
    with suppress(RuntimeError):  # the loop has ended before
        loop.call_soon_threadsafe(left.set)


class Visit:
    """Says the texts of a wish, one after the other."""

    def __init__(self, wish: Wish, page: Page, tape: Tape, tell: Tell) -> None:
        self._wish = wish
        self._page = page
        self._tape = tape
        self._tell = tell
        self._clock = asyncio.get_running_loop().time
        self._signed_in: float | None = None

    async def say_all(self) -> None:
        """Says all of them, each after the reply to the one before. Raises NotRecorded, BotCheckMet."""
        await self._read_page()
        for number, text in enumerate(self._wish.say, 1):
            fields = await self._find_box()
            await self._say(fields, text)
            self._tell(f"said {number} of {len(self._wish.say)}, and the reply came")

    async def _read_page(self) -> None:
        """Waits until what the page loads at its start has come: a page may answer before its script listens."""
        with suppress(Error):
            await self._page.wait_for_load_state("networkidle", timeout=BOX_SECONDS * 1000)

    async def _find_box(self) -> Fields:
        """The fields, once one of them is for a chat. Signs in where that is wanted, opens a chat where it can."""
        wish, began, opened = self._wish, self._clock(), False
        seconds = BOX_SECONDS if wish.headless else PERSON_SECONDS
        while self._clock() - began < seconds:
            self._check_open()
            fields = await find_fields(self._page)
            if fields.wants_sign_in:
                await self._sign_in(fields)
            elif fields.box is not None:
                return fields
            else:
                self._check_no_bot_check()
                if not opened and self._clock() - began > OPEN_SECONDS:
                    opened = await press_opener(self._page)
            await asyncio.sleep(LOOK_SECONDS)
        raise NotRecorded(f"{wish.url}: there is no box to type into; record without --say, and chat yourself")

    def _check_no_bot_check(self) -> None:
        page = self._tape.last_page
        vendor = bot_check_instead(page) if page else None
        if vendor:
            raise BotCheckMet(
                f"the site asks for proof of a browser or a person ({vendor}); chatdoor does not pass bot checks",
                site=self._wish.url,
            )

    async def _sign_in(self, fields: Fields) -> None:
        """Signs in, or has the person do it."""
        wish = self._wish
        if wish.password is None and wish.headless:
            raise NotRecorded(
                f"{wish.url}: it wants you to sign in; give --user and --password, or do it in the window, without "
                "--headless"
            )
        if self._signed_in is None:
            self._tell("sign in in the window" if wish.password is None else "signing in")
            since, self._signed_in = self._tape.length, self._clock()
            if wish.password is not None:
                await sign_in(self._page, fields, wish.user, wish.password)
                await self._until_calm(since)
                self._signed_in = self._clock()
        elif wish.password is not None and self._clock() - self._signed_in > SENT_SECONDS:
            raise NotRecorded(f"{wish.url}: it did not accept --user and --password, and shows the form again")

    async def _until_calm(self, since: int) -> None:
        """Until something was sent and all of it was answered. Raises NotRecorded where nothing is sent."""
        wish, began = self._wish, self._clock()
        while self._clock() - began < wish.seconds:
            await asyncio.sleep(SENT_SECONDS / 10)
            if self._tape.length > since and not self._tape.unanswered(since):
                return
            if self._tape.length == since and self._clock() - began > SENT_SECONDS:
                raise NotRecorded(f"{wish.url}: its form does not send --user and --password; do they have its shape?")

    async def _say(self, fields: Fields, text: str) -> None:
        box = fields.handles[fields.box or 0]
        await type_text(self._page, box, text)
        before, since, sent = await self._sight(self._tape.length), self._tape.length, self._tape.sent
        await press_send(self._page, box)
        await self._until_sent(sent)
        settling = Settling(before, text, self._wish.quiet)
        while not settling.settled(await self._sight(since)):
            if self._clock() - before.at > self._wish.seconds:
                return self._give_up(settling)
            await asyncio.sleep(LOOK_SECONDS)
        return None

    async def _until_sent(self, sent: int) -> None:
        end = self._clock() + SENT_SECONDS
        while self._tape.sent == sent:
            if self._clock() > end:
                raise NotRecorded(
                    f"{self._wish.url}: what was typed was not sent; record without --say, and chat yourself"
                )
            await asyncio.sleep(LOOK_SECONDS)

    def _give_up(self, settling: Settling) -> None:
        """A page that shows something new and is never quiet is recorded. Raises NotRecorded for another."""
        if not settling.has_answer:
            raise NotRecorded(
                f"{self._wish.url}: no reply came within {self._wish.seconds:g} s; --timeout SECONDS waits longer"
            )

    def _check_open(self) -> None:
        if self._page.is_closed():
            raise NotRecorded(f"{self._wish.url}: the window was closed before all was said; record again")

    async def _sight(self, since: int) -> Sight:
        self._check_open()
        tape = self._tape
        text = await page_text(self._page)
        return Sight(self._clock(), tape.came, tape.unanswered(since), tape.unended(since), text)
