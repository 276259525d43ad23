"""What is typed as a password, as the pages themselves know it: by hand or by us, in a form or outside of one.

It is kept in memory alone, so that it can be looked for in what would be written.
"""

from typing import Final

from playwright.async_api import BrowserContext

TELL: Final = "chatdoorTyped"
"""The function by which a page tells what was typed. `LISTEN` calls it."""

MAX_NOTED: Final = 100
"""Texts that are noted at most: nobody types more, and a page may call the function too."""

LISTEN: Final = """(() => {
  const tell = window.chatdoorTyped;
  const hidden = new WeakSet();
  const latest = new Map();
  const settle = () => {
    for (const text of latest.values()) if (text) tell(text);
    latest.clear();
  };
  const typed = (event) => {
    const field = event.composedPath()[0];
    if (field.type === "password") hidden.add(field);
    if (!hidden.has(field)) return settle();
    const [before, now] = [latest.get(field) ?? "", field.value];
    const goesOn = now.startsWith(before) || (now && before.startsWith(now));
    if (!goesOn) tell(before);
    latest.set(field, now);
  };
  window.addEventListener("input", typed, true);
  window.addEventListener("keydown", (event) => event.key === "Enter" && settle(), true);
  const ends = ["pointerdown", "click", "submit", "change", "focusout", "pagehide"];
  for (const end of ends) window.addEventListener(end, settle, true);
})()"""
"""Run in each page before its own scripts: it tells a password when it is whole, before the page can send it.

A field that shows its password on request stays one. What a page empties by itself, and is then typed anew, is told.
"""


class Noted:
    """What was typed as a password, each once, in the order in which it was. `known` is so from the start."""

    def __init__(self, known: str | None) -> None:
        self._texts = dict.fromkeys([known] if known else [])

    @property
    def texts(self) -> tuple[str, ...]:
        """All of it."""
        return tuple(self._texts)

    async def listen(self, context: BrowserContext) -> None:
        """Hears of what is typed in all windows and frames that are opened from now on."""
        await context.expose_binding(TELL, lambda _, text: self._note(text))
        await context.add_init_script(LISTEN)

    def _note(self, text: object) -> None:
        if isinstance(text, str) and text and len(self._texts) < MAX_NOTED:
            self._texts[text] = None
