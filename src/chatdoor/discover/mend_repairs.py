"""What may make a draft work that its site refuses: another source for a token, a bearer, a page to open.

`Authorization` follows RFC 6750 and Django REST framework; pages that set cookies are those of any session.
"""

from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from chatdoor.discover.clues import Clues, Given, given_by
from chatdoor.discover.draft import Line, Table
from chatdoor.discover.mend_sources import Candidate, candidates, with_source
from chatdoor.discover.mend_tables import (
    Tables,
    add_page,
    address_of,
    copy_of,
    filled,
    headers,
    is_taken,
    put,
    renamed,
    steps_of,
    tokens,
    value_of,
)
from chatdoor.discover.mend_trial import PAGE, Seen
from chatdoor.discover.naming import wanted_name
from chatdoor.discover.recording import Answer, Body, Exchange, Request

_SCHEMES: Final = ("Bearer", "Token")
"""What stands before a token in `Authorization`: RFC 6750; Django REST framework."""

RENEWS: Final = "proven: the talk went on after it"
WHY: Final = "proven: the site answered with it"


def witnessed(tables: Tables, told: str) -> Tables:
    """The draft with what came without the repair beside its lines."""
    why = f"{WHY}; without: {told}"
    return [
        Table(each.heading, [Line(line.key, line.value, why if line.why == WHY else line.why) for line in each.lines])
        for each in tables
    ]


class Repair(msgspec.Struct, frozen=True):
    """A draft to try. `name` is the value that it sends anew, empty for none; `told` says what is new in it.

    `asked` are words of questions that it answers.
    """

    tables: Tables
    name: str
    told: str
    asked: tuple[str, ...]


class Look(msgspec.Struct, frozen=True):
    """A look at the live pages: the draft whose session was opened, the pages beside it, what they hold."""

    tables: Tables
    pages: tuple[str, ...]
    seen: Seen


def of_sources(tables: Tables, look: Look, clues: Clues, doubted: Mapping[str, str]) -> list[Repair]:
    """Other sources for the values that are doubted (name -> key), the likeliest first; those without one lead."""
    found = []
    for name, key in doubted.items():
        if name.removeprefix("env:") in clues.variables:
            continue
        sample = clues.samples.get("{" + name + "}", "")
        likely = candidates(look.tables, look.pages, look.seen, key, sample)
        if len(steps_of(look.tables, "session")) < len(steps_of(tables, "session")):
            likely = [_placed(each, tables) for each in likely]
        other = (each for each in likely if each.page or each.source != value_of(tables, "[take]", name))
        given = is_taken(tables, name)
        found += [(given, -each.points, _with_candidate(tables, name, key, each)) for each in other]
    return [repair for *_, repair in sorted(found, key=lambda row: row[:2])]


def _placed(candidate: Candidate, tables: Tables) -> Candidate:
    """The candidate for a session that could not be opened: its page comes first, where it is not opened first yet."""
    opened = [address_of(step) for step in steps_of(tables, "session")]
    sends = next((at for at, (verb, _) in enumerate(opened) if verb != "get"), len(opened))
    if ("get", candidate.page) not in opened[:sends]:
        return msgspec.structs.replace(candidate, first=True)
    return msgspec.structs.replace(candidate, page="", step=opened.index(("get", candidate.page)))


def _with_candidate(tables: Tables, name: str, key: str, candidate: Candidate) -> Repair:
    new, shared = name, _is_shared(tables, name) and candidate.source != value_of(tables, "[take]", name)
    if name.startswith("env:") or shared:
        new = free_name(tables, wanted_name(("header", key.lower())))
        tables = renamed(tables, name, new, after_entry=shared)
    where = f" of GET {candidate.page}" if candidate.page else ""
    mended = with_source(tables, new, candidate, WHY)
    asked = [f"{key} comes from", f"header {key} ("]
    if new != name:
        asked.append(name.removeprefix("env:"))
    return Repair(mended, new, f"{new}: {candidate.place}{where}, sent as {key}", tuple(asked))


def _is_shared(tables: Tables, name: str) -> bool:
    """Whether the session's steps have a source for the value too: a form of the login is not the chat's."""
    used = any(name in filled(line.value) for step in steps_of(tables, "session") for line in step.lines)
    return used and is_taken(tables, name) and name in tokens(tables)


def free_name(tables: Tables, wanted: str) -> str:
    """The name, numbered where another value has it."""
    lines = [line for table in tables for line in table.lines]
    taken = {line.key.removeprefix("take.").removeprefix("make.") for line in lines}
    numbered = (wanted, *(f"{wanted}_{number}" for number in range(2, len(taken) + 3)))
    return next(name for name in numbered if name not in taken)


def of_bearers(tables: Tables, clues: Clues) -> list[Repair]:
    """Tokens that JSON answers gave, in the header that browsers leave out."""
    if any(header.name == "Authorization" for header in headers(tables)):
        return []
    return [repair for given in clues.given for repair in _with_bearer(tables, given)]


def of_seen_bearers(tables: Tables, look: Look, clues: Clues) -> list[Repair]:
    """The same, of the live answers to the session's steps: recorders lose that of a login which leads elsewhere."""
    found: list[Given] = []
    for at, step in enumerate(steps_of(look.tables, "session") if clues.hides else ()):
        verb, path = address_of(step)
        body = Body("application/json", str(look.seen.values.get(f"{PAGE}{at}", "")))
        found += given_by(Exchange(0, Request(verb, path), Answer(200, body=body)))
    return of_bearers(tables, msgspec.structs.replace(clues, given=tuple(found)))


def _with_bearer(tables: Tables, given: Given) -> Iterator[Repair]:
    new = copy_of(tables)
    if (given.verb, given.path) not in map(address_of, steps_of(new, "session")):
        if given.verb != "get":
            return
        new = add_page(new, given.path, WHY)
    step = next(each for each in steps_of(new, "session") if address_of(each) == (given.verb, given.path))
    name = next((line.key.removeprefix("take.") for line in step.lines if line.value == given.source), "")
    if not name:
        name = free_name(new, "bearer")
        step.lines = [*step.lines, Line(f"take.{name}", given.source, WHY)]
    place = f"{_told(given.source)} of {given.verb.upper()} {given.path}"
    for scheme in _SCHEMES:
        mended = put(new, "[headers]", Line("Authorization", f"{scheme} {{{name}}}", WHY))
        yield Repair(mended, name, f"Authorization: {scheme}, {place}", ("Authorization",))


def _told(source: Mapping[str, object]) -> str:
    return " ".join(f"{key} {value}" for key, value in source.items())


def of_pages(tables: Tables, clues: Clues) -> list[Repair]:
    """Pages that were open, and may set a cookie that is hidden."""
    opened = {path for _, path in map(address_of, steps_of(tables, "session"))}
    left = [page for page in clues.pages if page not in opened]
    return [_with_page(tables, page) for page in left]


def _with_page(tables: Tables, page: str) -> Repair:
    return Repair(add_page(tables, page, WHY, first=True), "", f"session: GET {page}", (f"GET {page} sets",))


def of_renewals(tables: Tables, clues: Clues) -> list[Repair]:
    """A page that gives a new token in mid-talk, where each is good once: the session's last, else one beside it."""
    steps = steps_of(tables, "session")
    if any(line.key == "refresh" for step in steps for line in step.lines):
        return []
    if steps and address_of(steps[-1])[0] == "get":
        return [_renewing(tables)]
    return [_renewing(add_page(tables, page, WHY)) for page in clues.pages]


def _renewing(tables: Tables) -> Repair:
    """The draft whose last step of the session renews the token."""
    new = copy_of(tables)
    step = steps_of(new, "session")[-1]
    step.lines = [*step.lines, Line("refresh", value=True, why=RENEWS)]
    return Repair(new, "", f"refresh: GET {address_of(step)[1]} renews the token", ())
