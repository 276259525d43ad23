"""Asks one row: its messages, then each turn of its script after the reply to the one before."""

import time
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from contextvars import ContextVar
from typing import Final, NamedTuple, Protocol

from chatdoor.batch.result import About, Result, answered, failed, kind_of
from chatdoor.batch.row import Row
from chatdoor.drive.asker import NOBODY, Asker
from chatdoor.drive.async_client import AsyncClient
from chatdoor.drive.sessions import Sessions
from chatdoor.drive.visitor import Visitor, talks_of
from chatdoor.errors import ChatdoorError, SessionError
from chatdoor.flow.effects import Head, Send
from chatdoor.flow.turn import SYSTEM_ROLES
from chatdoor.messages import FIDELITIES, CheckedMessages, Message, Reply
from chatdoor.site.model import Site

_sent: Final[ContextVar[list[int]]] = ContextVar("chatdoor_batch_sent")
"""How often prompts of the row went out that the current task asks."""


class Trial(NamedTuple):
    """What came of one try: the replies, and the error after them if there was one. `sent` counts requests.

    `lost`: who asked is gone, and nobody knows what the site has heard.
    """

    replies: Sequence[Reply]
    error: ChatdoorError | None
    sent: int
    lost: bool = False

    @property
    def can_repeat(self) -> bool:
        """True where the site has heard nothing and a later try may help, and where nobody knows."""
        return self.lost or (self.error is not None and not self.replies and _is_worth_another_try(self))

    @property
    def seconds(self) -> float:
        """Seconds that the replies took."""
        seconds = 0.0
        for reply in self.replies:
            seconds += reply.timings.total
        return seconds


def _is_worth_another_try(trial: Trial) -> bool:
    """A session that is not to be had, or that another row's newer token has ended, may be had later."""
    error = trial.error
    if isinstance(error, SessionError):
        return not error.heard
    return error is not None and error.retryable


class Asks(Protocol):
    """Who asks rows: a client here, or workers elsewhere."""

    @property
    def wait(self) -> float:
        """Seconds for which the site wants nothing sent."""

    @property
    def waits_asked(self) -> int:
        """How often the site asked for a wait."""

    async def warm_up(self, count: int) -> None:
        """Opens sessions ahead, so that no row has to wait for its own."""

    async def ask(self, row: Row) -> Trial:
        """One try. Raises BatchStopped where no row can be asked any more."""


class _Counting:
    """Counts the requests that bring a prompt to the site, for the row of the current task."""

    def __init__(self, site: Site) -> None:
        self._labels = frozenset(step.label for step in site.chat if step.tells)

    def sends(self, effect: Send) -> None:
        """Counts one."""
        if effect.label in self._labels and (sent := _sent.get(None)) is not None:
            sent[0] += 1

    def answered(self, head: Head) -> None:
        """Is of no interest."""


def result_of(site: str, row: Row, trial: Trial, *, attempts: int, again: bool) -> Result:
    """The result of the row's last try. `attempts` are those of the tries before."""
    whole = trial.error is None
    about = About(
        line=row.line,
        mark=row.mark,
        site=site,
        latency=trial.seconds if whole else None,
        first_piece=trial.replies[0].timings.first_piece if whole else None,
        attempts=attempts + trial.sent,
        fidelity=_worst_fidelity(trial.replies),
        asked_again=again,
        error=None if trial.error is None else kind_of(trial.error),
        replies=[reply.text for reply in trial.replies] if row.more else None,
    )
    if trial.error is not None:
        return failed(row.custom_id, about, str(trial.error))
    return answered(row, trial.replies, about, time.time())


def _worst_fidelity(replies: Sequence[Reply]) -> str | None:
    if len(replies) == 1:
        return replies[0].fidelity
    return max((reply.fidelity for reply in replies), key=FIDELITIES.index, default=None)


class Asking:
    """Asks rows through one client, or each through a session of its own (`fresh`)."""

    def __init__(
        self, client: AsyncClient, *, fresh: bool, model: str | None = None, system: str | None = None
    ) -> None:
        self.visitor = client.visitor
        self.visitor.pace = None  # a row waits for its turn before its time begins
        self.visitor.witness = _Counting(client.site)
        self._client = client
        self._fresh = fresh
        self._model = model
        self._system = system
        self._name = client.site.name
        self._remembers = client.site.remembers

    @property
    def wait(self) -> float:
        """Seconds for which the site wants nothing sent."""
        return self.visitor.holdoff.left

    @property
    def waits_asked(self) -> int:
        """How often the site asked for a wait."""
        return self.visitor.tally.waits_asked

    async def warm_up(self, count: int) -> None:
        """Opens sessions ahead, so that no row has to wait for its own. Where that fails, the rows will say why."""
        if not self._fresh:
            with suppress(ChatdoorError):
                await self._client.warm_up(count)

    def ask(self, row: Row) -> Coroutine[object, object, Trial]:
        """One try."""
        return self._try_as_new(row) if self._fresh else self._try(self._client, row)

    async def _try_as_new(self, row: Row) -> Trial:
        client = AsyncClient.of(self._fresh_visitor())
        try:
            return await self._try(client, row)
        finally:
            client.visitor.hang_up()

    async def _try(self, client: AsyncClient, row: Row) -> Trial:
        counted = [0]
        _sent.set(counted)
        replies: list[Reply] = []
        model = self._model or (row.model if row.model != self._name else None)
        asker = Asker(scope=f"row {row.line}") if self._remembers else NOBODY
        messages = row.messages if self._system is None else _with_system(self._system, row.messages)
        try:
            replies.append(await client.ask(messages, model=model, asker=asker, **row.options))
            for turn in row.more:
                last, new = replies[-1], Message("user", turn)
                messages = CheckedMessages((*messages, Message("assistant", last.text), new))
                options = {"conversation": last.conversation, "asker": asker, **row.options}
                replies.append(await client.ask(messages, model=model, **options))  # whole: the site may have lost it
        except ChatdoorError as error:
            return Trial(replies, error, counted[0])
        return Trial(replies, None, counted[0])

    def _fresh_visitor(self) -> Visitor:
        """A visitor that the site has never seen, on the same connections, who heeds the same waits."""
        one = self.visitor
        sessions = Sessions(max_age=one.site.limits.session_age)
        talks = talks_of(one.site, one.access, None)
        new = Visitor(
            one.site, one.access, sessions, None, connections=one.connections, talks=talks, secrets=one.secrets
        )
        new.holdoff, new.tally, new.witness = one.holdoff, one.tally, one.witness
        return new


def _with_system(text: str, messages: CheckedMessages) -> CheckedMessages:
    """The messages, with a system text where they have none."""
    if messages[0].role in SYSTEM_ROLES:
        return messages
    return CheckedMessages((Message("system", text), *messages))
