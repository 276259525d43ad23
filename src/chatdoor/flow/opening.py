"""Getting a visitor in: the session steps of a site, one after the other."""

import re
from collections.abc import Mapping
from functools import partial
from typing import Final
from urllib.parse import urlsplit

import msgspec

from chatdoor.errors import (
    ArgumentError,
    ChatdoorError,
    LoginFailed,
    ReplyError,
    SessionError,
)
from chatdoor.flow.answer import Answer
from chatdoor.flow.bot_check import bot_check_instead, met
from chatdoor.flow.cookies import Cookie, Jar
from chatdoor.flow.effects import Flow, Head
from chatdoor.flow.excerpt import with_excerpt
from chatdoor.flow.exchange import Call, Visit
from chatdoor.flow.match import fits
from chatdoor.flow.misfit import sign_in_failed, unexpected
from chatdoor.flow.refusal import failure, is_login_page, login_wanted, signs_in
from chatdoor.flow.request import PAGE
from chatdoor.flow.session import Changes, Session
from chatdoor.flow.steps import MAX_PAGE_BYTES, not_there, once_more
from chatdoor.flow.talk import Talk
from chatdoor.site.model import Site, Source, Step, step_slots
from chatdoor.site.template import NULLABLE, Fields, slots

REJECTED: Final = frozenset({400, 401, 403, 422})
"""Statuses with which a step that signs in is answered where the credentials are wrong."""

MAX_TOKEN_CHARS: Final = 8_000
"""The longest access token. Servers take headers of some eight kilobytes."""

# What a cookie may hold: RFC 6265, section 4.1.1, cookie-octet.
_TOKEN = re.compile(r"[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]+")


class Opening(Visit):
    """A way through a site in a session that nobody has yet. Nothing is `refused` there: what refuses is an error."""

    def __init__(self, site: Site, session: Session, call: Call) -> None:
        super().__init__(site, session, call, Talk())
        self.accept = PAGE

    def merge(self, changes: Changes) -> Flow[None]:
        """Makes the changes in the session."""
        self.session = self.session.merge(changes)
        yield from ()

    def _refuses(self, _head: Head) -> bool:
        return False

    def _of_session(self, found: Mapping[str, object]) -> Mapping[str, object]:
        """All. But where conversations share a session, and each has an id, the one that a page shows is nobody's."""
        return super()._of_session(found) if self.site.conversation.history == "id" else found


def open_session(site: Site, call: Call, generation: int, opened: float) -> Flow[Session]:
    """A new session, from an empty jar. Raises TokenNotFound where a value that is sent later is missing.

    `opened` is the time, in seconds since 1970.
    """
    visit = Opening(site, Session(generation=generation, opened=opened), call)
    return (yield from _opened(visit, site.session))


def refresh_session(site: Site, call: Call, session: Session, generation: int, *, opened: float) -> Flow[Session]:
    """The same session with a new token, by the steps that promise to leave a conversation alone.

    Where the site does not give one, a new session.
    """
    steps = tuple(step for step in site.session if step.refresh)
    stale = {name for step in steps for name in step.take}
    values = {name: value for name, value in session.values.items() if name not in stale}
    renewed = msgspec.structs.replace(
        session, generation=generation, values=values, refreshed=session.root, opened=opened
    )
    try:
        return (yield from _opened(Opening(site, renewed, call), steps))
    except (SessionError, ReplyError):
        return (yield from open_session(site, call, generation, opened))


def _opened(visit: Opening, steps: tuple[Step, ...]) -> Flow[Session]:
    site, step, answer = visit.site, visit.site.chat[-1], None
    for step in steps:
        answer = yield from once_more(visit, step, partial(_run_step, visit, step))
    for name in _needed(site):
        if name not in visit.session.values:
            raise _not_found(visit, step, name, site.take[name], answer)
    return visit.session


def given_session(site: Site, token: str, opened: float, generation: int = 1) -> Session:
    """A session from a token that the caller has: nothing is fetched for it.

    The token is the value that the site file takes; where that comes from a cookie, it is the cookie too.
    Raises ArgumentError where the file takes no value or more than one, and for text that is no token.
    """
    sources = {**site.take, **{name: source for step in site.session for name, source in step.take.items()}}
    if len(sources) != 1:
        names = ", ".join(sources) or "none"
        raise ArgumentError(
            f"access_token stands for the one value that a site takes, and here it is {names}", site=site.name
        )
    if not _is_token(token):
        problem = f"expected up to {MAX_TOKEN_CHARS} characters without spaces, commas, semicolons or quotes"
        raise ArgumentError(f"access_token: {problem}", site=site.name)
    (name, source), *_ = sources.items()
    host = urlsplit(site.url).hostname or ""
    jar = Jar((Cookie(source.name, token, host),)) if source.place == "cookie" else Jar()
    return Session(generation=generation, opened=opened, jar=jar, values={name: token})


def _is_token(token: object) -> bool:
    return isinstance(token, str) and len(token) <= MAX_TOKEN_CHARS and _TOKEN.fullmatch(token) is not None


def _run_step(visit: Visit, step: Step) -> Flow[Answer]:
    made: dict[str, object] = {}
    head = yield from visit.run(step, made)
    answer = yield from visit.read(head, MAX_PAGE_BYTES)
    if not _is_good(step, answer):
        raise _misfit(visit, step, answer)
    if answer.is_html:
        yield from visit.merge(Changes(page=visit.page_of(head), at=head.at.unix))
    yield from visit.learn(made)
    yield from visit.learn_body(answer)
    yield from visit.learn_values(step.take, answer)
    for name, source in step.take.items():
        if name not in visit.session.values:
            raise _not_found(visit, step, name, source, answer)
    return answer


def _is_good(step: Step, answer: Answer) -> bool:
    """True where the answer is what the site file expects, or a success where it does not say."""
    if step.expect:
        return any(fits(match, answer) for match in step.expect)
    return answer.head.status < (300 if step.follow_redirects else 400)


def _misfit(visit: Visit, step: Step, answer: Answer) -> ChatdoorError:
    """The error for an answer that is not good."""
    status, site = answer.head.status, visit.site
    if vendor := bot_check_instead(answer):
        return met(vendor, site, step)
    if (step.body or step.references) and (status < 400 or status in REJECTED):
        return LoginFailed(sign_in_failed(visit, step, answer), site=site.name, step=step.label)
    if step.expect and status < 400:
        return unexpected(visit, step, answer)
    return failure(visit, step, answer)


def _needed(site: Site) -> list[str]:
    """The values that the first request of a talk sends, of those that are taken from any answer."""
    start = site.conversation.start
    sent = step_slots(start[0]) if start else (*slots(Fields(site.headers)), *step_slots(site.chat[0]))
    named = {slot.name for slot in sent if not slot.optional and slot.name != NULLABLE}
    return [name for name in site.take if name in named]


def _not_found(visit: Visit, step: Step, name: str, source: Source, answer: Answer | None) -> ChatdoorError:
    """The error for a value that is not there: most often another page came in place of the one that has it."""
    error = not_there(visit, step, name, source, answer)
    if answer is None:
        return error
    if vendor := bot_check_instead(answer):
        return met(vendor, visit.site, step)
    if is_login_page(answer) and not signs_in(visit.site):
        return login_wanted(visit, step, answer)
    return with_excerpt(error, answer, visit.secrets)
