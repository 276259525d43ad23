"""What an answer that is no reply means: refused, a bot check, a login page, a failure of the site.

Told apart by what the site file declares and by marks. The order matters: what names CSRF is a refusal
whatever else is on its page, and a bot check often comes as a 403 too, and must not be answered by asking again.
"""

import re
from typing import Final, TypeAlias

import msgspec

from chatdoor.errors import (
    ChatdoorError,
    ConnectFailed,
    ContentRefused,
    RateLimited,
    SessionRefused,
    SiteFailed,
    UnexpectedReply,
)
from chatdoor.flow.answer import Answer, content_type
from chatdoor.flow.bot_check import announced_check, bot_check, bot_check_instead, met
from chatdoor.flow.dates import read_retry_after
from chatdoor.flow.effects import Head
from chatdoor.flow.excerpt import excerpt, with_excerpt
from chatdoor.flow.exchange import Visit
from chatdoor.flow.match import fits, fits_head
from chatdoor.flow.replies.decoder import BLOCKED
from chatdoor.site.model import Site, Step

# Frameworks name the check they made: Django "CSRF verification failed", Rails "InvalidAuthenticityToken",
# Laravel "CSRF token mismatch" and "Page Expired", Flask-WTF "The CSRF token is missing", ASP.NET "antiforgery".
_NAMES_CSRF: Final = re.compile(
    r"csrf|xsrf|cross.site request forgery|anti-?forgery|authenticity.?token|page.?expired", re.IGNORECASE
)

STREAMS: Final = frozenset({"text/event-stream", "application/x-ndjson", "application/ndjson", "application/jsonl"})
"""Content types of what comes record by record."""


class Refusal(msgspec.Struct, frozen=True):
    """The site did not act. `names_csrf`: it said that the token was the reason."""

    reason: str
    names_csrf: bool = False


class Lost(msgspec.Struct, frozen=True):
    """The site no longer has the conversation. It did not act."""

    reason: str


Setback: TypeAlias = Refusal | Lost
"""Why a message has to be told from the start again. The site did not act."""

Verdict: TypeAlias = Setback | ChatdoorError
"""What an answer means that is no reply: a refusal, a lost conversation, or the error to raise."""


def may_be_refused(site: Site, head: Head) -> bool:
    """True where the head does not settle that the answer is a reply, so that its body must be read first.

    The body of a stream is not waited for: what it says comes piece by piece.
    """
    if head.status >= 300 or announced_check(head) or signs_in_at(site, head):
        return True
    for match in site.doubts:
        if fits_head(match, head) and not (match.needs_body and content_type(head) in STREAMS):
            return True
    return False


def judge(visit: Visit, step: Step, answer: Answer) -> Verdict | None:
    """What the answer means, where it is no reply. None: it may be one."""
    return blocked(visit, step, answer) or _judge(visit, step, answer)


def _judge(visit: Visit, step: Step, answer: Answer) -> Verdict | None:
    status = answer.head.status
    refused = any(fits(match, answer) for match in visit.site.refused)
    if refused and not announced_check(answer.head) and names_csrf(answer):
        return _refusal(visit, answer, names_csrf=True)
    if vendor := bot_check(answer):
        return met(vendor, visit.site, step)
    if any(fits(match, answer) for match in visit.site.conversation.lost):
        return Lost(excerpt(answer, visit.secrets))
    asked_to_sign_in = refused or status in {401, 403} or signs_in_at(visit.site, answer.head)
    if asked_to_sign_in and is_login_page(answer):
        return _signed_out(visit, step, answer)
    if refused:
        return _refusal(visit, answer)
    return None if status < (300 if step.follow_redirects else 400) else failure(visit, step, answer)


def judge_page(visit: Visit, step: Step, answer: Answer, problem: str = "expected data, got a page") -> Verdict:
    """What a page means that is not what was due: a bot check, a login, a token that was wrong; else the problem.

    A page alone is no refusal: a site that shows its crash as a page with status 200 may have read the prompt.
    """
    if vendor := bot_check_instead(answer):
        return met(vendor, visit.site, step)
    if is_login_page(answer) or signs_in_at(visit.site, answer.head):
        return _signed_out(visit, step, answer)
    if names_csrf(answer):
        return _refusal(visit, answer, names_csrf=True)
    error = UnexpectedReply(problem, site=visit.site.name, step=step.label)
    return with_excerpt(error, answer, visit.secrets)


def failure(visit: Visit, step: Step, answer: Answer) -> ChatdoorError:
    """The error for a status that is no success."""
    status = answer.head.status
    if status == 407:  # RFC 9110, section 15.5.8: only a proxy says so
        return ConnectFailed("the proxy wants another user name or password", site=visit.site.name, step=step.label)
    if status == 401 or (status == 403 and is_login_page(answer)):
        return login_wanted(visit, step, answer)
    wait = read_retry_after(answer.head.get("retry-after"), answer.head.at.unix)
    if status == 429 or (status == 503 and step.only_reads and wait is not None):
        return _rate_limited(visit, step, answer, wait)
    kind = SiteFailed if status >= 500 else UnexpectedReply
    error = kind("the answer is an error", site=visit.site.name, step=step.label)
    return with_excerpt(error, answer, visit.secrets)


def names_csrf(answer: Answer) -> bool:
    """True where the site says that the token was wrong. A 401 asks for a login, whatever else it says.

    Of a page, what a person reads counts: nearly every form has a hidden field with such a name.
    """
    if answer.head.status == 401:
        return False
    return _NAMES_CSRF.search(answer.page.text() if answer.is_html else answer.text) is not None


def is_login_page(answer: Answer) -> bool:
    """True for a page that asks for a password."""
    return answer.is_html and answer.page.has("input[type=password]")


def signs_in(site: Site) -> bool:
    """True where a session step sends something: that is how a visitor signs in."""
    return any(step.body for step in site.session)


def signs_in_at(site: Site, head: Head) -> bool:
    """True where the answer came from where the session steps sign in, and the chat does not go there itself."""
    return bool(site.doors) and head.url.partition("?")[0] in site.doors


def login_wanted(visit: Visit, step: Step, answer: Answer) -> SessionRefused:
    """The error for a site that wants a login."""
    problem = f"the site wants a login (HTTP {answer.head.status})"
    if visit.session.given:
        problem = f"the access token that was given was refused: {problem}"
    elif not signs_in(visit.site):
        problem += ", and its site file has no step that signs in"
    elif not any(fits(match, answer) for match in visit.site.refused):
        problem += ", and `refused` in its site file names no such answer"
    error = SessionRefused(problem, site=visit.site.name, step=step.label)
    with_excerpt(error, answer, visit.secrets)
    return error


def _signed_out(visit: Visit, step: Step, answer: Answer) -> Verdict:
    """What a login page means: a session that has ended, where the site file can sign in again; else an error."""
    return _refusal(visit, answer) if signs_in(visit.site) else login_wanted(visit, step, answer)


def _refusal(visit: Visit, answer: Answer, *, names_csrf: bool = False) -> Refusal:
    return Refusal(excerpt(answer, visit.secrets), names_csrf)


def blocked(visit: Visit, step: Step, answer: Answer) -> ChatdoorError | None:
    """The error for an answer by which the site's content rules refuse the prompt; None for any other."""
    if not any(fits(match, answer) for match in visit.site.blocked):
        return None
    error = ContentRefused(BLOCKED, site=visit.site.name, step=step.label)
    return with_excerpt(error, answer, visit.secrets)


def _rate_limited(visit: Visit, step: Step, answer: Answer, wait: float | None) -> ChatdoorError:
    if wait is None:
        problem = "the site limits the rate and does not say for how long"
    elif visit.call.waited:
        problem = f"the site asks for a wait once more, of {wait:.0f} s"
    else:
        problem = f"the site asks for a wait of {wait:.0f} s, more than the timeout leaves"
    error = RateLimited(problem, retry_after=wait, site=visit.site.name, step=step.label)
    return with_excerpt(error, answer, visit.secrets)
