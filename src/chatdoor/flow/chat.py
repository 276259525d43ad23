"""One message and its reply: open the conversation, send, start again where the site refused, read the reply.

The rule that everything here serves: a prompt that a site may have read is not sent again. It goes out a
second time only after a refusal, which says that the site did not act, and never after the first piece.
"""

from typing import Final

import msgspec

from chatdoor.errors import ConversationLost, SessionError, SessionRefused, TokenNotFound
from chatdoor.flow.answer import Answer, Declared
from chatdoor.flow.effects import Decode, Flow, HangUp, Make, OpenSession
from chatdoor.flow.exchange import Call, Visit
from chatdoor.flow.reading import Read, read_reply
from chatdoor.flow.refusal import Refusal, Setback
from chatdoor.flow.replies import ReplyDecoder
from chatdoor.flow.replies.text import TextReply
from chatdoor.flow.request import PAGE
from chatdoor.flow.session import Changes, Session
from chatdoor.flow.steps import run_step
from chatdoor.flow.talk import Talk, way_to_tell
from chatdoor.flow.turn import Turn, fidelity, make_for_messages, turn_values
from chatdoor.messages import Reply, Timings, Usage, estimate_tokens, estimate_tokens_of
from chatdoor.site.model import Site
from chatdoor.site.template import Values

ANY_SESSION: Final = OpenSession()
"""Asks for the session that is there."""


class _Way(msgspec.Struct, frozen=True, gc=False):
    """What the turns to send fill in, one after the other, and what that makes of the message list.

    `begun` says whether the site has the conversation already.
    """

    turns: tuple[Values, ...]
    fidelity: str
    begun: bool


def ask(site: Site, turn: Turn, call: Call, talk: Talk) -> Flow[Reply]:
    """Sends the turn and gives the whole reply; its pieces go to the caller as they come."""
    # Bad arguments are found before anything is sent.
    way = (yield from _way(site, turn, begun=talk.begun)) if site.has_talks else turn_values(site, turn)
    session: Session = yield ANY_SESSION
    visit = Visit(site, session, call, talk)
    try:
        try:
            outcome = yield from _attempt(visit, turn, way)
        except TokenNotFound as lost:
            outcome = _outlived(visit, lost)
        while not isinstance(outcome, Read):
            visit = Visit(site, (yield from _renewed(visit, outcome)), call, talk)
            outcome = yield from _attempt(visit, turn, way)
    except SessionError as error:
        error.heard = error.heard or (call.told and not isinstance(error, SessionRefused))
        raise
    return _reply(site, turn, call, talk, outcome)


def give_again(site: Site, turn: Turn, call: Call, talk: Talk, kept: str) -> Flow[Reply]:
    """Gives a reply that was kept, and asks the site nothing."""
    decoder = TextReply(site.reply, Declared("text/plain"), {})
    data = kept.encode()
    first, end = (yield Decode(decoder, len(data), data)) if data else (call.began.tick, call.began.tick)
    return _reply(site, turn, call, talk, Read(decoder, first, end))


def enter() -> Flow[Session]:
    """A session, and nothing said in it."""
    session: Session = yield ANY_SESSION
    return session


def _way(site: Site, turn: Turn, *, begun: bool) -> Flow[_Way]:
    way = way_to_tell(site, turn, begun=begun)
    turns: list[Values] = []
    for one in way.turns:
        made = yield from make_for_messages(site, one)
        turns.append(turn_values(site, one, made))
    return _Way(tuple(turns), way.fidelity, begun)


def _renewed(visit: Visit, setback: Setback) -> Flow[Session]:
    """The session in which the message goes out once more: refreshed where the site file knows how, or a fresh one.

    Raises SessionRefused or ConversationLost where a call has met the same before.
    """
    site, session = visit.site, visit.session
    visit.call.told = visit.call.told and visit.talk.heard > 0  # the site did not act
    if isinstance(setback, Refusal) and site.refreshes and not session.given and not visit.call.refreshed:
        visit.call.refreshed = True
        renewed: Session = yield OpenSession(session.generation, refresh=True)
        if not site.in_connections:
            yield from _hang_up(site)
        return renewed
    if type(setback) in visit.call.met:
        raise _again(site, setback)
    visit.call.met |= {type(setback)}
    return (yield from _anew(visit, setback))


def _again(site: Site, setback: Setback) -> SessionRefused | ConversationLost:
    """The error for a setback that a renewal has not mended."""
    if isinstance(setback, Refusal):
        return _refused(site, f"refused again after a fresh session ({setback.reason})")
    problem = f"lost again when it was told from the start ({setback.reason})"
    return ConversationLost(problem, site=site.name, step=site.chat[-1].label)


def _anew(visit: Visit, setback: Setback) -> Flow[Session]:
    """The session in which the message goes out once more, from the start of its conversation where need be."""
    site, session = visit.site, visit.session
    yield from _hang_up(site)
    if isinstance(setback, Refusal):
        _check_renewal_helps(site, session, setback, visit.call)
    else:
        visit.talk.forget()
        if site.conversation.start or not site.in_sessions or (site.in_connections and session.given):
            return session
        if session.given:
            problem = (
                f"its session is that of the access token that was given, which is not replaced ({setback.reason})"
            )
            raise ConversationLost(problem, site=site.name, step=site.chat[-1].label)
    fresh: Session = yield OpenSession(session.generation)
    return fresh


def _hang_up(site: Site) -> Flow[None]:
    """Lets go of the websockets that were opened, where there can be any."""
    if site.has_sockets:
        yield HangUp()


def _outlived(visit: Visit, lost: TokenNotFound) -> Refusal:
    """An old session that has lost its token is refused by us: nothing was sent. Any other one raises."""
    if visit.session.given or visit.call.told or _is_fresh(visit.session, visit.call):
        raise lost
    return Refusal(lost.problem)


def _attempt(visit: Visit, turn: Turn, way: _Way | dict[str, object]) -> Flow[Read | Setback]:
    """Tells the site the turn; where it has talks, by the way to tell it."""
    return _talk(visit, turn, way) if isinstance(way, _Way) else _say(visit, dict(way), quiet=False)


def _talk(visit: Visit, turn: Turn, way: _Way) -> Flow[Read | Setback]:
    """Tells the site the turn, and all before it where that is lost with its session.

    Where an attempt was refused on the way, this one goes on with the turn that was.
    """
    talk = visit.talk
    if visit.site.in_sessions and talk.root != visit.session.root:
        talk.forget()
        yield from _hang_up(visit.site)
    if way.begun and not talk.begun:
        way = yield from _way(visit.site, turn, begun=False)
    if not talk.begun:
        if visit.site.conversation.start or visit.site.conversation.make:
            setback = yield from _begin(visit, way.turns[0])
            if setback:
                return setback
        talk.root = visit.session.root
    talk.fidelity = way.fidelity
    *before, newest = way.turns[talk.heard :]
    for values in before:
        outcome = yield from _say(visit, dict(values), quiet=True)
        if not isinstance(outcome, Read):
            return outcome
        talk.heard += 1
    return (yield from _say(visit, dict(newest), quiet=False))


def _begin(visit: Visit, values: Values) -> Flow[Setback | None]:
    """Opens a conversation, where the site wants it opened."""
    rule, talk = visit.site.conversation, visit.talk
    for name, kind in rule.make.items():
        talk.values[name] = yield Make(kind)
    accept, visit.accept = visit.accept, PAGE
    for step in rule.start:
        answer = yield from run_step(visit, step, talk.values, values)
        if not isinstance(answer, Answer):
            return answer
        if answer.is_html:
            yield from visit.merge(Changes(page=visit.page_of(answer.head), at=answer.head.at.unix))
    visit.accept = accept
    return None


def _say(visit: Visit, values: dict[str, object], *, quiet: bool) -> Flow[Read | Setback]:
    """Tells the site one turn and reads its reply, which with `quiet` nobody hears."""
    *steps, last = visit.site.chat
    told = False
    for step in steps:
        answer = yield from run_step(visit, step, values)
        if not isinstance(answer, Answer):
            return _untold(visit, answer, told=told)
        told = told or step.tells
    outcome = yield from read_reply(visit, last, values, quiet=quiet)
    return outcome if isinstance(outcome, Read) else _untold(visit, outcome, told=told)


def _untold(visit: Visit, setback: Setback, *, told: bool) -> Setback:
    """The setback, where the site has not heard the turn yet. Raises SessionRefused: it is not told twice."""
    if told:
        error = _refused(visit.site, f"the site took the message and then refused its reply ({setback.reason})")
        error.heard = True
        raise error
    return setback


def _is_fresh(session: Session, call: Call) -> bool:
    """True where the session is not older than the call: a newer one would be like it.

    One that was opened after the call's end is old: the clock was set back since.
    """
    began = call.began
    return began.unix <= session.opened <= began.unix + call.deadline - began.tick


def _check_renewal_helps(site: Site, session: Session, refusal: Refusal, call: Call) -> None:
    """Raises SessionRefused where a fresh session would be refused like this one."""
    if session.given:
        raise _refused(site, f"the access token that was given was refused, and is not replaced ({refusal.reason})")
    if not refusal.names_csrf and _is_fresh(session, call) and session.refreshed is None:
        raise _refused(site, f"a fresh session was refused, for a reason that is not its token ({refusal.reason})")


def _refused(site: Site, problem: str) -> SessionRefused:
    return SessionRefused(problem, site=site.name, step=site.chat[-1].label)


def _reply(site: Site, turn: Turn, call: Call, talk: Talk, read: Read) -> Reply:
    decoder, began, told = read.decoder, call.began.tick, talk.fidelity
    text = decoder.text
    return Reply(
        text=text,
        site=site.name,
        model=turn.model,
        usage=_usage(turn, decoder, text),
        timings=Timings(read.first - began, read.end - began),
        finish=decoder.finish_reason or "stop",
        conversation=talk.name,
        fidelity=fidelity(site, turn) if told == "native" else told,
        revised=decoder.revised,
    )


def _usage(turn: Turn, decoder: ReplyDecoder, text: str) -> Usage:
    """The site's own numbers where it gives both, else an estimate."""
    if decoder.tokens_in is not None and decoder.tokens_out is not None:
        return Usage(decoder.tokens_in, decoder.tokens_out, estimated=False)
    return Usage(estimate_tokens_of(turn.messages), estimate_tokens(text))
