"""From the steps of a site file to steps that only need their values."""

import re
from itertools import accumulate
from typing import Final, cast

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from chatdoor.site import file, model
from chatdoor.site.answers import compile_matches, compile_sources
from chatdoor.site.headers import read_cookies, read_headers
from chatdoor.site.lines import KeyPath
from chatdoor.site.outgoing import each_step
from chatdoor.site.parts import checked, given, read_duration, read_fields, read_one_of, read_shape, read_template
from chatdoor.site.problem import Problem
from chatdoor.site.sockets import SOCKETS, as_http, check_framing, check_socket
from chatdoor.site.template import Fields, Slot, Template, names_in
from chatdoor.site.urls import UrlError, origin_of, parse_url
from chatdoor.site.words import match_words

# What a path may hold as it stands: visible ASCII, no backslash, no fragment (which is never sent).
_TARGET: Final = re.compile(r"[!\"$-\[\]-~]+")


DEFAULT_PAUSE: Final = 1.0
"""Seconds between two repetitions of a step, where the file does not say."""


def compile_steps(steps: file.Steps | UnsetType, path: KeyPath, origins: frozenset[str]) -> tuple[model.Step, ...]:
    """The steps, in order. A full URL in them leads to one of the origins."""
    return tuple([_compile_step(step, place, origins) for place, step in each_step(steps, path)])


def numbered(*lists: tuple[model.Step, ...]) -> list[tuple[model.Step, ...]]:
    """The same lists, in which a label says which of its list a step is; where that is not enough, which of all."""
    named = [_numbered(steps, 0, len(steps)) for steps in lists]
    count = sum(len(steps) for steps in lists)
    if len({step.label for steps in named for step in steps}) == count:
        return named
    before = accumulate((len(steps) for steps in lists), initial=0)
    return [_numbered(steps, start, count) for steps, start in zip(lists, before, strict=False)]


def _numbered(steps: tuple[model.Step, ...], before: int, count: int) -> tuple[model.Step, ...]:
    if count == 1:
        return steps
    return tuple(
        replace(step, label=f"step {number} of {count}, {step.label}")
        for number, step in enumerate(steps, start=before + 1)
    )


def _compile_step(table: file.StepTable, path: KeyPath, origins: frozenset[str]) -> model.Step:
    check_framing(table, path)
    method = read_one_of(table, file.METHODS, path, "a step is one request")
    if method is None:
        raise Problem(path, "says nowhere where its request goes: get, post, put, patch or delete is missing")
    socket = method in SOCKETS
    if socket:
        check_socket(table, path, method)
    target = read_template(as_http(getattr(table, method)) if socket else getattr(table, method), (*path, method))
    query = read_fields(given(table.query) or {}, (*path, "query"))
    headers = read_headers(given(table.headers) or {}, (*path, "headers"))
    cookies = read_cookies(given(table.cookies) or {}, (*path, "cookies"))
    body = _body(table, path, method)
    auth = None if isinstance(table.auth, UnsetType) else read_shape(table.auth, (*path, "auth"))
    take = compile_sources(given(table.take) or {}, (*path, "take"))
    opening_names = names_in(target, query, Fields(headers))
    names = opening_names | names_in(*(value for _, value in cookies), body.shape if body else None, auth)
    return model.Step(
        label=f"{method.upper()} {_check_target(target, (*path, method), origins)}",
        method=method.upper(),
        path=target,
        query=query,
        headers=headers,
        cookies=cookies,
        body=body,
        auth=auth,
        opening_names=opening_names,
        names=names,
        references=model.references_in(names),
        take=take,
        sources=model.sort_sources(take),
        make=given(table.make) or {},
        expect=compile_matches(table.expect, (*path, "expect")),
        expected=match_words(table.expect) or "a success",
        until=compile_matches(table.until, (*path, "until")),
        awaited=match_words(table.until) or "a frame",
        every=_pause(table, path),
        refresh=_refresh(table, path),
        follow_redirects=table.follow_redirects and not socket,
    )


def _pause(table: file.StepTable, path: KeyPath) -> float:
    """Seconds between two repetitions."""
    if isinstance(table.every, UnsetType):
        return DEFAULT_PAUSE
    if table.until is UNSET:
        raise Problem((*path, "every"), "goes with until: a step without it is not repeated")
    return read_duration(table.every, (*path, "every"))


def _refresh(table: file.StepTable, path: KeyPath) -> bool:
    if table.refresh and path[0] != "session":
        raise Problem((*path, "refresh"), "is for session steps")
    return table.refresh


def _body(table: file.StepTable, path: KeyPath, method: str) -> model.Body | None:
    if method == "socketio" and not isinstance(table.emit, UnsetType):
        return model.Body("emit", read_shape(table.emit, (*path, "emit")))
    kind = read_one_of(table, file.BODIES, path, "a step has one body")
    if kind is None:
        return None
    if method in {"get", "delete"}:
        raise Problem((*path, kind), f"a {method.upper()} has no body")
    return model.Body(cast(model.BodyKind, kind), read_shape(getattr(table, kind), (*path, kind)))


def _check_target(target: Template, path: KeyPath, origins: frozenset[str]) -> str:
    """The target as text, with its slots as they are written. Raises Problem where it leads elsewhere."""
    constant = [part for part in target.parts if isinstance(part, str)]
    if not all(_TARGET.fullmatch(part) for part in constant):
        raise Problem(path, "a path is visible ASCII without backslash and #; write the rest as %20 and the like")
    if any(isinstance(part, Slot) and part.optional for part in target.parts):
        raise Problem(path, "nothing can be left out of a path: write {name}, without the question mark")
    text = "".join(part if isinstance(part, str) else f"{{{part.name}}}" for part in target.parts)
    if text.startswith("/") and not text.startswith("//"):
        return text
    if "://" not in text:
        raise Problem(path, "expected a path that begins with one /, or a full URL")
    origin = origin_of(checked(parse_url, text, path, UrlError))
    if origin not in origins:
        raise Problem(path, f"{origin} is not named: add its host to `hosts`")
    return text
