"""What a check sends, counted, and never more than it said."""

from chatdoor.discover.check_verdict import Traffic
from chatdoor.errors import ChatdoorError
from chatdoor.flow.effects import Head, Send


class Ledger:
    """Counts what a visitor sends, and lets it send no more than was said."""

    def __init__(self, most: int) -> None:
        self.sent = 0
        self.statuses: list[int] = []
        self._most = most
        self._mark = (0, 0)

    def sends(self, effect: Send) -> None:
        """Counts a request. Raises ChatdoorError for one too many."""
        if self.sent >= self._most:
            raise ChatdoorError(f"the check has sent its {self._most} requests, and ends here", step=effect.label)
        self.sent += 1

    def answered(self, head: Head) -> None:
        """Notes a status."""
        self.statuses.append(head.status)

    def mark(self) -> None:
        """From here on, `traffic` counts anew."""
        self._mark = (self.sent, len(self.statuses))

    @property
    def traffic(self) -> Traffic:
        """What was sent and answered since the last mark."""
        sent, answered = self._mark
        return Traffic(self.sent - sent, tuple(self.statuses[answered:]))
