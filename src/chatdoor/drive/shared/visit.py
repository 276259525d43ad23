"""What a visitor of a site shares with the visitors of the same site at other gateways."""

import asyncio
from typing import Any

import msgspec

from chatdoor.drive.asker import Asker
from chatdoor.drive.shared.pace import SharedHoldoff, SharedPace
from chatdoor.drive.shared.sessions import SharedSessions
from chatdoor.drive.shared.talks import SharedTalks
from chatdoor.drive.talks import Holding
from chatdoor.errors import StateDown
from chatdoor.flow.turn import Turn


class Opening(msgspec.Struct, frozen=True):
    """A call before its site is asked: its hold on a conversation, and the place that it has asked for."""

    visit: "SharedVisit"
    holding: Holding | None
    asked: "asyncio.Future[Any] | None"


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

    async def open(self, turn: Turn, conversation: str | None, asker: Asker, patience: float) -> Opening:
        """All that has to be known before the site is asked, in one trip. Raises StateDown, and as `Talks.hold`."""
        known = self.sessions.sync(self.holdoff.key) if self.sessions else self.holdoff.ask()
        asked = self.pace.ask(patience) if self.pace else None
        holding: Holding | None = None
        try:
            holding = await self.talks.join(turn, conversation, asker) if self.talks else None
            await self._learn(known)
            if asker.admission is not None:
                await asyncio.shield(asker.admission)
        except BaseException:
            if self.pace:
                self.pace.unasked(asked)
            if holding:
                holding.end(None, "", told=False)
            raise
        return Opening(self, holding, asked)

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

    async def close(self, holding: Holding | None) -> None:
        """Returns once all gateways know what came of the call, or the server is known to be away."""
        if self.sessions:
            await self.sessions.saved()
        if self.talks and holding:
            await self.talks.ended(holding)
