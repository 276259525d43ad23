"""Steps whose answers are read whole: those of a conversation, up to the one that brings the reply."""

from collections.abc import Callable
from typing import Final

from chatdoor.errors import ChatdoorError, ReadFailed, TokenNotFound, WriteFailed
from chatdoor.flow.answer import Answer
from chatdoor.flow.effects import Flow, Sleep, T
from chatdoor.flow.excerpt import address_of, with_excerpt
from chatdoor.flow.exchange import Visit
from chatdoor.flow.extract import take
from chatdoor.flow.listening import hear
from chatdoor.flow.match import fits
from chatdoor.flow.misfit import unexpected
from chatdoor.flow.other_cookies import other_cookies
from chatdoor.flow.refusal import Lost, Refusal, Setback, judge, judge_page
from chatdoor.site.model import Source, Step
from chatdoor.site.template import Values

MAX_PAGE_BYTES: Final = 8_000_000
"""The largest page. Real ones have some hundred kilobytes."""

NOTHING: Final[Values] = {}


def run_step(visit: Visit, step: Step, values: dict[str, object], known: Values = NOTHING) -> Flow[Answer | Setback]:
    """The answer of the step, its values taken: they are added to `values`. Raises what went wrong.

    What the step sends is filled in from `values` and from `known`.
    """
    everything = {**known, **values}
    answer = yield from settled(visit, step, everything, MAX_PAGE_BYTES)
    values.update({name: everything[name] for name in (*step.make, *step.take) if name in everything})
    if isinstance(answer, Answer):
        visit.note(take(step.take, answer, visit.session.jar), values)
        check_taken(visit, step, answer, values)
    return answer


def settled(visit: Visit, step: Step, values: dict[str, object], limit: int) -> Flow[Answer | Setback]:
    """The answer of the step, repeated until it is as the site file waits for it. Raises what went wrong."""
    if step.is_socket:
        return (yield from hear(visit, step, values, limit))
    while True:
        answer = yield from once_more(visit, step, lambda: _whole(visit, step, values, limit))
        yield from visit.learn_body(answer)
        verdict = judged(visit, step, answer)
        if isinstance(verdict, ChatdoorError):
            raise verdict
        if verdict:
            return verdict
        if not step.until or any(fits(match, answer) for match in step.until):
            return answer
        yield Sleep(step.every)


def once_more(visit: Visit, step: Step, run: Callable[[], Flow[T]]) -> Flow[T]:
    """What the flow gives. A step that only reads is tried once more, where the network failed on the way.

    One that brings what was said does not only read, whatever its method.
    """
    try:
        return (yield from run())
    except (ReadFailed, WriteFailed):
        if not step.only_reads or visit.call.retried:
            raise
        visit.call.retried = True
    return (yield from run())


def check_taken(visit: Visit, step: Step, answer: Answer, values: Values) -> None:
    """Raises TokenNotFound for a value that the answer of the step should have held and nobody knows."""
    for name, source in step.take.items():
        if name not in values and name not in visit.talk.values:
            raise with_excerpt(not_there(visit, step, name, source, answer), answer, visit.secrets)


def not_there(visit: Visit, step: Step, name: str, source: Source, answer: Answer | None) -> TokenNotFound:
    """The error for a value that is not where the site file says."""
    address = f" ({address_of(answer, visit.secrets)})" if answer and source.place == "url" else ""
    others = other_cookies(source, visit.session.jar, visit.secrets)
    problem = f"expected the value {name} in {source.spot}{address}, and it is not there{others}"
    return TokenNotFound(problem, site=visit.site.name, step=step.label)


def _whole(visit: Visit, step: Step, values: dict[str, object], limit: int) -> Flow[Answer]:
    head = yield from visit.run(step, values)
    return (yield from visit.read(head, limit))


def judged(visit: Visit, step: Step, answer: Answer) -> Setback | ChatdoorError | None:
    """What is wrong with the answer. None: nothing is."""
    verdict = judge(visit, step, answer)
    if step.expect and not isinstance(verdict, Refusal | Lost):
        if any(fits(match, answer) for match in step.expect):
            return None
        return verdict or unexpected(visit, step, answer)
    if verdict is None and step.sources.picks and answer.is_html:
        return judge_page(visit, step, answer)
    return verdict
