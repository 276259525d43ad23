"""The conversations of one visitor, where several gateways share them."""

import time
import uuid
from collections.abc import Callable

import msgspec

from chatdoor.drive.asker import Asker
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

    async def join(self, turn: Turn, conversation: str | None, asker: Asker) -> Holding:
        """As `hold`. Raises StateDown too."""
        while True:
            claim = await self._shared.claim(
                now=time.time(), new_id=uuid.uuid4().hex, **self.asked(turn, conversation, asker)
            )
            try:
                return self.begin(claim, turn, conversation)
            except msgspec.ValidationError:
                self.can_not_read(claim)
                await self._shared.ended(claim)
            except ConversationLost as error:
                if self._link.problem is not None:  # another gateway may have it
                    raise StateDown(f"{error.problem}, while the shared state is away", site=error.site) from error
                raise

    async def ended(self, holding: Holding) -> None:
        """Returns once all gateways know how the hold has ended."""
        await self._shared.ended(holding.claim)
