"""One message and its reply: send, judge the answer, start again where the site refused, read the reply.

The rule that everything here serves: a prompt that a site may have read is not sent again. It goes out a
second time only after a refusal, which says that the site did not act, and never after the first piece.
"""

from typing import Final, NamedTuple

from chatdoor.errors import (
    ChatdoorError,
    ReadFailed,
    ReplyCutShort,
    ReplyError,
    SessionRefused,
    TokenNotFound,
    TransportError,
)
from chatdoor.flow.answer import Answer, charset
from chatdoor.flow.effects import Decode, Discard, Flow, Head, Moment, OpenSession
from chatdoor.flow.excerpt import with_excerpt
from chatdoor.flow.exchange import Call, Visit
from chatdoor.flow.refusal import Refusal, Verdict, judge, judge_page, may_be_refused
from chatdoor.flow.replies import ReplyDecoder, make_decoder
from chatdoor.flow.replies.text import PageInstead
from chatdoor.flow.session import Session
from chatdoor.flow.turn import Turn, fidelity, turn_values
from chatdoor.messages import Reply, Timings, Usage, estimate_tokens
from chatdoor.site.model import Site
from chatdoor.site.template import Values

EVIDENCE_BYTES: Final = 64_000
"""What is read of an answer that is no reply: enough to see what it is."""


class _Read(NamedTuple):
    """A reply that was read to its end."""

    decoder: ReplyDecoder
    first: Moment
    end: Moment


def ask(site: Site, turn: Turn, call: Call) -> Flow[Reply]:
    """Sends the turn and gives the whole reply; its pieces go to the caller as they come."""
    values = turn_values(site, turn)
    session: Session = yield OpenSession()
    outcome = yield from _first_attempt(site, session, values, call)
    if isinstance(outcome, Refusal):
        _check_refresh_helps(site, session, outcome, call)
        session = yield OpenSession(after=session.generation)
        outcome = yield from _attempt(site, session, values, call)
    if isinstance(outcome, Refusal):
        raise _refused(site, f"refused again after a fresh session ({outcome.reason})")
    decoder, first, end = outcome
    return Reply(
        text=decoder.text,
        site=site.name,
        model=turn.model,
        usage=_usage(turn, decoder),
        timings=Timings(first.tick - call.began.tick, end.tick - call.began.tick),
        finish=decoder.finish_reason or "stop",
        fidelity=fidelity(site, turn),
        revised=decoder.revised,
    )


def _first_attempt(site: Site, session: Session, values: Values, call: Call) -> Flow[_Read | Refusal]:
    """As `_attempt`. An old session that has lost its token is refused by us: nothing was sent."""
    try:
        return (yield from _attempt(site, session, values, call))
    except TokenNotFound as lost:
        if session.given or _is_fresh(session, call):
            raise
        return Refusal(lost.problem)


def _attempt(site: Site, session: Session, values: Values, call: Call) -> Flow[_Read | Refusal]:
    visit = Visit(site, session, call)
    try:
        head = yield from visit.run(site.chat, values)
    except ReadFailed as error:
        if error.begun:
            raise ReplyCutShort(error.problem, site=site.name, step=site.chat.label) from error
        raise
    if not may_be_refused(site, head):
        return (yield from _read_reply(visit, head, b""))
    answer = yield from visit.read(head, EVIDENCE_BYTES, cut=True)
    verdict = judge(visit, site.chat, answer)
    if verdict is None:
        return (yield from _read_reply(visit, head, answer.body))
    yield from visit.learn_body(answer)
    yield Discard()
    return _raised(verdict)


def _read_reply(visit: Visit, head: Head, seen: bytes) -> Flow[_Read | Refusal]:
    """Reads the reply. `seen` is what was read of it before."""
    decoder = make_decoder(visit.site.reply, charset(head), visit.site.sources.picks)
    try:
        first, end = yield Decode(decoder, visit.site.limits.reply_bytes, seen)
    except ChatdoorError as error:
        yield from visit.learn(decoder.taken)
        return _failed(visit, head, decoder, error)
    yield from visit.learn(decoder.taken)
    return _Read(decoder, first, end)


def _failed(visit: Visit, head: Head, decoder: ReplyDecoder, error: ChatdoorError) -> Refusal:
    """The refusal that the failure of a decoder is. Any other is raised, with what came."""
    site, step = visit.site.name, visit.site.chat
    answer = Answer(head, decoder.evidence)
    if isinstance(error, PageInstead):
        return _raised(judge_page(visit, step, answer))
    if isinstance(error, ReplyCutShort | TransportError):
        raise ReplyCutShort(error.problem, partial=decoder.text, site=site, step=step.label) from error
    if isinstance(error, ReplyError):
        error.site, error.step = site, step.label
        raise with_excerpt(error, answer, visit.secrets)
    raise error


def _raised(verdict: Verdict) -> Refusal:
    """The refusal. An error is raised."""
    if isinstance(verdict, Refusal):
        return verdict
    raise verdict


def _is_fresh(session: Session, call: Call) -> bool:
    """True where the session is not older than the call: a newer one would be like it."""
    return session.opened >= call.began.unix


def _check_refresh_helps(site: Site, session: Session, refusal: Refusal, call: Call) -> None:
    """Raises SessionRefused where a fresh session would be refused like this one."""
    if session.given:
        raise _refused(site, f"the access token that was given was refused, and is not replaced ({refusal.reason})")
    if not refusal.names_csrf and _is_fresh(session, call):
        raise _refused(site, f"a fresh session was refused, for a reason that is not its token ({refusal.reason})")


def _refused(site: Site, problem: str) -> SessionRefused:
    return SessionRefused(problem, site=site.name, step=site.chat.label)


def _usage(turn: Turn, decoder: ReplyDecoder) -> Usage:
    """The site's own numbers where it gives both, else an estimate."""
    if decoder.tokens_in is not None and decoder.tokens_out is not None:
        return Usage(decoder.tokens_in, decoder.tokens_out, estimated=False)
    return Usage(sum([estimate_tokens(message.text) for message in turn.messages]), estimate_tokens(decoder.text))
