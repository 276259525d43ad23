"""Changes of a draft: each takes the tables of a site file and gives new ones. The evidence is written beside."""

import re
from collections.abc import Iterator
from typing import Final

import msgspec

from chatdoor.discover import words
from chatdoor.discover.draft import Line, Table
from chatdoor.discover.stacks import STACKS, spelled

ORDER: Final = ("", "take", "headers", "session", "chat", "reply", "messages", "conversation", "conversation.start")
"""The tables of a site file, in the order in which they are written."""

VERBS: Final = ("get", "post", "put", "patch", "delete", "websocket", "socketio")
_FILLED: Final = re.compile(r"(?<!\{)\{([A-Za-z_][\w:]*)\??\}(?!\})")
_SAID: Final = frozenset({"prompt", "messages", "history", "conversation", "system", "model", "id", "role", "text"})

Tables = list[Table]


class Header(msgspec.Struct, frozen=True):
    """A header of the draft: the table that holds it, by its position, its name and its text."""

    table: int
    name: str
    text: str


def name_of(table: Table) -> str:
    """The table's name, without brackets."""
    return table.heading.strip("[]")


def copy_of(tables: Tables) -> Tables:
    """Tables that can be changed without changing these."""
    return [Table(each.heading, list(each.lines)) for each in tables]


def steps_of(tables: Tables, name: str) -> Tables:
    """The steps of that name."""
    return [each for each in tables if name_of(each) == name]


def bare(tables: Tables) -> Tables:
    """The draft without all that a session begins with, and what it takes."""
    return [each for each in tables if name_of(each) not in {"session", "take", "headers"}]


def address_of(step: Table) -> tuple[str, str]:
    """The verb and the path of a step."""
    line = next(line for line in step.lines if line.key in VERBS)
    return line.key, str(line.value)


def value_of(tables: Tables, heading: str, key: str) -> object:
    """A value of the draft; None where it has none."""
    lines = (line for each in tables if each.heading == heading for line in each.lines)
    return next((line.value for line in lines if line.key == key), None)


def evidence_of(tables: Tables, key: str) -> str:
    """What is written beside a key of the first table."""
    return next((line.why for line in tables[0].lines if line.key == key), "")


def put(tables: Tables, heading: str, line: Line) -> Tables:
    """The draft with that line in that table, in place of one of the same key."""
    new = copy_of(tables)
    table = next((each for each in new if each.heading == heading), None)
    if table is None:
        table = Table(heading, [])
        _insert(new, table)
    at = next((at for at, each in enumerate(table.lines) if each.key == line.key), len(table.lines))
    table.lines[at : at + 1] = [line]
    return new


def cut(tables: Tables, heading: str, key: str) -> Tables:
    """The draft without that line."""
    return [_without(each, key) if each.heading == heading else each for each in copy_of(tables)]


def add_page(tables: Tables, path: str, why: str, *, first: bool = False) -> Tables:
    """The draft with one more page to open, after all that a session begins with, or before."""
    new = copy_of(tables)
    page = Table("[[session]]", [Line("get", path, why)])
    if first and (steps := steps_of(new, "session")):
        new.insert(new.index(steps[0]), page)
    else:
        _insert(new, page)
    heading = "[session]" if len(steps_of(new, "session")) == 1 else "[[session]]"
    for step in steps_of(new, "session"):
        step.heading = heading
    return new


def _insert(tables: Tables, table: Table) -> None:
    """Puts a table where its name belongs, after its like."""
    tables.insert(sum(_rank(each) <= _rank(table) for each in tables), table)


def _rank(table: Table) -> int:
    return ORDER.index(name_of(table)) if name_of(table) in ORDER else len(ORDER)


def _without(table: Table, key: str) -> Table:
    return Table(table.heading, [line for line in table.lines if line.key != key])


def plain_headers(tables: Tables) -> list[Header]:
    """The headers that say the same in every request."""
    return [header for header in headers(tables) if not _FILLED.search(header.text)]


def headers(tables: Tables) -> Iterator[Header]:
    """All headers of the draft."""
    for at, table in enumerate(tables):
        for line in table.lines:
            if table.heading == "[headers]":
                yield Header(at, line.key, str(line.value))
            elif line.key == "headers" and isinstance(line.value, dict):
                yield from (Header(at, name, str(text)) for name, text in line.value.items())


def without_headers(tables: Tables, dropped: list[Header]) -> Tables:
    """The draft without these headers."""
    gone: dict[int, set[str]] = {}
    for header in dropped:
        gone.setdefault(header.table, set()).add(header.name)
    return [_less(table, gone.get(at, set())) for at, table in enumerate(copy_of(tables))]


def _less(table: Table, gone: set[str]) -> Table:
    if table.heading == "[headers]":
        return Table(table.heading, [line for line in table.lines if line.key not in gone])
    lines = []
    for line in table.lines:
        if line.key != "headers" or not isinstance(line.value, dict):
            lines.append(line)
        elif left := {name: text for name, text in line.value.items() if name not in gone}:
            lines.append(Line("headers", left, line.why))
    return Table(table.heading, lines)


def filled(value: object) -> list[str]:
    """The names of placeholders in a value, however deep."""
    if isinstance(value, dict):
        return [name for key, each in value.items() for name in (*filled(key), *filled(each))]
    if isinstance(value, list):
        return [name for each in value for name in filled(each)]
    return _FILLED.findall(value) if isinstance(value, str) else []


def tokens(tables: Tables) -> dict[str, str]:
    """The values that go out with a message under the name of a header or of a token -> that name."""
    return _named(tables, frozenset({"chat", "conversation.start"}))


def suspects(tables: Tables) -> dict[str, str]:
    """The same, and what a session's steps send under the name of a token: all that may come from elsewhere."""
    return _named(tables, frozenset({"chat", "conversation.start", "session"}))


def _named(tables: Tables, steps: frozenset[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for table in tables:
        for line in table.lines if name_of(table) in steps else ():
            found |= {name: key for key, name in _in_body(line.value, "") if words.TOKEN.search(key)}
    found |= {name: header.name for header in headers(tables) for name in filled(header.text)}
    return {name: key for name, key in found.items() if name not in _SAID}


def _in_body(value: object, key: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for below, each in value.items():
            yield from _in_body(each, str(below))
    elif isinstance(value, str):
        yield from ((key, name) for name in _FILLED.findall(value))


def is_taken(tables: Tables, name: str) -> bool:
    """Whether an answer gives that value."""
    keys = {line.key for table in tables for line in table.lines if table.heading == "[take]"}
    return name in keys or any(line.key == f"take.{name}" for table in tables for line in table.lines)


def without_value(tables: Tables, name: str, *, everywhere: bool = False) -> Tables:
    """The draft that sends that value nowhere; where not everywhere, the session's steps still do."""
    new = []
    for table in copy_of(tables):
        spared = name_of(table) in {"session", "take", "conversation"} and not everywhere
        lines = table.lines if spared else [left for line in table.lines if (left := _unfilled(line, name))]
        new.append(Table(table.heading, lines))
    return _pruned(new, name)


def _unfilled(line: Line, name: str) -> Line | None:
    left = _emptied(line.value, name)
    if left is msgspec.UNSET or (left == {} and line.value != {}):
        return None
    return Line(line.key, left, line.why)


def _emptied(value: object, name: str) -> object:
    """The value without the keys that hold the name."""
    if isinstance(value, dict):
        pairs = ((key, _emptied(each, name)) for key, each in value.items())
        return {key: each for key, each in pairs if each is not msgspec.UNSET}
    return msgspec.UNSET if isinstance(value, str) and name in _FILLED.findall(value) else value


def _pruned(tables: Tables, name: str) -> Tables:
    """The draft without the source of a value that nothing sends."""
    if any(name in filled(line.value) for table in tables for line in table.lines):
        return tables
    unused = {f"take.{name}", f"make.{name}"}
    return [
        Table(
            table.heading,
            [
                line
                for line in table.lines
                if line.key not in unused and not (table.heading == "[take]" and line.key == name)
            ],
        )
        for table in tables
    ]


def renamed(tables: Tables, name: str, to: str, *, after_entry: bool = False) -> Tables:
    """The draft with another name for a value, wherever it is sent, or wherever the session's steps do not send it."""
    return [
        table
        if after_entry and name_of(table) == "session"
        else Table(table.heading, [Line(line.key, _renamed(line.value, name, to), line.why) for line in table.lines])
        for table in tables
    ]


def _renamed(value: object, name: str, to: str) -> object:
    if isinstance(value, dict):
        return {key: _renamed(each, name, to) for key, each in value.items()}
    if isinstance(value, list):
        return [_renamed(each, name, to) for each in value]
    if isinstance(value, str):
        return value.replace("{" + name + "}", "{" + to + "}").replace("{" + name + "?}", "{" + to + "}")
    return value


def sourceless(tables: Tables, name: str) -> Tables:
    """The draft in which nothing gives that value."""
    unused = {f"take.{name}", f"make.{name}"}
    return [
        Table(table.heading, [each for each in table.lines if each.key not in unused])
        for table in cut(tables, "[take]", name)
    ]


def expanded(tables: Tables, sent: tuple[str, ...]) -> Tables:
    """The draft that says itself what a preset says of tokens: their place, header, page. Refusals stay out.

    Presets of protocols stay.
    """
    value = value_of(tables, "", "extends")
    presets = value if isinstance(value, list) else [value]
    rows = [stack for stack in STACKS if stack.preset in presets]
    if not rows:
        return copy_of(tables)
    stack = next((each for each in rows if each.header in sent), rows[0])
    left = [each for each in presets if each != stack.preset]
    why = evidence_of(tables, "extends")
    new = put(tables, "", Line("extends", left, why)) if left else cut(tables, "", "extends")
    new = put(new, "[take]", Line("csrf", stack.source))
    new = put(new, "[headers]", Line(spelled(stack.header), "{csrf}"))
    return new if steps_of(new, "session") else add_page(new, "/", f"as the preset {stack.preset} has it")


def noted(tables: Tables, header: Header, why: str) -> Tables:
    """The draft with evidence beside a header."""
    new = copy_of(tables)
    table = new[header.table]
    key = header.name if table.heading == "[headers]" else "headers"
    table.lines = [Line(key, line.value, why) if line.key == key else line for line in table.lines]
    return new
