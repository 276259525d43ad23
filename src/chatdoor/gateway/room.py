"""A bound that many share."""


class Room:
    """How many bytes all of them together may still hold."""

    __slots__ = ("left",)

    def __init__(self, left: int) -> None:
        self.left = left
