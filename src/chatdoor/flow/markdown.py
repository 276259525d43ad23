"""Text in the manner of Markdown, as it grows: lines with gaps and indentation, links, code, tables."""

import re
from collections.abc import Callable
from typing import Final, TypeAlias

Closing: TypeAlias = Callable[[], None]
"""Ends what was begun."""

DEEPEST: Final = 32
"""Lists and quotes inside each other that are shown by indentation; so that no line grows with their number."""

SPACE: Final = re.compile(r"[ \t\n\r\f]+")
"""White space that collapses (CSS Text, section 4.1). A no-break space does not."""

_TICKS: Final = re.compile(r"`+")


class _Indent:
    """What stands before each line of a block: once its marker, then what it is replaced by."""

    def __init__(self, first: str, rest: str) -> None:
        self.first = first
        self.rest = rest
        self.begun = False

    def take(self) -> str:
        """What stands before the next line."""
        text = self.rest if self.begun else self.first
        self.begun = True
        return text


class Lines:
    """Text that grows, with the gaps between its blocks. Nothing is written before there is something to read."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._gap = 0
        self._space = False
        self._indents: list[_Indent] = []
        self._link: list[int] | None = None
        """Of the link that is open: the place of its bracket, once there is one."""

    @property
    def text(self) -> str:
        """All of it."""
        return "".join(self._parts)

    def gap(self, lines: int) -> None:
        """The next text is at least so many lines further down."""
        self._gap, self._space = max(self._gap, lines), False

    def line_break(self) -> None:
        """The next text is a line further down; two such are a new paragraph."""
        self._gap, self._space = min(self._gap + 1, 2), False

    def indent(self, first: str, rest: str) -> Closing:
        """What follows is indented, until the closing is called."""
        if len(self._indents) >= DEEPEST:
            return do_nothing
        self._indents.append(_Indent(first, rest))
        return self._outdent

    def write(self, text: str) -> None:
        """Text, in which white space collapses."""
        text = SPACE.sub(" ", text)
        self._space |= text.startswith(" ")
        if inner := text.strip(" "):
            self.put(inner)
            self._space = text.endswith(" ")

    def put(self, text: str) -> None:
        """Text on one line, as it is."""
        self._begin()
        self._parts.append(text)

    def put_lines(self, text: str) -> None:
        """Whole lines, as they are, each indented."""
        for line in text.split("\n"):
            self._begin()
            if line:
                self._parts.append(line)
            elif self._parts:
                self._parts[-1] = self._parts[-1].rstrip(" ")  # the indentation of an empty line
            self.gap(1)

    @property
    def in_link(self) -> bool:
        """What is written now is the text of a link. There is no link in a link, so that no text is copied for each."""
        return self._link is not None

    def open_link(self) -> None:
        """What is written now is the text of a link."""
        self._link = []

    def close_link(self, url: str) -> None:
        """Ends the link. Where its text is its URL, or has several lines, it needs no brackets."""
        begun, self._link = self._link, None
        if not begun:
            return
        text = "".join(self._parts[begun[0] + 1 :])
        plain = text in (url, url.removeprefix("mailto:"))
        if plain or "\n" in text:
            self._parts[begun[0]] = ""
        else:
            text = text.replace("[", "\\[").replace("]", "\\]")
        self._parts[begun[0] + 1 :] = [text, "" if plain else f" ({url})" if "\n" in text else f"]({url})"]

    def _begin(self) -> None:
        """Writes the gap, the indentation and the bracket that stand before a text."""
        if self._parts and self._gap:
            empty = "".join([each.rest for each in self._indents if each.begun]).rstrip()
            self._parts.append(f"\n{empty}" * (self._gap - 1) + "\n")
        if self._gap or not self._parts:
            self._parts.append("".join([each.take() for each in self._indents]))
        elif self._space:
            self._parts.append(" ")
        self._gap, self._space = 0, False
        if self._link == []:
            self._link.append(len(self._parts))
            self._parts.append("[")

    def _outdent(self) -> None:
        self._indents.pop()


class Table:
    """A table that grows by rows and cells."""

    def __init__(self) -> None:
        self.rows: list[list[str]] = []

    def add(self, text: str) -> None:
        """A cell of the last row."""
        if not self.rows:
            self.rows.append([])
        self.rows[-1].append(text)

    @property
    def is_layout(self) -> bool:
        """True where it holds whole texts, not values: pages were once laid out so."""
        cells = [cell for row in self.rows for cell in row]
        return len(cells) < 2 or any("\n\n" in cell or "```" in cell for cell in cells)

    @property
    def text(self) -> str:
        """The table in the manner of Markdown, with the first row as its head."""
        rows = [row for row in self.rows if row]
        if self.is_layout:
            return "\n\n".join([cell for row in rows for cell in row if cell])
        lines = [f"| {' | '.join([_cell(cell) for cell in row])} |" for row in rows]
        return "\n".join([lines[0], f"|{' --- |' * len(rows[0])}", *lines[1:]])


def do_nothing() -> None:
    """Ends what needs no end."""


def _cell(text: str) -> str:
    return SPACE.sub(" ", text).replace("|", "\\|")


def write_fenced(lines: Lines, language: str, text: str) -> None:
    """Code as a block of its own, as it is. More backticks than it holds fence it (CommonMark, section 4.5)."""
    if text.strip():
        fence = "`" * max(3, 1 + _most_ticks(text))
        lines.gap(2)
        body = text.removesuffix("\n")
        lines.put_lines(f"{fence}{language}\n{body}\n{fence}")
        lines.gap(2)


def write_inline(lines: Lines, text: str) -> None:
    """Code inside a line (CommonMark, section 6.1)."""
    inner = SPACE.sub(" ", text)
    if code := inner.strip(" "):
        ticks = "`" * (1 + _most_ticks(code))
        padding = " " if "`" in (code[0], code[-1]) else ""
        lines.write(" " if inner.startswith(" ") else "")
        lines.put(f"{ticks}{padding}{code}{padding}{ticks}")
        lines.write(" " if inner.endswith(" ") else "")


def _most_ticks(text: str) -> int:
    return max(map(len, _TICKS.findall(text)), default=0)
