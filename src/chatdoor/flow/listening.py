"""Steps that speak over a websocket: opening it, reading frames until one fits, and what a close code means."""

from typing import Final

import msgspec

from chatdoor.errors import ChatdoorError, ReplyCutShort, ReplyTooLarge, TimedOut, UnexpectedReply
from chatdoor.flow.answer import Answer, looks_like_html, read_json
from chatdoor.flow.effects import CloseCode, Discard, Flow, Head, HungUp, ReadFrame
from chatdoor.flow.excerpt import with_excerpt
from chatdoor.flow.exchange import Visit
from chatdoor.flow.extract import take
from chatdoor.flow.match import fits, fits_close
from chatdoor.flow.refusal import Lost, Refusal, Setback, blocked, judge, judge_page
from chatdoor.flow.socketio import ConnectError, Event, PacketError, parse_packet
from chatdoor.site.model import Step

SWITCHED: Final = 101
"""The status of an open websocket (RFC 6455, section 4.2.2)."""

GOOD_ENDS: Final = frozenset({None, 1000, 1005})
"""How a reply may end: the websocket is open, or closed as it should be, or without a code (RFC 6455, 7.4.1)."""

EVIDENCE_BYTES: Final = 64_000
"""What is read of an answer that is no reply: enough to see what it is."""


def reach(visit: Visit, step: Step, values: dict[str, object]) -> Flow[Head | Setback]:
    """The head of an open websocket, to which the step's frame went out. Raises what went wrong."""
    try:
        head = yield from visit.run(step, values)
    except HungUp as gone:
        return Lost(gone.problem)
    if head.status == SWITCHED:
        return head
    answer = yield from visit.read(head, EVIDENCE_BYTES, cut=True)
    verdict = judge(visit, step, answer) or _no_websocket(visit, step, answer)
    yield from visit.learn_body(answer)
    yield Discard()
    if isinstance(verdict, ChatdoorError):
        raise verdict
    return verdict


def hear(visit: Visit, step: Step, values: dict[str, object], limit: int) -> Flow[Answer | Setback]:
    """The frame that the step waits for, as an answer; an empty one where it waits for none.

    Values are taken from all the frames up to it, and added to `values`. Raises what went wrong.
    """
    head = yield from reach(visit, step, values)
    if not isinstance(head, Head):
        return head
    size = 0
    waits = bool(step.until or step.expect or step.sources.body)
    while waits:
        frame = yield from _next_frame(step)
        if frame is None:
            return (yield from _ended(visit, step))
        size += len(frame)
        if size > limit:
            raise ReplyTooLarge(f"the answer is larger than {limit} bytes", site=visit.site.name, step=step.label)
        record = _record(visit, step, frame)
        if not record:
            continue  # it keeps the connection open
        answer = Answer(head, record)
        if any(match.needs_body and fits(match, answer) for match in visit.site.refused):
            return Refusal("a frame says so")
        if error := blocked(visit, step, answer):
            raise error
        visit.note(take(step.sources.body, answer, visit.session.jar), values)
        if not step.until or any(fits(match, answer) for match in step.until):
            return _expected(visit, step, answer)
    return Answer(head, b"")


def _next_frame(step: Step) -> Flow[bytes | None]:
    """The next frame, None at the end. Raises TimedOut, which says what was waited for."""
    try:
        frame: bytes | None = yield ReadFrame()
    except TimedOut as error:
        problem = f"{error.problem}, and what the site file waits for has not come: {step.awaited}"
        ChatdoorError.__init__(error, problem, site=error.site, step=error.step)
        raise
    return frame


def closed(visit: Visit) -> Flow[Setback | None]:
    """What it means that the site has closed the websocket: a refusal, a lost conversation; None: nothing declared."""
    code: int | None = yield CloseCode()
    if any(fits_close(match, code) for match in visit.site.refused):
        return Refusal(f"the site closed the websocket with {code}")
    if any(fits_close(match, code) for match in visit.site.conversation.lost):
        return Lost(f"the site closed the websocket with {code}")
    return None


def check_close(visit: Visit, step: Step, partial: str) -> Flow[None]:
    """Raises ReplyCutShort where the site's close is the end of its reply, and no good one."""
    code: int | None = yield CloseCode()
    if code not in GOOD_ENDS:
        problem = f"the site closed the websocket with {code}, in the middle of its reply"
        raise ReplyCutShort(problem, partial=partial, site=visit.site.name, step=step.label)


def _ended(visit: Visit, step: Step) -> Flow[Setback]:
    setback = yield from closed(visit)
    if setback:
        return setback
    code: int | None = yield CloseCode()
    problem = f"the site closed the websocket ({code}) before what the site file waits for came: {step.awaited}"
    raise ReplyCutShort(problem, site=visit.site.name, step=step.label)


def _expected(visit: Visit, step: Step, answer: Answer) -> Answer:
    """The answer, if it is what the site file expects. Raises UnexpectedReply."""
    if not step.expect or any(fits(match, answer) for match in step.expect):
        return answer
    error = UnexpectedReply("what the site file expects did not come", site=visit.site.name, step=step.label)
    raise with_excerpt(error, answer, visit.secrets)


def _record(visit: Visit, step: Step, frame: bytes) -> bytes:
    """The frame as matches and values see it: of Socket.IO, the data of the event, with its name as `event`.

    Data may be a text with JSON in it, as in a reply. Empty where the frame says nothing.
    """
    if step.method != "SOCKETIO":
        return frame
    try:
        packet = parse_packet(frame.decode("utf-8", "replace"))
    except PacketError as error:
        raise UnexpectedReply(str(error), site=visit.site.name, step=step.label) from error
    if isinstance(packet, ConnectError):
        raise UnexpectedReply("the site refuses the connection", site=visit.site.name, step=step.label)
    if not isinstance(packet, Event):
        return b""
    data = packet.arguments[0] if packet.arguments else None
    data = read_json(data) if isinstance(data, str) else data
    return msgspec.json.encode({**data, "event": packet.name} if isinstance(data, dict) else {"event": packet.name})


def _no_websocket(visit: Visit, step: Step, answer: Answer) -> Refusal | Lost | ChatdoorError:
    """What an answer means that is a success and no websocket."""
    if looks_like_html(answer.body):
        return judge_page(visit, step, answer)
    error = UnexpectedReply("expected a websocket, got another answer", site=visit.site.name, step=step.label)
    return with_excerpt(error, answer, visit.secrets)
