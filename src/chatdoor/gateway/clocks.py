"""Since when a connection has been as it is, and whether that is too long. Pure; the clock is one that never jumps."""

from typing import Final

from chatdoor.gateway.request import Request

IDLE_SECONDS: Final = 75
"""How long a connection may be idle between two requests, as nginx has it."""

STUCK_SECONDS: Final = 60.0
"""How long a client may take nothing of what waits for it, as nginx has it (send_timeout)."""

PARTING_SECONDS: Final = 10.0
"""How long a client may go on sending after its last answer. It may read that only then: bytes that nobody takes would
end the connection under it."""


class Clocks:
    """The clocks of a connection that was opened `now`."""

    def __init__(self, now: float) -> None:
        self._reads: Request | None = None
        self.reading = True
        """True while something is read that is not whole; also before the first byte."""
        self._reads_since = now
        self.idle_since = now
        """When the last answer was sent."""
        self.parted = False
        """True once the last answer was sent to a client that may still be sending."""
        self._parted_at = now
        self._unsent = 0
        self._unsent_since = now

    def reads(self, coming: Request | None, now: float) -> None:
        """Notes which request is coming; None: none."""
        if coming is not self._reads or coming is None:
            self._reads, self._reads_since = coming, now
            self.reading = coming is not None

    def answered(self, now: float) -> None:
        """Notes that an answer was sent. A request that is coming may have waited for that."""
        self.idle_since = now
        self._reads_since = now

    def part(self, now: float) -> None:
        """Notes that the last answer was sent."""
        self.parted, self._parted_at = True, now

    def is_stuck(self, unsent: int, now: float) -> bool:
        """True where the client has long taken nothing of what waits for it. To be asked every second or so."""
        if not unsent or unsent < self._unsent:
            self._unsent_since = now
        self._unsent = unsent
        return unsent > 0 and now - self._unsent_since >= STUCK_SECONDS

    def is_parted_long(self, now: float) -> bool:
        """True where the client has had its time to read the last answer."""
        return self.parted and now - self._parted_at >= PARTING_SECONDS

    def is_late(self, now: float, most: float) -> bool:
        """True where a request has been coming for `most` seconds."""
        return self.reading and now - self._reads_since >= most

    def is_idle_long(self, now: float) -> bool:
        """True where no request has come for long."""
        return not self.reading and now - self.idle_since >= IDLE_SECONDS
