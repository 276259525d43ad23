"""Several calls at a time."""

import asyncio
from collections.abc import Coroutine
from typing import TypeVar

from chatdoor.errors import ChatdoorError
from chatdoor.gateway.openai.errors import MESSAGES, without_retry

T = TypeVar("T")


async def together(calls: list[Coroutine[None, None, T]], field: str = MESSAGES) -> list[T]:
    """What the calls give, all at a time. The first that fails ends the others; its error is the cause of the Problem.

    The site may have read the others, so nobody is told to ask again. `field` is where the request has its messages.
    """
    if len(calls) == 1:
        return [await calls[0]]
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(call) for call in calls]
    except BaseExceptionGroup as errors:
        error = errors.exceptions[0]
        if isinstance(error, ChatdoorError):
            raise without_retry(error, field) from error
        raise error from None
    return [task.result() for task in tasks]
