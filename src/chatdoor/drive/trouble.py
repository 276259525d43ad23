"""Trouble with what is kept: whoever runs the program hears of it, once, and not for each call."""

import logging

from chatdoor.errors import StateDown, StateError

logger = logging.getLogger("chatdoor")


class Trouble:
    """Whether one place to keep things fails now. Threads may share it."""

    def __init__(self) -> None:
        self._told = False

    def tell(self, error: StateError) -> None:
        """It fails. That is logged where it is new; of a server that is away, its link tells."""
        if not self._told and not isinstance(error, StateDown):
            logger.error("%s", error)
            self._told = True

    def over(self) -> None:
        """It goes again: the next failure is news."""
        self._told = False
