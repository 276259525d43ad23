"""Where in a TOML text a key stands, so that an error can name the line.

The standard library's parser keeps no positions. This reads just enough of a text to know them: table headers,
keys, brackets, commas and strings. What is no TOML is passed over; the parser says so.
Source: https://toml.io/en/v1.0.0
"""

import re
import tomllib
from collections.abc import Iterator
from typing import Final, TypeAlias

KeyPath: TypeAlias = tuple[str | int, ...]
"""Keys and list positions from the top of the file, as in `("chat", 0, "post")`."""

MAX_DEPTH: Final = 64
"""Keys and list positions, one in the other. Real bodies have a handful."""

# Possessive quantifiers (`++`, `*+`): nothing is tried twice. A key that goes on after MAX_DEPTH parts is cut there,
# so that a long row of words and dots is not read again from each word.
_KEY: Final = r"""(?:[A-Za-z0-9_-]++|"(?:[^"\\\n]++|\\.)*+"|'[^'\n]*+')"""
_KEYS: Final = rf"{_KEY}(?:[ \t]*+\.[ \t]*+{_KEY}){{0,{MAX_DEPTH}}}+"
_PART: Final = re.compile(_KEY)
_HEADER: Final = re.compile(rf"(\[\[?)[ \t]*+({_KEYS})")
_TOKEN: Final = re.compile(
    rf"""
      (?P<comment> \#[^\n]*+ )
    | (?P<key> {_KEYS} ) [ \t]*+ [=.]
    | (?P<value> \"{{3}} (?: [^"\\]++ | \\. | ""?(?!") )*+ (?: \"{{3,5}} | \Z )    # text may end in two quotes
               | '{{3}} (?: [^']++ | ''?(?!') )*+ (?: '{{3,5}} | \Z )
               | "(?: [^"\\\n]++ | \\. )*+"?
               | '[^'\n]*+'?
               | [^\s\[\]{{}},\#"'=]++ )
    | (?P<open> [\[{{] )
    | (?P<close> [\]}}] )
    | (?P<comma> , )
    """,
    re.VERBOSE | re.DOTALL,
)


def find_line(text: str, path: KeyPath) -> int | None:
    """The line (from 1) of the key, or of the nearest key around it. None where the text has neither."""
    best, length = 0, 0
    for place, offset in _places(text):
        if length < len(place) <= len(path) and place == path[: len(place)]:
            best, length = offset, len(place)
            if place == path:
                break
    return line_at(text, best) if length else None


def find_too_deep(text: str) -> int | None:
    """The line (from 1) of the first key that is nested too deeply, or None.

    To be asked before a text is parsed: the parser takes quadratic time for long dotted keys, and recurses.
    """
    return next((line_at(text, offset) for place, offset in _places(text) if len(place) > MAX_DEPTH), None)


def line_at(text: str, offset: int) -> int:
    """The line (from 1) of a character. TOML knows no other line break than a line feed."""
    return text.count("\n", 0, offset) + 1


class _Scanner:
    """Walks through the tokens. `here` is the path of the value that is read now."""

    def __init__(self) -> None:
        self.table: KeyPath = ()
        self.here: KeyPath = ()
        self.around: list[KeyPath] = []
        """The paths of the tables and lists that are open, outermost first."""
        self.expects_value = False
        self.last: dict[KeyPath, int] = {}
        """The newest position in each list of tables (`[[session]]`)."""

    def header(self, keys: KeyPath, *, is_list: bool) -> Iterator[KeyPath]:
        self.table = ()
        for index, key in enumerate(keys):
            self.table = (*self.table, key)
            yield self.table
            if is_list and index == len(keys) - 1:
                self.last[self.table] = self.last.get(self.table, -1) + 1
            if self.table in self.last:
                self.table = (*self.table, self.last[self.table])
                yield self.table

    def key(self, keys: KeyPath) -> Iterator[KeyPath]:
        self.here = self.around[-1] if self.around else self.table
        for key in keys:
            self.here = (*self.here, key)
            yield self.here
        self.expects_value = True

    def value(self) -> Iterator[KeyPath]:
        yield self.here
        self.expects_value = False

    def enter(self, bracket: str) -> Iterator[KeyPath]:
        yield self.here
        self.around.append(self.here)
        if bracket == "[":
            self.here = (*self.here, 0)
        self.expects_value = False

    def leave(self) -> None:
        if self.around:
            self.here = self.around.pop()

    def comma(self) -> None:
        if self.around and isinstance(self.here[-1], int):  # in a list
            self.here = (*self.here[:-1], self.here[-1] + 1)


def _places(text: str) -> Iterator[tuple[KeyPath, int]]:
    """Paths and where in the text they stand. One path may come more than once; the first is its place."""
    scanner, position = _Scanner(), 0
    while token := _TOKEN.search(text, position):
        start, position = token.start(), token.end()
        paths: Iterator[KeyPath] = iter(())
        if token["key"]:
            paths = scanner.key(_parts(token["key"]))
        elif token["value"]:
            paths = scanner.value()
        elif token["open"] and (scanner.around or scanner.expects_value):
            paths = scanner.enter(token["open"])
        elif token["open"] and (header := _HEADER.match(text, start)):
            paths = scanner.header(_parts(header[2]), is_list=header[1] == "[[")
            position = header.end() + len(header[1])
        elif token["close"]:
            scanner.leave()
        elif token["comma"]:
            scanner.comma()
        yield from ((path, start) for path in paths)


def _parts(keys: str) -> KeyPath:
    return tuple(_plain(part) for part in _PART.findall(keys))


def _plain(key: str) -> str:
    """The key without its quotes and escapes. One with a wrong escape stays as it is: the parser refuses it."""
    if key[0] not in "\"'":
        return key
    try:
        return next(iter(tomllib.loads(f"{key} = 0")))
    except tomllib.TOMLDecodeError:
        return key
