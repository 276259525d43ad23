"""What a site file says about answers: sources of values, matches, the reply."""

from collections.abc import Mapping
from typing import cast

from msgspec import UNSET, UnsetType

from chatdoor.site import file, model
from chatdoor.site.built import check_built
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
from chatdoor.site.problem import Problem


def compile_sources(tables: Mapping[str, file.SourceTable], path: KeyPath) -> dict[str, model.Source]:
    """Where each value is found, by its name."""
    return {name: _compile_source(table, (*path, name)) for name, table in tables.items()}


def _compile_source(table: file.SourceTable, path: KeyPath) -> model.Source:
    check_built(table, path)
    place = read_one_of(table, file.PLACES, path, "a value has one place")
    pick = read_one_of(table, file.PICKS, path, "a value has one pick")
    if place is None and pick is None:
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
    check_built(table, path)
    if table == file.MatchTable():
        raise Problem(path, "an empty match would fit every answer")
    return model.Match(
        statuses=frozenset() if isinstance(table.status, UnsetType) else read_statuses(table.status),
        paths=read_words(table.url),
        types=tuple(kind.lower() for kind in read_words(table.type)),
        selectors=read_words(table.css),
        texts=read_words(table.text),
        json=compile_record_match(table.json, (*path, "json")),
    )


def compile_record_match(table: file.RecordMatch | UnsetType, path: KeyPath) -> model.RecordMatch | None:
    """Each path with the values that it may find."""
    if isinstance(table, UnsetType):
        return None
    return model.RecordMatch(
        tuple(
            (read_path(key, (*path, key)), tuple(value) if isinstance(value, list) else (value,))
            for key, value in table.items()
        )
    )


def compile_reply(table: file.ReplyTable, path: KeyPath) -> model.ReplyRule:
    """Where the text of a reply is."""
    check_built(table, path)
    form = read_one_of(table, file.FORMATS, path, "a reply has one format")
    if form is None:
        raise Problem(path, "says nowhere where the text is: json or sse is missing")
    for key, default in (("where", UNSET), ("cumulative", False), ("done", UNSET)):
        if form == "json" and getattr(table, key) is not default:
            raise Problem((*path, key), "is for replies that come in records, and json is one document")
    expression = getattr(table, form)
    return model.ReplyRule(
        format=cast(model.Format, form),
        find=read_path(expression, (*path, form)),
        path=expression,
        where=compile_record_match(table.where, (*path, "where")),
        cumulative=table.cumulative
        if isinstance(table.cumulative, bool)
        else compile_record_match(table.cumulative, (*path, "cumulative")) or False,
        done=table.done if isinstance(table.done, str) else compile_record_match(table.done, (*path, "done")),
        error=read_path(table.error, (*path, "error"))
        if isinstance(table.error, str)
        else compile_record_match(table.error, (*path, "error")),
        finish=read_optional_path(table.finish, (*path, "finish")),
        usage_input=read_optional_path(table.usage.input, (*path, "usage", "input")),
        usage_output=read_optional_path(table.usage.output, (*path, "usage", "output")),
    )
