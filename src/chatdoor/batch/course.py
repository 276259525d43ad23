"""How a run went on, at a bounded number of points: where there are too many, every second one is left out."""

from collections.abc import Sequence
from typing import Final

from chatdoor.batch.plan import Progress

MOST_POINTS: Final = 400


class Course:
    """The points so far."""

    def __init__(self) -> None:
        self._points: list[Progress] = []
        self._gap = 0.0

    @property
    def points(self) -> Sequence[Progress]:
        """The points, the oldest first."""
        return self._points

    def add(self, progress: Progress) -> None:
        """Adds a point, unless the last one is too near."""
        if self._points and progress.seconds - self._points[-1].seconds < self._gap:
            return
        self._points.append(progress)
        if len(self._points) > MOST_POINTS:
            self._points = self._points[::2]
            self._gap = self._points[-1].seconds / len(self._points)
