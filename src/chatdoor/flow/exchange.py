"""One step of a site: send it, follow where it leads, take what its answers hold.

Redirects, waits that the site asks for, cookies and values are the same for every step, whether it opens a
session or sends a prompt. So they are here, once.
"""

from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote_plus, urlsplit

import msgspec

from chatdoor.errors import ConnectFailed, RateLimited
from chatdoor.flow.answer import Answer
from chatdoor.flow.bot_check import announced_check
from chatdoor.flow.cookies import Cookie, read_set_cookie
from chatdoor.flow.dates import read_retry_after
from chatdoor.flow.effects import (
    Discard,
    Flow,
    Head,
    Headers,
    HoldOff,
    Learn,
    Make,
    Moment,
    ReadBody,
    Request,
    Reveal,
    Send,
    Sleep,
)
from chatdoor.flow.extract import take
from chatdoor.flow.match import fits_head
from chatdoor.flow.redirect import check_circle, is_redirect, redirected
from chatdoor.flow.request import build_request, step_cookies
from chatdoor.flow.session import Changes, Session
from chatdoor.flow.talk import Talk
from chatdoor.site.model import Site, Source, Step, step_origin
from chatdoor.site.template import NULLABLE, Values

WAITS: Final = frozenset({429, 503})
"""Statuses that may come with a Retry-After (RFC 6585, section 4; RFC 9110, section 15.6.4)."""

MOST_WORKED_OUT: Final = 32
"""Results that a session keeps: a site has few URLs, unless an id is in them, which never comes again."""


class _Headed(msgspec.Struct, frozen=True, gc=False):
    """Headers that were given, the same with the session's cookies, and these alone; good `until` a cookie ends."""

    given: Headers
    headers: Headers
    cookie: str
    until: float

    def over(self, headers: Headers) -> Headers:
        """Headers with the cookies; for those that were given, the same ones each time."""
        return self.headers if headers is self.given else _with_cookie(headers, self.cookie)


class Call:
    """One call of a person: when it began, when it must end, and what it has used up of its patience."""

    waited = False
    """It has waited for the site once."""
    retried = False
    """It has sent a request once more, after a failure of the network that did no harm."""
    told = False
    """The site may have heard what is said."""
    refreshed = False
    """Its session was renewed in place, once."""
    met: frozenset[type] = frozenset()
    """The kinds of setback after which it began anew: once for each."""

    def __init__(self, began: Moment, deadline: float, secrets: frozenset[str] = frozenset()) -> None:
        self.began = began
        self.deadline = deadline
        self.secrets = secrets
        """Texts of the caller's own that must not be shown, whoever repeats them: a proxy's password."""


class Visit:
    """A way through a site, in a session that others use too: what answers change is merged into theirs."""

    def __init__(self, site: Site, session: Session, call: Call, talk: Talk) -> None:
        self.site = site
        self.session = session
        self.call = call
        self.talk = talk
        self.accept: str = site.reply.format
        self._now = call.began.unix

    @property
    def secrets(self) -> frozenset[str]:
        """Texts that must not be shown: the session's, and the caller's."""
        return self.session.secrets | self.call.secrets

    def page_of(self, head: Head) -> str | None:
        """The address of the page; None where it holds a secret: it would be stored, and told as a Referer."""
        text = unquote_plus(head.url)
        return None if any(secret in text for secret in self.call.secrets) else head.url

    def run(self, step: Step, values: dict[str, object]) -> Flow[Head]:
        """Sends the step and follows redirects and waits. Gives the head of the answer that counts.

        What the step makes is added to `values`.
        """
        for name, kind in step.make.items():
            values[name] = yield Make(kind)
        made = {**self.talk.values, **values} if self.talk.values else values
        if step.references or self.site.references:
            made = dict(made)
            for reference in sorted({*step.references, *self.site.references}):
                made[reference] = yield from self._reveal(step, reference)  # and nowhere else: values may be kept
        request = self._request(step, made)
        been: list[str] = []
        extra = self._step_cookies(step, request, made) if step.cookies else ()
        while True:
            told, self.call.told = self.call.told, self.call.told or step.tells  # whatever becomes of it now
            try:
                head: Head = yield Send(self._with_cookies(request, extra), step.label)
            except (ConnectFailed, RateLimited):  # unless it did not go out
                self.call.told = told
                raise
            self._now = head.at.unix
            if head.get("set-cookie") is not None:
                yield from self._learn_cookies(head)
            wait = (yield from self._wait(step, head, request)) if head.status in WAITS else None
            if wait is not None:
                yield Discard()
                yield Sleep(wait)
                request = request if been else self._request(step, made)
            elif is_redirect(step, head) and not self._refuses(head):
                yield Discard()
                been.append(request.url)
                request = redirected(self.site, step, request, head, self.secrets)
                check_circle(self.site, step, request, been)
            else:
                if self.site.sources.header:
                    yield from self.learn_values(self.site.sources.header, Answer(head, b""))
                return head

    def read(self, head: Head, limit: int, *, cut: bool = False) -> Flow[Answer]:
        """Reads the body of the answer."""
        body: bytes = yield ReadBody(limit, cut)
        return Answer(head, body)

    def learn_body(self, answer: Answer) -> Flow[None]:
        """Merges the values that every answer may hold in its body."""
        yield from self.learn_values(self.site.sources.body, answer)

    def learn_values(self, sources: Mapping[str, Source], answer: Answer) -> Flow[None]:
        """Merges the values that the answer holds."""
        if sources:
            yield from self.learn(take(sources, answer, self.session.jar))

    def note(self, found: Mapping[str, object], values: dict[str, object]) -> None:
        """Keeps values for the turn; the conversation's id, for the conversation."""
        values.update(found)
        if NULLABLE in found:
            self.talk.values[NULLABLE] = found[NULLABLE]

    def learn(self, found: Mapping[str, object]) -> Flow[None]:
        """Merges values."""
        found = self._of_session(found)
        changed = self._changed(found) if found else None
        if changed:
            yield from self.merge(Changes(values=changed, at=self._now))

    def merge(self, changes: Changes) -> Flow[None]:
        """Makes the changes in the session."""
        self.session = yield Learn(self.session, changes)

    def _of_session(self, found: Mapping[str, object]) -> Mapping[str, object]:
        """The values that are the session's: all but the conversation's id, which goes with the conversation."""
        if NULLABLE not in found:
            return found
        self.talk.values[NULLABLE] = found[NULLABLE]
        return {name: value for name, value in found.items() if name != NULLABLE}

    def _reveal(self, step: Step, reference: str) -> Flow[str]:
        """The secret. From now on it is masked, whoever repeats it."""
        secret: str = yield Reveal(reference, step_origin(self.site, step), step.label)
        self.call.secrets |= {secret}
        return secret

    def _request(self, step: Step, values: Values) -> Request:
        return build_request(self.site, step, self.session, values, accept=self.accept)

    def _step_cookies(self, step: Step, request: Request, values: Values) -> tuple[Cookie, ...]:
        host = urlsplit(request.url).hostname or ""
        return step_cookies(self.site, step, self.session, {**self.session.values, **values}, host)

    def _with_cookies(self, request: Request, extra: tuple[Cookie, ...]) -> Request:
        """The request with the cookies that go there. They change with every answer; the rest of it does not."""
        if extra:
            jar = self.session.jar.apply(extra, self._now)
            headers = _with_cookie(request.headers, jar.header(request.url, self._now))
        else:
            headers = self._headed(request).over(request.headers)
        return Request(request.method, request.url, headers, request.body, request.ahead, request.opening)

    def _headed(self, request: Request) -> _Headed:
        """The cookies of the session that go there; worked out anew only when one ends."""
        kept = self.session.worked_out.get(request.url)
        if isinstance(kept, _Headed) and self._now < kept.until:
            return kept
        jar = self.session.jar
        cookie = jar.header(request.url, self._now)
        headed = _Headed(request.headers, _with_cookie(request.headers, cookie), cookie, jar.next_end(self._now))
        if len(self.session.worked_out) < MOST_WORKED_OUT:
            self.session.worked_out[request.url] = headed
        return headed

    def _learn_cookies(self, head: Head) -> Flow[None]:
        """Merges the cookies that the head sets, and the values taken from cookies. These go when their cookie goes."""
        headers = [value for name, value in head.headers if name == "set-cookie"]
        found = (read_set_cookie(value, head.url, self._now) for value in headers)
        cookies = tuple(cookie for cookie in found if cookie)
        if not cookies:
            return
        sources = self.site.sources.cookie
        values = take(sources, Answer(head, b""), self.session.jar.apply(cookies, self._now))
        gone = tuple(name for name in sources if name not in values and name in self.session.values)
        changed = self._changed(self._of_session(values))
        yield from self.merge(Changes(cookies, changed, gone=gone, at=self._now))

    def _changed(self, found: Mapping[str, object]) -> dict[str, object]:
        return {name: value for name, value in found.items() if self.session.values.get(name) != value}

    def _refuses(self, head: Head) -> bool:
        """True where the site file calls a redirect refused, by its status or by where it leads. It is not followed."""
        return any((match.paths or match.statuses) and fits_head(match, head) for match in self.site.refused)

    def _wait(self, step: Step, head: Head, request: Request) -> Flow[float | None]:
        """Seconds to wait before the same request goes out again; None where the answer is not a wait.

        A 429 says that the request was not taken. A 503 does not say so, and is waited for only where asking
        twice does no harm. One wait in a call, and only one that fits into it. Others heed it in any case.
        """
        wait = read_retry_after(head.get("retry-after"), head.at.unix)
        if wait is None or announced_check(head):
            return None
        yield HoldOff(wait)
        harmless = request.method == "GET" and (step.method != "GET" or step.only_reads)
        fits = head.at.tick + wait < self.call.deadline
        if self.call.waited or not fits or not (head.status == 429 or harmless):
            return None
        self.call.waited = True
        return wait


def _with_cookie(headers: Headers, cookie: str) -> Headers:
    return (*headers, ("cookie", cookie)) if cookie else headers
