"""The conversations of one visitor, where several gateways share them."""

import asyncio
import time
import uuid
from collections.abc import Callable
from typing import Any

import msgspec

from chatdoor.drive.asker import Asker
from chatdoor.drive.gate import Ahead, Finding, Lock
from chatdoor.drive.sessions import Sessions
from chatdoor.drive.shared.ledger import SharedLedger
from chatdoor.drive.shared.link import Link
from chatdoor.drive.talks import Holding, Talks
from chatdoor.errors import ConversationLost, StateDown
from chatdoor.flow.turn import Turn
from chatdoor.site.model import Site


class SharedTalks(Talks):
    """As Talks, with conversations that any gateway goes on with."""

    def __init__(self, site: Site, scope: str, make: Callable[[], Sessions], link: Link, *, serves: bool) -> None:
        super().__init__(site, scope, make)
        self._link = link
        self.ledger = self._shared = SharedLedger(link, gone=self._gone, serves=serves)

    async def join(self, turn: Turn, conversation: str | None, asker: Asker, ahead: Ahead) -> Holding:
        """As `hold`. Raises StateDown too, and Elsewhere where there is a lock that another call has."""
        finding = ahead.finding
        while True:
            claim = await self._shared.claim(
                now=finding.now if finding else time.time(),
                new_id=finding.new_id if finding else uuid.uuid4().hex,
                lock=ahead.lock,
                finding=finding,
                **self.asked(turn, conversation, asker),
            )
            finding = None
            try:
                return self.begin(claim, turn, conversation)
            except msgspec.ValidationError:
                self.can_not_read(claim)
                await self._shared.ended(claim)
            except ConversationLost as error:
                if self._link.problem is not None:  # another gateway may have it
                    raise StateDown(f"{error.problem}, while the shared state is away", site=error.site) from error
                raise

    def find_kept(self, kept: str, lock: Lock | None) -> Finding:
        """Looks up the conversation that something kept is of. `kept` is its name on the server."""
        return self._shared.find_kept(kept, self._site.name, now=time.time(), new_id=uuid.uuid4().hex, lock=lock)

    def give_up(self, finding: Finding) -> None:
        """Ends a look-up that nobody has a use for."""
        self._shared.give_up(finding)

    def ending(self, holding: Holding) -> "asyncio.Future[Any] | None":
        """Done once all gateways know how the hold has ended; None where there is nothing to know."""
        return self._shared.ending(holding.claim)
