"""What a recording says beside its site file: what is of use where the site itself can be asked.

Browsers export no cookies and no `Authorization` by default. What stays are the pages that were opened, the values that
went out, and the tokens that JSON answers gave. None of the values here is ever written down.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from chatdoor.discover.leaves import answer_leaves
from chatdoor.discover.opaque import is_marked
from chatdoor.discover.origins import source_in
from chatdoor.discover.plan import Plan
from chatdoor.discover.recording import Exchange
from chatdoor.discover.sends import path_shape

MAX_PAGES: Final = 3
"""Pages that were open before the first prompt and are worth another look. The last ones count."""

_BEARER: Final = re.compile(r"token|jwt|bearer|auth|access|session", re.IGNORECASE)
"""What stacks call a token that goes into `Authorization`: OAuth 2.0 (RFC 6749), DRF, Laravel Sanctum, Supabase."""

_LEAVES: Final = re.compile(r"log-?_?out|sign-?_?out|delete|remove|unsubscribe|revoke", re.IGNORECASE)
"""Paths that are not opened once more: a GET there ends or changes something."""

_MACHINE_KINDS: Final = ("javascript", "css", "image/", "font/")


class Given(msgspec.Struct, frozen=True):
    """A token that a JSON answer gave: the request, and the source that finds it there."""

    verb: str
    path: str
    source: dict[str, object]


class Clues(msgspec.Struct, frozen=True):
    """What is known beside the draft.

    `samples` are recorded values by the placeholder that stands for them, `headers` the names of what the chat's
    request sent. `pages` were read before the first prompt. `given` are tokens that JSON answers held, newest first:
    some only where the recording `hides` cookies and `Authorization`. `variables` are those of the login.
    """

    samples: Mapping[str, str]
    headers: tuple[str, ...]
    pages: tuple[str, ...]
    given: tuple[Given, ...]
    variables: tuple[str, ...]
    hides: bool = False


def clues_of(plan: Plan) -> Clues:
    """The clues that were met while the plan was made."""
    first = plan.sents[0]
    at = plan.recording.exchanges.index(first.exchange)
    earlier = [each for each in plan.recording.exchanges[:at] if each.request.parts.netloc == first.host]
    hides = not plan.recording.shows_cookies
    given = [each for exchange in reversed(earlier) for each in given_by(exchange)]
    variables = (f"{plan.env}_USER", f"{plan.env}_PASSWORD") if plan.login else ()
    headers = tuple(dict.fromkeys(name for sent in plan.sents for name in sent.headers))
    return Clues(
        dict(plan.samples), headers, tuple(_pages(earlier)), tuple(given) if hides else (), variables, hides=hides
    )


def _pages(earlier: list[Exchange]) -> list[str]:
    """What was read: pages first, then data; the last one leads, since that is where the chat is; each once."""
    read = [each for each in reversed(earlier) if each.request.method == "GET" and _is_read(each)]
    pages = sorted(read, key=lambda each: "html" not in each.answer.body.type)
    return list(dict.fromkeys(_address(each) for each in pages))[:MAX_PAGES]


def _is_read(exchange: Exchange) -> bool:
    kind, path = exchange.answer.body.type, exchange.request.parts.path
    if _LEAVES.search(path) or path_shape(path) != path:  # the page of one visitor's own is no other's
        return False
    return exchange.answer.status < 400 and not exchange.frames and not any(mark in kind for mark in _MACHINE_KINDS)


def _address(exchange: Exchange) -> str:
    """The path; a query may hold what may not be written down."""
    return exchange.request.parts.path or "/"


def given_by(exchange: Exchange) -> Iterator[Given]:
    """The tokens that a JSON answer holds."""
    if "json" not in exchange.answer.body.type:
        return
    for leaf in answer_leaves(exchange.answer):
        if leaf.where == "json" and _BEARER.search(leaf.key) and is_marked(leaf.value):
            source = source_in(leaf.value, exchange)
            if source:
                yield Given(exchange.request.method.lower(), _address(exchange), source)
