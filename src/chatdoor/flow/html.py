"""HTML, behind one seam: meta elements, form fields, CSS selectors, and the elements of a reply one by one.

The parser is lexbor, which follows the WHATWG standard as browsers do, so that broken pages are read the way
their authors saw them.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias, TypeVar

from chatdoor.errors import ArgumentError, ReplyTooLarge
from chatdoor.flow.html_cost import readable

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

_CONTENT: Final = {"meta": "content", "input": "value", "button": "value", "option": "value"}
"""Element -> the attribute that holds what it stands for. Others hold it as text."""

MAX_TAGS: Final = 30_000
"""What comes after so many is not looked at. A real page has some thousands; to parse nested elements takes
lexbor time that grows with the square of their number, a second for this many.
"""

_UNSEEN: Final = ["script", "style", "noscript", "template"]

_END: Final = "the end of what came"
"""A comment that is put after a page. Where the parser finds it tells what was still open there."""

_MAY_STAY_OPEN: Final = frozenset(
    (
        "p",
        "li",
        "dt",
        "dd",
        "rt",
        "rp",
        "option",
        "optgroup",
        "colgroup",
        "caption",
        "thead",
        "tbody",
        "tfoot",
        "tr",
        "td",
        "th",
        "body",
        "html",
        "head",
    )
)
"""Elements whose end tag may be left out (WHATWG HTML, section 13.1.2.4)."""


class Opened(NamedTuple):
    """An element begins."""

    tag: str
    attributes: Mapping[str, str | None]


class Closed(NamedTuple):
    """The element that began last, and has not ended, ends."""


T = TypeVar("T")

Token: TypeAlias = Opened | Closed | str
"""A part of an element: another one begins or ends in it, or text."""


class Page:
    """A parsed page."""

    def __init__(self, html: str) -> None:
        from selectolax.lexbor import LexborHTMLParser  # most sites never need it

        if html.count("<") > MAX_TAGS:
            html = "<".join(html.split("<", MAX_TAGS)[:-1])
        self._tree = LexborHTMLParser(readable(html))

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
        return _selected(self._tree.css_first, selector)


class WholePage(Page):
    """A page, or a part of one, that has come to its end. Raises ReplyTooLarge for too many tags, or attributes."""

    def __init__(self, html: str) -> None:
        if html.count("<") >= MAX_TAGS:
            raise ReplyTooLarge(f"the page has {MAX_TAGS} tags or more")
        if len(readable(html)) < len(html):
            raise ReplyTooLarge("the page has too many attributes")
        super().__init__(f"{html}<!--{_END}-->")

    @property
    def is_closed(self) -> bool:
        """True where no element is open at the end that should have been closed, and no tag, script or comment."""
        root = self._tree.root
        if root is None:
            return False
        for node in (*root.traverse(include_text=True), *_after(root)):
            if node.is_comment_node and node.comment_content == _END:
                return all(above in _MAY_STAY_OPEN for above in _tags_above(node))
        return False

    def last(self, selector: str) -> Iterator[Token] | None:
        """The last element that the selector finds, part by part; None where there is no such element.

        Raises ArgumentError for text that is not a selector.
        """
        found = _selected(self._tree.css, selector)
        return _tokens(found[-1]) if found else None


def _selected(select: Callable[[str], T], selector: str) -> T:
    """What the selector finds. Raises ArgumentError for text that is not a selector."""
    from selectolax.lexbor import SelectolaxError

    try:
        return select(selector)
    except SelectolaxError as error:
        raise ArgumentError(f"the site file has {selector!r}, which is not a CSS selector") from error


def _tokens(root: "LexborNode") -> Iterator[Token]:
    """The parts of an element, with a loop: elements may be nested deeper than calls."""
    node, depth = root, 0
    while True:
        inner = None
        if node.is_text_node:
            yield node.text_content or ""
        elif node.is_element_node:
            yield Opened(node.tag or "", node.attributes)
            inner = node.first_child
        if inner is not None:
            node, depth = inner, depth + 1
            continue
        while True:
            if node.is_element_node:
                yield Closed()
            if depth == 0:
                return
            if node.next is not None:
                node = node.next
                break
            node, depth = node.parent or root, depth - 1


def _after(node: "LexborNode") -> "Iterator[LexborNode]":
    while node.next is not None:
        node = node.next
        yield node


def _tags_above(node: "LexborNode") -> Iterator[str]:
    above = node.parent
    while above is not None and above.is_element_node:
        yield above.tag or ""
        above = above.parent


def quote_name(name: str) -> str:
    """A name as a string inside a CSS selector (CSS Syntax, section 4.3.5)."""
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\a ") + '"'
