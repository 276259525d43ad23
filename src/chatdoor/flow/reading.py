"""The last step of a turn, and the reply that it brings."""

from collections.abc import Mapping

import msgspec

from chatdoor.errors import ChatdoorError, ContentRefused, ReadFailed, ReplyCutShort, ReplyError, TransportError
from chatdoor.flow.answer import Answer, declared
from chatdoor.flow.effects import Decode, Discard, Flow, Head
from chatdoor.flow.excerpt import with_excerpt
from chatdoor.flow.exchange import Visit
from chatdoor.flow.extract import take
from chatdoor.flow.listening import EVIDENCE_BYTES, check_close, closed, reach
from chatdoor.flow.match import fits_head
from chatdoor.flow.refusal import Lost, Refusal, Setback, Verdict, judge_page, may_be_refused
from chatdoor.flow.replies import ReplyDecoder, make_decoder
from chatdoor.flow.replies.decoder import PageInstead
from chatdoor.flow.steps import check_taken, judged, once_more, settled
from chatdoor.site.model import Match, Site, Source, Step
from chatdoor.site.paths import Find


class Read(msgspec.Struct, frozen=True, gc=False):
    """A reply that was read to its end. `first` and `end` are the ticks of its first piece and of its end."""

    decoder: ReplyDecoder
    first: float
    end: float


class _Begun(msgspec.Struct, frozen=True):
    """An answer that may be a reply, and what was read of it."""

    head: Head
    seen: bytes


def read_reply(visit: Visit, step: Step, values: dict[str, object], *, quiet: bool) -> Flow[Read | Setback]:
    """Runs the step and reads the reply; its values are added to `values`. Raises what went wrong."""
    try:
        if visit.site.reads_whole:
            begun = yield from _awaited(visit, step, values)
        elif len(visit.site.chat) > 1:
            begun = yield from once_more(visit, step, lambda: _begun(visit, step, values))
        else:
            begun = yield from _begun(visit, step, values)
    except ReadFailed as error:
        if error.begun:
            raise ReplyCutShort(error.problem, site=visit.site.name, step=step.label) from error
        raise
    if not isinstance(begun, _Begun):
        return begun
    return (yield from _decoded(visit, step, begun, values, quiet=quiet))


def _awaited(visit: Visit, step: Step, values: dict[str, object]) -> Flow[_Begun | Setback]:
    answer = yield from settled(visit, step, values, visit.site.limits.reply_bytes)
    if not isinstance(answer, Answer):
        return answer
    visit.note(take(step.sources.body, answer, visit.session.jar), values)
    return _Begun(answer.head, answer.body)


def _begun(visit: Visit, step: Step, values: dict[str, object]) -> Flow[_Begun | Setback]:
    if step.is_socket:
        reached = yield from reach(visit, step, values)
        return _Begun(reached, b"") if isinstance(reached, Head) else reached
    head = yield from visit.run(step, values)
    misfit = bool(step.expect) and not any(fits_head(match, head) for match in step.expect)
    if not misfit and not may_be_refused(visit.site, head):
        return _Begun(head, b"")
    answer = yield from visit.read(head, EVIDENCE_BYTES, cut=True)
    verdict = judged(visit, step, answer)
    if verdict is None:
        return _Begun(head, answer.body)
    yield from visit.learn_body(answer)
    yield Discard()
    return _raised(verdict)


def _decoded(
    visit: Visit, step: Step, begun: _Begun, values: dict[str, object], *, quiet: bool
) -> Flow[Read | Setback]:
    site = visit.site
    blocked = _blocked(site, begun.head) if site.blocked else ()
    decoder = make_decoder(site.reply, declared(begun.head), _picks(visit, step), blocked)
    try:
        first, end = yield Decode(decoder, site.limits.reply_bytes, begun.seen, quiet)
    except ChatdoorError as error:
        if decoder.taken:
            yield from _learn(visit, step, decoder, values)
        if step.is_socket and isinstance(error, ReplyError) and not decoder.text:
            setback = yield from closed(visit)
            if setback:
                return setback
        return _failed(visit, step, Answer(begun.head, decoder.evidence), decoder, error)
    if decoder.taken:
        yield from _learn(visit, step, decoder, values)
    if step.is_socket:
        yield from check_close(visit, step, decoder.text)
    if step.take:
        _check_taken(visit, step, Answer(begun.head, decoder.evidence), values)
    return Read(decoder, first, end)


def _picks(visit: Visit, step: Step) -> Mapping[str, Find]:
    return {**visit.site.sources.picks, **step.sources.picks} if step.take else visit.site.sources.picks


def _blocked(site: Site, head: Head) -> tuple[Match, ...]:
    """The content refusals that may come inside this answer."""
    return tuple(match for match in site.blocked if match.needs_body and fits_head(match, head))


def _learn(visit: Visit, step: Step, decoder: ReplyDecoder, values: dict[str, object]) -> Flow[None]:
    """Keeps the values that the reply held."""
    taken = decoder.taken
    visit.note({name: value for name, value in taken.items() if name in step.take}, values)
    yield from visit.learn({name: value for name, value in taken.items() if name in visit.site.take})


def _check_taken(visit: Visit, step: Step, answer: Answer, values: dict[str, object]) -> None:
    """Takes what stands in the head. Raises TokenNotFound for a value of the step that is nowhere."""
    at_head: dict[str, Source] = {**step.sources.header, **step.sources.cookie}
    visit.note(take(at_head, answer, visit.session.jar), values)
    check_taken(visit, step, answer, values)


def _failed(visit: Visit, step: Step, answer: Answer, decoder: ReplyDecoder, error: ChatdoorError) -> Setback:
    """The refusal that the failure of a decoder is. Any other is raised, with what came."""
    site = visit.site.name
    if isinstance(error, PageInstead):
        return _raised(judge_page(visit, step, answer, error.problem))
    if isinstance(error, ReplyCutShort | TransportError):
        raise ReplyCutShort(error.problem, partial=decoder.text, site=site, step=step.label) from error
    if isinstance(error, ReplyError | ContentRefused):
        error.site, error.step = site, step.label
        raise with_excerpt(error, answer, visit.secrets)
    raise error


def _raised(verdict: Verdict) -> Setback:
    """The setback. An error is raised."""
    if isinstance(verdict, Refusal | Lost):
        return verdict
    raise verdict
