"""What a visitor of a site shares with the visitors of the same site at other gateways."""

import asyncio
import time
from typing import Any

import msgspec

from chatdoor.drive.asker import Asker
from chatdoor.drive.gate import Ahead, Elsewhere, Gate, Waits
from chatdoor.drive.shared.pace import SharedHoldoff, SharedPace
from chatdoor.drive.shared.sessions import SharedSessions
from chatdoor.drive.shared.talks import SharedTalks
from chatdoor.drive.talks import Holding
from chatdoor.errors import StateDown
from chatdoor.flow.turn import Turn


class Opening(msgspec.Struct, frozen=True):
    """A call before its site is asked: its hold on a conversation, and the place that it has asked for.

    `waits` takes what its end waits for; None where the call waits itself. `waited` are the seconds that it had to
    wait for others.
    """

    visit: "SharedVisit"
    holding: Holding | None
    asked: "asyncio.Future[Any] | None"
    waits: Waits | None = None
    waited: float = 0.0


class SharedVisit:
    """What is shared; None where the site has no such thing, or the caller brings a token of its own."""

    def __init__(
        self,
        sessions: SharedSessions | None,
        talks: SharedTalks | None,
        pace: SharedPace | None,
        holdoff: SharedHoldoff,
        *,
        serves: bool,
    ) -> None:
        self.sessions = sessions
        self.talks = talks
        self.pace = pace
        self.holdoff = holdoff
        self._serves = serves

    @property
    def missed(self) -> int:
        """How much that was asked of the others came to nothing, since the server was away."""
        return self.holdoff.missed

    def ahead(self, gate: Gate | None, patience: float, kept: str | None = None) -> Ahead:
        """Asks for all that does not depend on what is said.

        `kept` is the name of something that is kept on the server with the conversation that it is of, to go on in.
        """
        lock = gate.begin() if gate is not None else None
        known = self.sessions.sync(self.holdoff.key) if self.sessions else self.holdoff.ask()
        asked = self.pace.ask(patience, lock) if self.pace else None
        finding = self.talks.find_kept(kept, lock) if self.talks and kept is not None else None
        return Ahead(lock, known, asked, finding)

    def give_up(self, ahead: Ahead) -> None:
        """Gives back what was asked for, whether or not it came."""
        if self.pace is not None:
            self.pace.unasked(ahead.asked)
        if self.talks is not None and ahead.finding is not None:
            self.talks.give_up(ahead.finding)

    async def open(self, turn: Turn, conversation: str | None, asker: Asker, patience: float) -> Opening:
        """All that has to be known before the site is asked, in one trip.

        Raises StateDown, as `Talks.hold`, and what the asker's gate raises.
        """
        ahead, gate = asker.ahead or self.ahead(asker.gate, patience), asker.gate
        holding: Holding | None = None
        try:
            holding = await self.talks.join(turn, conversation, asker, ahead) if self.talks else None
            await self._learn(ahead.known)
            if gate is not None:
                await gate.passes()
        except BaseException as error:
            self.give_up(ahead)
            if holding:
                holding.end(None, "", told=False)
            if gate is None or not isinstance(error, Elsewhere):
                raise
        else:
            return Opening(self, holding, ahead.asked, asker.waits)
        return await self._open_later(gate, turn, conversation, asker, patience)

    async def _open_later(
        self, gate: Gate, turn: Turn, conversation: str | None, asker: Asker, patience: float
    ) -> Opening:
        """The same, once the gate is open. It comes to that once: an open gate lets all pass."""
        began = time.monotonic()
        await gate.opens()
        opening = await self.open(turn, conversation, msgspec.structs.replace(asker, ahead=None), patience)
        return msgspec.structs.replace(opening, waited=time.monotonic() - began)

    async def _learn(self, asked: "asyncio.Future[Any]") -> None:
        """Takes what the others know. Raises StateDown, unless one serves without it."""
        try:
            known = await asyncio.shield(asked)
        except StateDown:
            if not self._serves:
                raise
            return
        if self.sessions is None:
            self.holdoff.heed(known)
            return
        left, *session = known
        self.holdoff.heed(left)
        self.sessions.take(*session)

    async def close(self, holding: Holding | None, waits: Waits | None) -> None:
        """Returns once all gateways know what came of the call, or the server is known to be away.

        With `waits` it returns at once, and that one waits for it.
        """
        saving = self.sessions.saving() if self.sessions else None
        ending = self.talks.ending(holding) if self.talks and holding else None
        sent = [one for one in (saving, ending) if one is not None]
        if waits is not None:
            for one in sent:
                waits.add(one)
        elif sent:
            await asyncio.wait(sent)
