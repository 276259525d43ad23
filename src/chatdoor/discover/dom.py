"""The elements of a page as a tree, for finding what a selector could be. What runs later is `flow/html.py`."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Final

_VOID: Final = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr")
)
_UNSEEN: Final = frozenset({"script", "style", "noscript", "template", "head", "title"})
_PLAIN: Final = re.compile(r"-?[A-Za-z_][\w-]*")

MAX_ELEMENTS: Final = 30_000
"""What comes after so many is not looked at."""

MAX_DEPTH: Final = 300


class Element:
    """One element: its tag, attributes, parent, and the texts in it and below it."""

    def __init__(self, tag: str, attributes: dict[str, str], parent: "Element | None") -> None:
        self.tag = tag
        self.attributes = attributes
        self.parent = parent
        self.texts: list[str] = []

    @property
    def text(self) -> str:
        """All text in it, white space collapsed."""
        return " ".join("".join(self.texts).split())

    @property
    def is_seen(self) -> bool:
        """False for what a browser does not show: scripts, styles, the head."""
        return all(each.tag not in _UNSEEN for each in self.line())

    def line(self) -> Iterator["Element"]:
        """The element, its parent, and so on."""
        each: Element | None = self
        while each is not None:
            yield each
            each = each.parent


class _Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Element] = []
        self.open: list[Element] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if len(self.found) >= MAX_ELEMENTS or len(self.open) >= MAX_DEPTH:
            return
        parent = self.open[-1] if self.open else None
        element = Element(tag, {name: value or "" for name, value in attrs}, parent)
        self.found.append(element)
        if tag not in _VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        at = next((at for at in range(len(self.open) - 1, -1, -1) if self.open[at].tag == tag), None)
        if at is not None:
            del self.open[at:]

    def handle_data(self, data: str) -> None:
        for element in self.open:
            element.texts.append(data)


def elements(page: str) -> list[Element]:
    """The elements of a page, in order."""
    builder = _Builder()
    builder.feed(page)
    builder.close()
    return builder.found


def selectors(element: Element) -> Iterator[str]:
    """Selectors that find the element, the shortest first. Ids and classes that need escapes are left out."""
    own = name_of(element)
    yield own
    yield from (f"{element.tag}.{each}" for each in _classes(element)[1:])
    above = next((each for each in list(element.line())[1:] if _classes(each)), None)
    if above is not None:
        yield from (f"{above.tag}.{each} {own}" for each in _classes(above)[:3])
    for above in list(element.line())[1:]:
        identity = above.attributes.get("id", "")
        if _PLAIN.fullmatch(identity):
            yield f"#{identity} {own}"
            return
    for above in list(element.line())[1:]:
        if above.tag in {"form", "main", "nav", "header", "footer", "article", "section"}:
            action = above.attributes.get("action", "")
            yield f'form[action="{action}"] {own}' if action and '"' not in action else f"{above.tag} {own}"


def name_of(element: Element) -> str:
    """The element's own part of a selector: its id, its name as a field, or its tag and first class."""
    identity, name = element.attributes.get("id", ""), element.attributes.get("name", "")
    if name and element.tag in {"input", "meta", "textarea", "button"}:
        return f"{element.tag}[name={quoted(name)}]"
    if _PLAIN.fullmatch(identity) and element.tag == "script":
        return f"script#{identity}"
    first = _classes(element)[:1]
    return f"{element.tag}.{first[0]}" if first else element.tag


def _classes(element: Element) -> list[str]:
    """Those that need no escapes, of the first ten."""
    return [each for each in element.attributes.get("class", "").split()[:10] if _PLAIN.fullmatch(each)]


def quoted(name: str) -> str:
    """A name in a selector: as it is where that is allowed, else in quotes."""
    return name if _PLAIN.fullmatch(name) else "'" + name.replace("\\", "\\\\").replace("'", "\\'") + "'"
