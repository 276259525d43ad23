"""The stages of a check: each sends what it has to, and hands what came to those who judge it."""

import time
from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

from chatdoor.discover.check_advice import advice_for
from chatdoor.discover.check_finding import Finding, failed
from chatdoor.discover.check_ledger import Ledger
from chatdoor.discover.check_plan import Plan, pause_before
from chatdoor.discover.check_spoil import spoil
from chatdoor.discover.check_verdict import (
    Heard,
    judge_entry,
    judge_entry_error,
    judge_isolation,
    judge_memory,
    judge_reach,
    judge_refresh,
    judge_refusal,
    judge_streaming,
    judge_turn,
    judge_unspoiled,
)
from chatdoor.discover.check_words import Words
from chatdoor.drive.client import Client
from chatdoor.drive.sessions import Sessions
from chatdoor.drive.visitor import Visitor, talks_of
from chatdoor.errors import ChatdoorError
from chatdoor.flow.session import Session


class Checkup:
    """One check under way. `stopped` says why nothing more is sent."""

    def __init__(self, client: Client, plan: Plan, words: Words) -> None:
        self.ledger = Ledger(plan.requests)
        self._client = client
        self._site = client.site
        self._plan = plan
        self._words = words
        self._visitor = client.visitor
        self._visitor.witness = self.ledger
        self._stopped = ""
        self._messages = 0
        self._conversations: list[str | None] = []
        self._first = ""
        self._last = ""
        self._remembers = False
        self._refuses = False

    def findings(self) -> Iterator[Finding]:
        """The findings that were asked for, and every failure, as they come."""
        for checks, stage in STAGES.items():
            if self._plan.made.isdisjoint(checks):
                continue
            self.ledger.mark()
            for finding in self._skipped(checks) if self._stopped else stage(self):
                if finding.check in self._plan.told or finding.verdict == "fails":
                    yield finding
                if finding.verdict == "fails":
                    self._stopped = self._stopped or finding.check

    def _skipped(self, checks: tuple[str, ...]) -> Iterator[Finding]:
        return (Finding(check, "skipped", f"after the failure of {self._stopped}") for check in checks)

    def _enter(self) -> Iterator[Finding]:
        (sessions,) = self._visitor.ahead(1)
        began = time.monotonic()
        try:
            self._client.warm_up()
        except ChatdoorError as error:
            yield from self._not_entered(error, time.monotonic() - began)
            return
        if self.ledger.sent:
            yield judge_reach(self._site, self.ledger.traffic, time.monotonic() - began)
        yield from judge_entry(self._site, sessions.current, self.ledger.traffic)

    def _not_entered(self, error: ChatdoorError, seconds: float) -> Iterator[Finding]:
        reach = judge_reach(self._site, self.ledger.traffic, seconds, error)
        yield reach
        if reach.verdict == "fails":
            yield from (Finding(check, "skipped", "after the failure of reachable") for check in ("session", "token"))
            return
        findings = list(judge_entry_error(self._site, error))
        yield from findings
        if findings[-1].check == "session":
            yield Finding("token", "skipped", "after the failure of session")

    def _speak(self) -> Iterator[Finding]:
        entered = self.ledger.sent > 0
        heard = self._say(self._client, self._words.said)
        failure = heard if isinstance(heard, ChatdoorError) else None
        if not entered:
            reach = judge_reach(self._site, self.ledger.traffic, _first_answer(heard), failure)
            yield reach
            if reach.verdict == "fails":
                yield from (Finding(check, "skipped", "after the failure of reachable") for check in _OF_TURN)
                return
        if isinstance(heard, ChatdoorError):
            yield failed("turn", heard, advice_for(self._site, heard))
            yield Finding("streaming", "skipped", "after the failure of turn")
            return
        self._first = heard.reply.text
        yield judge_turn(self._site, heard)
        yield judge_streaming(self._site, heard)

    def _recall(self) -> Iterator[Finding]:
        if reason := self._no_memory():
            yield Finding("memory", "skipped", reason)
            return
        turns = (self._words.said, self._first, self._words.asked)
        heard = self._say(self._client, *turns, conversation=self._conversations[0])
        if isinstance(heard, ChatdoorError):
            yield failed("memory", heard, advice_for(self._site, heard))
            return
        self._last = heard.reply.text if heard.reply.text != self._first else ""
        finding = judge_memory(self._site, self._words, heard)
        self._remembers = finding.verdict == "works"
        yield finding

    def _no_memory(self) -> str:
        """Why there is nothing to remember; empty where there is."""
        if self._site.conversation.history == "none":
            return "the file says that nobody remembers (history is 'none')"
        return "" if self._words.plants else "what is said has no {word} in it"

    def _part(self) -> Iterator[Finding]:
        if not self._remembers:
            yield Finding("isolation", "skipped", "no memory was shown, so that nothing could be seen to leak")
            return
        heard = self._say(self._client, self._words.asked)
        if isinstance(heard, ChatdoorError):
            yield failed("isolation", heard, advice_for(self._site, heard))
        else:
            yield judge_isolation(self._site, self._words, heard)

    def _refuse(self) -> Iterator[Finding]:
        spoiled = self._spoiled(given=True)
        if spoiled is None:
            yield judge_unspoiled(self._site)
            return
        outcome = self._say_in(spoiled)
        finding = judge_refusal(self._site, outcome, self.ledger.traffic, self._last)
        self._refuses = finding.verdict == "works"
        yield finding

    def _refresh(self) -> Iterator[Finding]:
        spoiled = self._spoiled(given=False)
        if not self._refuses or spoiled is None:
            yield Finding("refresh", "skipped", "nothing was refused that could be renewed")
        else:
            outcome = self._say_in(spoiled)
            yield judge_refresh(self._site, outcome, self.ledger.traffic)

    def _spoiled(self, *, given: bool) -> Session | None:
        """The session of the first conversation that has one, with wrong tokens; None where it can not be spoiled."""
        sessions = map(self._visitor.session_of, self._conversations)
        session = next(filter(None, sessions), None)
        if session is None or (session.given and not given):  # a token of the caller's is not renewed
            return None
        return spoil(self._site, session, given=given)

    def _say_in(self, session: Session) -> Heard | ChatdoorError:
        """What comes of a message in a conversation of its own, in this session."""
        own = self._visitor
        sessions = Sessions(session)
        talks = talks_of(self._site, own.access, None, session=session)
        visitor = Visitor(
            self._site, own.access, sessions, own.pace, connections=own.connections, talks=talks, secrets=own.secrets
        )
        visitor.witness = self.ledger
        try:
            return self._say(Client.of(visitor), self._words.said)
        finally:
            visitor.hang_up()

    def _say(self, client: Client, *turns: str, conversation: str | None = None) -> Heard | ChatdoorError:
        """The reply to the last turn with the times of its pieces, or what went wrong."""
        if self._messages:
            time.sleep(pause_before(self._site))
        self._messages += 1
        began = time.monotonic()
        try:
            messages = self._words.list_of(*turns)
            with client.stream(messages, model=self._words.model, conversation=conversation) as pieces:
                times = tuple(time.monotonic() - began for piece in pieces if piece.text)
                self._conversations.append(pieces.reply.conversation)
                return Heard(pieces.reply, times, time.monotonic() - began)
        except ChatdoorError as error:
            return error


Stage: TypeAlias = Callable[[Checkup], Iterator[Finding]]

_OF_TURN: Final = ("turn", "streaming")

STAGES: Final[dict[tuple[str, ...], Stage]] = {
    ("reachable", "session", "token"): Checkup._enter,
    _OF_TURN: Checkup._speak,
    ("memory",): Checkup._recall,
    ("isolation",): Checkup._part,
    ("refusal",): Checkup._refuse,
    ("refresh",): Checkup._refresh,
}
"""The checks that are judged together, and what is done for them, in order."""


def _first_answer(heard: Heard | ChatdoorError) -> float:
    """Seconds until something came, as far as is known."""
    return heard.seconds if isinstance(heard, Heard) else 0.0
