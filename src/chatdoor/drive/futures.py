"""Futures that nobody has to wait for."""

from asyncio import Future
from typing import Any


def unheard(future: "Future[Any]") -> None:
    """Takes its error, once it is done: asyncio logs each that nobody has taken. For `add_done_callback`."""
    if not future.cancelled():
        future.exception()
