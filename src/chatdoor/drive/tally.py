"""What a visitor has done, in numbers, for whoever watches it."""


class Tally:
    """Counts since the visitor was made. A count that two threads change at once may miss one."""

    __slots__ = ("sessions_opened", "sessions_refreshed", "wait_seconds", "waits", "waits_asked")

    def __init__(self) -> None:
        self.sessions_opened = 0
        self.sessions_refreshed = 0
        self.waits_asked = 0
        """Times that the site asked callers to wait."""
        self.waits = 0
        """Times that a call was held back before it was sent: by the site's pace, or as the site had asked."""
        self.wait_seconds = 0.0

    @property
    def numbers(self) -> dict[str, float]:
        """All counts by their names."""
        return {name: getattr(self, name) for name in self.__slots__}

    def wait(self, seconds: float) -> None:
        """Counts a call that was held back."""
        self.waits += 1
        self.wait_seconds += seconds
