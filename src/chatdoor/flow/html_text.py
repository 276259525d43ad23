"""From HTML to the text that a person reads, in the manner of Markdown.

Paragraphs, headings, lists, quotes, code, links and tables are kept; colours and stress are not. White space
collapses as in a browser. What is hidden, runs, or is to be clicked is left out.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final, TypeAlias

from chatdoor.flow.html import Closed, Opened, Token
from chatdoor.flow.markdown import SPACE, Closing, Lines, Table, do_nothing, write_fenced, write_inline

Attributes: TypeAlias = Mapping[str, str | None]

TABLES: Final = 4
"""Tables inside each other that are read as tables; so that no text is copied for each of many."""

UNSEEN: Final = frozenset(
    (
        "script",
        "style",
        "noscript",
        "template",
        "head",
        "title",
        "svg",
        "annotation",
        "iframe",
        "object",
        "canvas",
        "audio",
        "video",
        "datalist",
        "button",
        "input",
        "select",
        "textarea",
    )
)

_HIDDEN_STYLE: Final = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_KEEPS_LINES: Final = re.compile(r"white-space\s*:\s*(?:pre|break-spaces)", re.IGNORECASE)
_LANGUAGE: Final = re.compile(r"(?:^|\s)lang(?:uage)?-([A-Za-z0-9_+#.-]{1,30})")
_NO_LINK: Final = re.compile(r"\s*(?:#|javascript:|data:|$)", re.IGNORECASE)


def to_text(tokens: Iterable[Token]) -> str:
    """The text of an element. Of the element itself only code, lists and tables leave a mark."""
    reader = _Reader()
    for number, token in enumerate(tokens):
        reader.read(token if number or not isinstance(token, Opened) else _root(token))
    return reader.lines.text


class _Reader:
    """Reads the tokens of an element. Each element that opens has a closing, which is called when it closes."""

    def __init__(self) -> None:
        self.lines = Lines()
        self.closings: list[Closing] = []
        self.unseen = 0
        self.raw: list[str] | None = None
        """The text of code, while it is read."""
        self.has_code = False
        """Some of that text is more than space."""
        self.is_block = False
        """The code that is read has lines of its own."""
        self.keeps_lines = 0
        self.counts: list[int | None] = []
        """Of each list that is open: the number of its next item, None where items have none."""
        self.tables: list[Table] = []

    def read(self, token: Token) -> None:
        """Takes the next token."""
        if isinstance(token, Opened):
            self.closings.append(self._open(token.tag, token.attributes))
        elif isinstance(token, Closed):
            self.closings.pop()()
        elif not self.unseen:
            self._text(token)

    def _open(self, tag: str, attributes: Attributes) -> Closing:
        style = attributes.get("style") or ""
        if self.unseen or tag in UNSEEN or _is_hidden(attributes, style):
            self.unseen += 1
            return self._seen_again
        closing = _OPEN.get(tag, _inline)(self, attributes)
        if not (style and _KEEPS_LINES.search(style)):
            return closing
        self.keeps_lines += 1
        return self._both(closing, self._lines_collapse)

    def _text(self, text: str) -> None:
        if self.raw is not None:
            self.raw.append(text)
            self.has_code = self.has_code or not text.isspace()
            return
        if not self.keeps_lines:
            self.lines.write(text)
            return
        for number, line in enumerate(text.split("\n")):
            if number:
                self.lines.line_break()
            if line.strip():
                self.lines.put(line)

    def _seen_again(self) -> None:
        self.unseen -= 1

    def _lines_collapse(self) -> None:
        self.keeps_lines -= 1

    @staticmethod
    def _both(one: Closing, other: Closing) -> Closing:
        def close() -> None:
            one()
            other()

        return close


def _root(element: Opened) -> Opened:
    """The element that was looked for: it is shown, and is not asked what a selector already says."""
    style = element.attributes.get("style") or ""
    kept = {name: value for name, value in element.attributes.items() if name in {"class", "start"}}
    if element.tag == "textarea" or _KEEPS_LINES.search(style):
        kept["style"] = "white-space: pre"
    return Opened(element.tag if element.tag in _MARKED else "", kept)


def _is_hidden(attributes: Attributes, style: str) -> bool:
    return (
        "hidden" in attributes
        or attributes.get("aria-hidden") == "true"
        or (bool(style) and _HIDDEN_STYLE.search(style) is not None)
    )


def _inline(_reader: _Reader, _attributes: Attributes) -> Closing:
    return do_nothing


def _block(lines: int) -> Callable[[_Reader, Attributes], Closing]:
    """An element that stands by itself, so many lines from what is around it."""

    def open_block(reader: _Reader, _attributes: Attributes) -> Closing:
        reader.lines.gap(lines)
        return lambda: reader.lines.gap(lines)

    return open_block


def _indented(lines: int, first: str, rest: str) -> Callable[[_Reader, Attributes], Closing]:
    """A block whose lines begin so."""

    def open_indented(reader: _Reader, _attributes: Attributes) -> Closing:
        reader.lines.gap(lines)
        outdent = reader.lines.indent(first, rest)
        return reader._both(outdent, lambda: reader.lines.gap(lines))

    return open_indented


def _break(reader: _Reader, _attributes: Attributes) -> Closing:
    if reader.raw is None:
        reader.lines.line_break()
    else:
        reader.raw.append("\n")
        reader.is_block = True
    return do_nothing


def _rule(reader: _Reader, _attributes: Attributes) -> Closing:
    reader.lines.gap(2)
    reader.lines.put("---")
    reader.lines.gap(2)
    return do_nothing


def _image(reader: _Reader, attributes: Attributes) -> Closing:
    reader.lines.write(attributes.get("alt") or "")
    return do_nothing


def _link(reader: _Reader, attributes: Attributes) -> Closing:
    url = attributes.get("href") or ""
    if _NO_LINK.match(url) or reader.raw is not None or reader.lines.in_link:
        return do_nothing
    url = SPACE.sub("%20", url.strip()).replace("(", "%28").replace(")", "%29")
    reader.lines.open_link()
    return lambda: reader.lines.close_link(url)


def _code(reader: _Reader, attributes: Attributes, *, is_block: bool = False) -> Closing:
    """Code: a block between fences as it is, or inside a line between backticks."""
    language = _LANGUAGE.search(attributes.get("class") or "")
    if reader.raw is not None:
        reader.is_block |= is_block
        if language and not reader.has_code:
            reader.raw[0] = language[1]
        return do_nothing
    reader.raw, reader.is_block, reader.has_code = [language[1] if language else ""], is_block, False

    def close() -> None:
        name, text = (reader.raw or [""])[0], "".join((reader.raw or [""])[1:])
        reader.raw = None
        if reader.is_block:
            write_fenced(reader.lines, name, text)
        else:
            write_inline(reader.lines, text)

    return close


def _pre(reader: _Reader, attributes: Attributes) -> Closing:
    return _code(reader, attributes, is_block=True)


def _list(number: Callable[[Attributes], int | None]) -> Callable[[_Reader, Attributes], Closing]:
    """A list. One that stands inside another begins on the next line."""

    def open_list(reader: _Reader, attributes: Attributes) -> Closing:
        gap = 1 if reader.counts else 2
        reader.lines.gap(gap)
        reader.counts.append(number(attributes))

        def close() -> None:
            reader.counts.pop()
            reader.lines.gap(gap)

        return close

    return open_list


def _item(reader: _Reader, attributes: Attributes) -> Closing:
    counted = reader.counts[-1] if reader.counts else None
    marker = "- "
    if counted is not None:
        counted = _number(attributes, "value", counted)
        reader.counts[-1] = counted + 1
        marker = f"{counted}. "
    return _indented(1, marker, " " * len(marker))(reader, attributes)


def _number(attributes: Attributes, name: str, default: int) -> int:
    text = (attributes.get(name) or "").strip()
    return int(text) if re.fullmatch(r"-?[0-9]{1,9}", text) else default


def _table(reader: _Reader, _attributes: Attributes) -> Closing:
    if len(reader.tables) >= TABLES or reader.raw is not None:
        return do_nothing
    reader.tables.append(table := Table())
    reader.lines.gap(2)

    def close() -> None:
        reader.tables.pop()
        if any(table.rows):
            reader.lines.gap(2)
            reader.lines.put_lines(table.text)
            reader.lines.gap(2)

    return close


def _row(reader: _Reader, _attributes: Attributes) -> Closing:
    if reader.tables:
        reader.tables[-1].rows.append([])
    return do_nothing


def _cell_of(reader: _Reader, attributes: Attributes) -> Closing:
    """A cell: its text goes to its table. Where tables are too deep in each other, it is a block."""
    if not reader.tables or reader.raw is not None:
        return _block(1)(reader, attributes)
    outer, reader.lines = reader.lines, Lines()
    table, counts, reader.counts = reader.tables[-1], reader.counts, []

    def close() -> None:
        table.add(reader.lines.text)
        reader.lines, reader.counts = outer, counts

    return close


_OPEN: Final[Mapping[str, Callable[[_Reader, Attributes], Closing]]] = {
    **dict.fromkeys(["p", "figure", "fieldset", "dl", "form"], _block(2)),
    **dict.fromkeys(
        (
            "div",
            "section",
            "article",
            "main",
            "header",
            "footer",
            "nav",
            "aside",
            "address",
            "details",
            "summary",
            "dt",
            "figcaption",
            "caption",
            "body",
        ),
        _block(1),
    ),
    **{f"h{level}": _indented(2, f"{'#' * level} ", "") for level in range(1, 7)},
    "blockquote": _indented(2, "> ", "> "),
    "dd": _indented(1, ": ", "  "),
    "ul": _list(lambda _: None),
    "menu": _list(lambda _: None),
    "ol": _list(lambda attributes: _number(attributes, "start", 1)),
    "li": _item,
    "br": _break,
    "hr": _rule,
    "img": _image,
    "a": _link,
    **dict.fromkeys(["code", "kbd", "samp", "tt"], _code),
    "pre": _pre,
    "table": _table,
    "tr": _row,
    "td": _cell_of,
    "th": _cell_of,
}
"""Element -> what it does. One that is not here is part of its line."""

_MARKED: Final = frozenset({"pre", "table", "ul", "ol", "menu"})
"""Elements whose mark is kept where they are what was looked for."""
