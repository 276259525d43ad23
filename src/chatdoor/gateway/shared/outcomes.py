"""What came of tries, told to all gateways: once more when the server is back, where it was away at the time.

Else it would know such a try as one that runs, and its retries elsewhere would wait for as long as it does.
"""

import asyncio
from functools import partial
from typing import Any, Final

from chatdoor.drive.gate import Lock
from chatdoor.drive.shared.link import PROBE_SECONDS, Link
from chatdoor.drive.shared.scripts import END_TRY

UNTOLD_MOST: Final = 1_000
UNTOLD_BYTES: Final = 10_000
"""How many outcomes wait for the server to be back, and how large each is at most."""


class Outcomes:
    """Tells them. `short` stands for one that is too large to wait."""

    def __init__(self, link: Link, short: bytes) -> None:
        self._link = link
        self._short = short
        self._untold: dict[Lock, tuple[bytes, int]] = {}
        self._timer: asyncio.TimerHandle | None = None

    def tell(self, lock: Lock, text: bytes, milliseconds: int) -> None:
        """Tells what came of the try of that lock, which is kept for so long; an empty text lets it be forgotten."""
        sent = self._link.send(END_TRY, [lock.name], lock.ticket, text, milliseconds)
        sent.add_done_callback(partial(self._told, lock, text, milliseconds))

    def _told(self, lock: Lock, text: bytes, milliseconds: int, sent: "asyncio.Future[Any]") -> None:
        if sent.cancelled() or sent.exception() is None:
            return
        self._untold[lock] = text if len(text) <= UNTOLD_BYTES else self._short, milliseconds
        if len(self._untold) > UNTOLD_MOST:
            del self._untold[next(iter(self._untold))]
        if self._timer is None:
            self._tell_later()

    def _tell_later(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(PROBE_SECONDS, self._tell_again)

    def _tell_again(self) -> None:
        if self._link.problem is not None:
            self._tell_later()
            return
        self._timer = None
        untold, self._untold = self._untold, {}
        for lock, (text, milliseconds) in untold.items():
            self.tell(lock, text, milliseconds)
