"""What has to be waited for only at times, and futures that nobody waits for."""

from asyncio import Future
from collections.abc import Coroutine
from typing import Any, TypeAlias, TypeVar

V = TypeVar("V")

Waited: TypeAlias = V | Coroutine[Any, Any, V]
"""What is there, or a coroutine where it is still to come: mostly it is there, and a coroutine has its price."""


def unheard(future: "Future[Any]") -> None:
    """Takes its error, once it is done: asyncio logs each that nobody has taken. For `add_done_callback`."""
    if not future.cancelled():
        future.exception()
