"""Where a token may come from: what the live pages hold, compared with what was recorded on its way out.

The likeliest comes first: one of the recorded length and alphabet, under a token's name, where a known stack has it.
Places follow from `origins.py`; names from `words.py`; stacks from `stacks.py`.
"""

import base64
import re
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import unquote

import msgspec

from chatdoor.discover import words
from chatdoor.discover.draft import Line, Table
from chatdoor.discover.leaves import answer_leaves
from chatdoor.discover.mend_tables import (
    Tables,
    add_page,
    address_of,
    copy_of,
    cut,
    name_of,
    put,
    sourceless,
    steps_of,
    suspects,
    tokens,
    without_value,
)
from chatdoor.discover.mend_trial import HEADER, PAGE, Seen
from chatdoor.discover.origins import source_in
from chatdoor.discover.recording import Answer, Body, Exchange, Request
from chatdoor.discover.stacks import STACKS, spelled

MOST: Final = 6
"""Sources that are tried for one value."""

LEAST: Final = 2
"""Points below which a value is not tried."""

_LENGTHS: Final = 0.25
"""By how much of its length a token of the same kind may differ: some hold a time or a number."""

_KINDS: Final = tuple(re.compile(each) for each in (r"[a-z]", r"[A-Z]", r"[0-9]", r"[^A-Za-z0-9]"))


class Candidate(msgspec.Struct, frozen=True):
    """A source to try. `page` is what has to be opened for it, empty where the session does so already.

    `step` is the place of the session's step that holds it, -1 for the last one. `first`: the page comes before all
    that the session sends.
    """

    source: dict[str, object]
    page: str
    points: int
    step: int = -1
    first: bool = False

    @property
    def place(self) -> str:
        """The source in words."""
        return " ".join(f"{key} {value}" for key, value in self.source.items())


def look_tables(tables: Tables, pages: tuple[str, ...]) -> Tables:
    """A draft that opens the session and these pages, and takes all that it sees. It says nothing."""
    found = [table for table in copy_of(tables) if name_of(table) in {"", "take", "headers", "session"}]
    found = cut(found, "", "extends")  # what a protocol's preset says of the chat is not for a look
    for name in suspects(tables):
        if name.startswith("env:") or any(_makes(table, name) for table in tables):
            found = without_value(found, name, everywhere=True)
    for page in pages:
        found = add_page(found, page, "")
    for at, step in enumerate(steps_of(found, "session")):
        step.lines = [*step.lines, Line(f"take.{PAGE}{at}", {"regex": r"(?s)(.*)"})]
    for at, name in enumerate(dict.fromkeys(tokens(tables).values())):
        found = put(found, "[take]", Line(f"{HEADER}{at}", {"header": spelled(name.lower())}))
    return [*found, *_SILENT]


def _makes(table: Table, name: str) -> bool:
    return any(line.key == f"make.{name}" for line in table.lines)


_SILENT: Final = (
    Table("[chat]", [Line("get", "/"), Line("query", {"q": "{prompt}"})]),
    Table("[reply]", [Line("text", value=True)]),
    Table("[conversation]", [Line("history", "none")]),
)
"""What every site file needs, and a look does not use."""


def pages_beside(tables: Tables, pages: tuple[str, ...]) -> tuple[str, ...]:
    """The pages that the session does not open at its end, after all that it sends."""
    steps = [address_of(step) for step in steps_of(tables, "session")]
    last = max((at for at, (verb, _) in enumerate(steps) if verb != "get"), default=-1)
    opened = {path for _, path in steps[last + 1 :]}
    return tuple(page for page in pages if page not in opened)


def candidates(tables: Tables, pages: tuple[str, ...], seen: Seen, key: str, sample: str) -> list[Candidate]:
    """What may be the source of the value that is sent under that key and was recorded as `sample`, best first."""
    own = len(steps_of(tables, "session"))
    found = [*_of_cookies(tables, seen, key, sample), *_of_headers(tables, seen, key, sample)]
    for at in range(own + len(pages)):
        text = seen.values.get(f"{PAGE}{at}")
        page = pages[at - own] if at >= own else ""
        if isinstance(text, str):
            step = at if at < own else -1
            found += (msgspec.structs.replace(each, step=step) for each in _of_page(text, page, key, sample))
    best: dict[tuple[str, str], Candidate] = {}
    for each in sorted(found, key=lambda candidate: (-candidate.points, bool(candidate.page))):
        if each.points >= LEAST:
            best.setdefault((str(each.source), each.page), each)
    return list(best.values())[:MOST]


def _of_cookies(tables: Tables, seen: Seen, key: str, sample: str) -> Iterator[Candidate]:
    paths = {address_of(step)[1] for step in steps_of(tables, "session")}
    for name, raw in seen.cookies:
        setters = [setter.path for setter in seen.setters if name in setter.cookies]
        page = "" if not setters or any(path in paths for path in setters) else setters[0]
        for source, value in _spellings(name, raw):
            points = _points(source, name, value, key, sample)
            yield Candidate(source, page, points)


def _spellings(name: str, raw: str) -> Iterator[tuple[dict[str, object], str]]:
    """A cookie as scripts read it, as it is, and from base64."""
    yield {"cookie": name}, unquote(raw)
    if unquote(raw) != raw:
        yield {"cookie": name, "decode": "none"}, raw
    try:
        plain = base64.b64decode(raw + "=" * (-len(raw) % 4), altchars=b"-_", validate=True).decode("ascii")
    except ValueError:  # not base64, or no text
        return
    yield {"cookie": name, "decode": "base64"}, plain


def _of_headers(tables: Tables, seen: Seen, key: str, sample: str) -> Iterator[Candidate]:
    for at, name in enumerate(dict.fromkeys(tokens(tables).values())):
        value = seen.values.get(f"{HEADER}{at}")
        if isinstance(value, str):
            source: dict[str, object] = {"header": spelled(name.lower())}
            yield Candidate(source, "", _points(source, name, value, key, sample))


def _of_page(text: str, page: str, key: str, sample: str) -> Iterator[Candidate]:
    kind = "text/html" if text.lstrip()[:1] == "<" else "application/json"
    answer = Answer(200, body=Body(kind, text))
    exchange = Exchange(0, Request("GET", page or "/"), answer)
    for leaf in answer_leaves(answer):
        points = _points({}, leaf.key, leaf.value, key, sample)
        if points >= LEAST and (source := source_in(leaf.value, exchange)):
            yield Candidate(source, page, points + _stack_points(source, key))


def _points(source: Mapping[str, object], name: str, value: str, key: str, sample: str) -> int:
    named = 2 if words.TOKEN.search(name) else 0
    return named + _likeness(value, sample) + _stack_points(source, key)


def _stack_points(source: Mapping[str, object], key: str) -> int:
    return 3 if any(stack.header == key.lower() and stack.source == source for stack in STACKS) else 0


def _likeness(value: str, sample: str) -> int:
    """How much a value is of the kind that was recorded: its alphabet, and its length."""
    if not sample or not value or re.search(r"\s", value):
        return 0
    alike = [bool(kind.search(value)) for kind in _KINDS] == [bool(kind.search(sample)) for kind in _KINDS]
    if len(value) == len(sample):
        return 5 if alike else 1
    near = abs(len(value) - len(sample)) <= len(sample) * _LENGTHS
    return 1 if alike and near else 0


def with_source(tables: Tables, name: str, candidate: Candidate, why: str) -> Tables:
    """The draft that takes the value from there. Data is read in its own step, all else in every answer."""
    new = copy_of(sourceless(tables, name))
    if candidate.page:
        new = add_page(new, candidate.page, why, first=candidate.first)
    steps = steps_of(new, "session")
    if candidate.source.keys() != {"json"} or not steps:
        return put(new, "[take]", Line(name, candidate.source, why))
    step = steps[0 if candidate.first else candidate.step]
    step.lines = [*step.lines, Line(f"take.{name}", candidate.source, why)]
    return new
