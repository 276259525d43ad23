"""What a site file says about answers: sources of values, matches, the reply."""

from collections.abc import Mapping
from typing import Final, cast

from msgspec import UNSET, UnsetType
from msgspec.structs import fields

from chatdoor.site import file, model
from chatdoor.site.lines import KeyPath
from chatdoor.site.parts import (
    given,
    read_one_of,
    read_optional_path,
    read_path,
    read_pattern,
    read_statuses,
    read_words,
)
from chatdoor.site.paths import Find
from chatdoor.site.problem import Problem

_OF_RECORDS: Final = ("where", "cumulative", "done")
_OF_DATA: Final = (*_OF_RECORDS, "finish", "usage")

UNFIT: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "json": ("is for replies that come in records, and json is one document", _OF_RECORDS),
    "html": ("is for replies that hold JSON, and html is a page", _OF_DATA),
    "text": ("is for replies that hold JSON, and text is the body as it comes", (*_OF_DATA, "error")),
}
"""Format -> keys of a reply that do not go with it, and why."""


def compile_sources(tables: Mapping[str, file.SourceTable], path: KeyPath) -> dict[str, model.Source]:
    """Where each value is found, by its name."""
    return {name: _compile_source(table, (*path, name)) for name, table in tables.items()}


def _compile_source(table: file.SourceTable, path: KeyPath) -> model.Source:
    place = read_one_of(table, file.PLACES, path, "a value has one place")
    if place is None and table.json is UNSET and table.regex is UNSET:
        raise Problem(
            path, "says nowhere where the value is: cookie, header, meta, input, css, url, json or regex is missing"
        )
    if table.attr is not UNSET and place != "css":
        raise Problem((*path, "attr"), "goes with css")
    if table.decode is not UNSET and (place is None or (table.decode == "none" and place != "cookie")):
        raise Problem((*path, "decode"), "there is nothing to decode" if place is None else "none goes with cookie")
    return model.Source(
        place=cast(model.Place, place or "body"),
        name=getattr(table, place) if place else "",
        attr=given(table.attr),
        json=read_optional_path(table.json, (*path, "json")),
        decode=given(table.decode) or "percent",
        regex=read_pattern(table.regex, (*path, "regex")),
        url=read_pattern(table.url, (*path, "url")),
    )


def compile_matches(tables: file.Matches | UnsetType, path: KeyPath) -> tuple[model.Match, ...]:
    """The matches, any of which has to hold."""
    if isinstance(tables, UnsetType):
        return ()
    if isinstance(tables, file.MatchTable):
        return (_compile_match(tables, path),)
    return tuple(_compile_match(table, (*path, index)) for index, table in enumerate(tables))


def _compile_match(table: file.MatchTable, path: KeyPath) -> model.Match:
    closes = _closes(table, path)
    if table == file.MatchTable():
        raise Problem(path, "an empty match would fit every answer")
    return model.Match(
        statuses=frozenset() if isinstance(table.status, UnsetType) else read_statuses(table.status),
        paths=read_words(table.url),
        types=tuple(kind.lower() for kind in read_words(table.type)),
        selectors=read_words(table.css),
        texts=read_words(table.text),
        json=compile_record_match(table.json, (*path, "json")),
        closes=closes,
    )


def _closes(table: file.MatchTable, path: KeyPath) -> frozenset[int]:
    """Close codes, which only say what an ending means (RFC 6455, section 7.4)."""
    if isinstance(table.close, UnsetType):
        return frozenset()
    codes = table.close if isinstance(table.close, list) else [table.close]
    if path[0] != "refused" and path[:2] != ("conversation", "lost"):
        raise Problem((*path, "close"), "is for `refused` and `lost`")
    if table != file.MatchTable(close=table.close):
        raise Problem((*path, "close"), "stands alone: write the other keys into a match beside it")
    if not codes or not all(1000 <= code <= 4999 for code in codes):
        raise Problem((*path, "close"), "a close code is a number from 1000 to 4999")
    return frozenset(codes)


def compile_record_match(table: file.RecordMatch | UnsetType, path: KeyPath) -> model.RecordMatch | None:
    """Each path with the values that it may find."""
    if isinstance(table, UnsetType):
        return None
    found: dict[bool, list[tuple[Find, tuple[object, ...]]]] = {False: [], True: []}
    for key, value in table.items():
        find = read_path(key, (*path, key))
        found[key.startswith("@.")].append((find, tuple(value) if isinstance(value, list) else (value,)))
    return model.RecordMatch(tuple(found[False]), tuple(found[True]))


def compile_reply(table: file.ReplyTable, path: KeyPath) -> model.ReplyRule:
    """Where the text of a reply is."""
    form = read_one_of(table, file.FORMATS, path, "a reply has one format")
    if form is None:
        raise Problem(
            path, f"says nowhere where the text is: {', '.join(file.FORMATS[:-1])} or {file.FORMATS[-1]} is missing"
        )
    _check_fits(table, form, path)
    expression = "@" if table.text is True else getattr(table, form)
    of_page = form == "html"
    return model.ReplyRule(
        format=cast(model.Format, form),
        find=read_path("@" if of_page else expression, (*path, form)),
        path=expression,
        where=compile_record_match(table.where, (*path, "where")),
        cumulative=table.cumulative
        if isinstance(table.cumulative, bool)
        else compile_record_match(table.cumulative, (*path, "cumulative")) or False,
        done=table.done if isinstance(table.done, str) else compile_record_match(table.done, (*path, "done")),
        error=_compile_error(table.error, (*path, "error")) if not of_page else None,
        error_selector=table.error if of_page and isinstance(table.error, str) else "",
        finish=read_optional_path(table.finish, (*path, "finish")),
        usage_input=read_optional_path(table.usage.input, (*path, "usage", "input")),
        usage_output=read_optional_path(table.usage.output, (*path, "usage", "output")),
    )


def _check_fits(table: file.ReplyTable, form: str, path: KeyPath) -> None:
    """Raises Problem for a key that the format has no use for."""
    if table.text is False:
        raise Problem((*path, "text"), "says nothing where it is false; write true, or another format")
    reason, keys = UNFIT.get(form, ("", ()))
    for field in fields(table):
        default = file.UsageTable() if field.name == "usage" else field.default
        if field.name in keys and getattr(table, field.name) != default:
            raise Problem((*path, field.name), reason)
    if form == "html" and isinstance(table.error, Mapping):
        raise Problem((*path, "error"), "is a CSS selector here: the reply is in a page")


def _compile_error(error: str | file.RecordMatch | UnsetType, path: KeyPath) -> Find | model.RecordMatch | None:
    return read_path(error, path) if isinstance(error, str) else compile_record_match(error, path)
