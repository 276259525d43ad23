"""Hands in a page: they look for what to type into, type, and press."""

from contextlib import suppress
from typing import Final

import msgspec
from playwright.async_api import ElementHandle, Error, Page

from chatdoor.discover.boxes import (
    BUTTONS,
    DESCRIBE,
    FIELDS,
    NEARBY,
    OPENERS,
    Element,
    SignIn,
    choose_box,
    choose_button,
    choose_opener,
    choose_sign_in,
)

MAX_ELEMENTS: Final = 200
"""Of one kind, in one frame, that are looked at."""

PRESS_MS: Final = 2_000.0
"""How long a press may take: what lies over a button may go away."""

_TEXT: Final = "document.body ? document.body.innerText : ''"


class Fields(msgspec.Struct, frozen=True):
    """All that can be typed into, and which of it is for the chat or for signing in."""

    handles: tuple[ElementHandle, ...]
    box: int | None
    sign_in: SignIn | None

    @property
    def wants_sign_in(self) -> bool:
        """True where a password is asked for, and a box is no more than an input beside it."""
        return self.sign_in is not None and self.box is None


async def find_fields(page: Page) -> Fields:
    """What can be typed into now, in all frames."""
    handles, elements = await _described(page, FIELDS)
    return Fields(handles, choose_box(elements), choose_sign_in(elements))


async def page_text(page: Page) -> str:
    """What a person reads now, in all frames. A page that is being left has none."""
    found = []
    for frame in page.frames:
        with suppress(Error):
            found.append(str(await frame.evaluate(_TEXT)))
    return "\n".join(found)


async def type_text(page: Page, box: ElementHandle, text: str) -> None:
    """Types it, in place of what was in the box; lines are broken as in a chat, by Shift and Enter."""
    await box.focus()
    await page.keyboard.press("ControlOrMeta+A")
    for number, line in enumerate(text.splitlines()):
        if number:
            await page.keyboard.press("Shift+Enter")
        await page.keyboard.type(line)


async def press_send(page: Page, box: ElementHandle) -> None:
    """Presses the button that sends, or Enter where none is known to."""
    around = await box.evaluate_handle(NEARBY, BUTTONS)
    buttons = [each.as_element() for each in (await around.get_properties()).values()]
    handles = tuple(each for each in buttons if each is not None)
    chosen = choose_button([await _describe(each) for each in handles])
    if chosen is None or not await _press(handles[chosen]):
        await box.focus()
        await page.keyboard.press("Enter")


async def press_opener(page: Page) -> bool:
    """Presses what seems to open a chat, once; False where nothing does."""
    handles, elements = await _described(page, OPENERS)
    chosen = choose_opener(elements)
    if chosen is not None:
        await _press(handles[chosen])
    return chosen is not None


async def sign_in(page: Page, fields: Fields, user: str | None, password: str) -> None:
    """Fills the form that lets one in, and sends it."""
    if fields.sign_in is None:
        return
    if user is not None and fields.sign_in.user is not None:
        await fields.handles[fields.sign_in.user].fill(user)
    await fields.handles[fields.sign_in.password].fill(password)
    await press_send(page, fields.handles[fields.sign_in.password])


async def _described(page: Page, selector: str) -> tuple[tuple[ElementHandle, ...], list[Element]]:
    handles: list[ElementHandle] = []
    elements: list[Element] = []
    for frame in page.frames:
        with suppress(Error):
            for handle in (await frame.query_selector_all(selector))[:MAX_ELEMENTS]:
                elements.append(await _describe(handle))
                handles.append(handle)
    return tuple(handles), elements


async def _describe(handle: ElementHandle) -> Element:
    return msgspec.convert(await handle.evaluate(DESCRIBE), Element)


async def _press(handle: ElementHandle) -> bool:
    try:
        await handle.click(timeout=PRESS_MS, no_wait_after=True)
    except Error:
        return False
    return True
