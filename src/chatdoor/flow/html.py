"""HTML, behind one seam: meta elements, form fields, CSS selectors.

The parser is lexbor, which follows the WHATWG standard as browsers do, so that broken pages are read the way
their authors saw them.
"""

from typing import TYPE_CHECKING, Final

from chatdoor.errors import ArgumentError

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

_CONTENT: Final = {"meta": "content", "input": "value", "button": "value", "option": "value"}
"""Element -> the attribute that holds what it stands for. Others hold it as text."""

MAX_TAGS: Final = 30_000
"""What comes after so many is not looked at. A real page has some thousands; to parse nested elements takes
lexbor time that grows with the square of their number, a second for this many.
"""

_UNSEEN: Final = ["script", "style", "noscript", "template"]


class Page:
    """A parsed page."""

    def __init__(self, html: str) -> None:
        from selectolax.lexbor import LexborHTMLParser  # most sites never need it

        if html.count("<") > MAX_TAGS:
            html = "<".join(html.split("<", MAX_TAGS)[:-1])
        self._tree = LexborHTMLParser(html)

    def find(self, selector: str, attr: str | None = None) -> str | None:
        """What the first element that the selector finds holds: an attribute, or its text. None: no such thing.

        Without `attr`: `content` of a meta, `value` of a field, else the text. Raises ArgumentError for text
        that is not a selector.
        """
        element = self._first(selector)
        if element is None:
            return None
        attr = attr or _CONTENT.get(element.tag or "")
        return element.text() if attr is None else element.attributes.get(attr)

    def has(self, selector: str) -> bool:
        """True where the selector finds an element. Raises ArgumentError for text that is not a selector."""
        return self._first(selector) is not None

    def text(self) -> str:
        """The text a person would read, without scripts and styles, white space collapsed."""
        tree = self._tree.clone()
        tree.strip_tags(_UNSEEN)
        body = tree.body
        return " ".join(body.text(separator=" ").split()) if body is not None else ""

    def _first(self, selector: str) -> "LexborNode | None":
        from selectolax.lexbor import SelectolaxError

        try:
            return self._tree.css_first(selector)
        except SelectolaxError as error:
            raise ArgumentError(f"the site file has {selector!r}, which is not a CSS selector") from error


def quote_name(name: str) -> str:
    """A name as a string inside a CSS selector (CSS Syntax, section 4.3.5)."""
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\a ") + '"'
