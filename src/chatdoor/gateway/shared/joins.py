"""Retries that come to another gateway than their first try: they get its answer, once it has ended there."""

import msgspec

from chatdoor.drive.shared.link import Link
from chatdoor.gateway.exchange import Exchange
from chatdoor.gateway.joins import Ask, Joins, Mark, Try
from chatdoor.gateway.shared.counts import Admission
from chatdoor.gateway.shared.outcomes import Outcomes
from chatdoor.gateway.shared.tries import NO_ANSWER, SharedTry
from chatdoor.gateway.tape import Tape


class SharedJoins(Joins):
    """As Joins, over all gateways. While the server is away each knows its own tries, where it `serves`.

    A retry does not count for the limits of its key where it joins a try.
    """

    def __init__(self, link: Link, *, serves: bool) -> None:
        super().__init__()
        self._link = link
        self._serves = serves
        self._outcomes = Outcomes(link, msgspec.msgpack.encode(NO_ANSWER))
        self._shared: dict[Try, SharedTry] = {}

    async def answer(self, exchange: Exchange, asker: str, mark: Mark, body: bytes, ask: Ask) -> None:
        """As Joins. Raises Problem (409) for a try whose gateway is no more, too, and StateDown."""
        name, digest = self._named(exchange, asker, mark, body)
        tried = self._find(name, digest, mark)
        if tried is not None:
            exchange.gate = None
            await self._play(exchange, tried)
            return
        first = Try(Tape(self.room), name, digest, exchange.note)
        admission = exchange.gate if isinstance(exchange.gate, Admission) else None
        shared = SharedTry(self._link, self._outcomes, first, mark, admission, serves=self._serves)
        exchange.gate = exchange.ending = self._shared[first] = shared
        await self._try(first, exchange, body, ask)

    def _keep(self, tried: Try) -> None:
        super()._keep(tried)
        shared = self._shared.pop(tried)
        shared.close()
        if shared.elsewhere and tried in self._ended:  # the answer is not ours, and it ends there
            self._forget(tried)
