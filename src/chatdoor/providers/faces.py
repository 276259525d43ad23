"""From an async call to a blocking one and back, for providers that write one of the two."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Generator

from chatdoor.drive.helper import on_own_thread


def blocking_of_text(call: Callable[[], Awaitable[str]]) -> Generator[str, None, None]:
    """One piece: what the call gives. Works inside a running event loop, because it has a thread of its own."""

    async def pieces() -> AsyncGenerator[str, None]:
        yield await call()

    return blocking_of_pieces(pieces)


def blocking_of_pieces(call: Callable[[], AsyncGenerator[str, None]]) -> Generator[str, None, None]:
    """The call's pieces, one at a time: the next is worked on when it is asked for."""
    steps = _Steps(call)
    yield from on_own_thread(steps.run(), steps.cancel)


async def async_of_text(call: Callable[[], Awaitable[str]]) -> AsyncGenerator[str, None]:
    """One piece: what the call gives."""
    yield await call()


async def async_of_pieces(call: Callable[[], Generator[str, None, None]]) -> AsyncGenerator[str, None]:
    """The call's pieces, each waited for on another thread, so that the event loop goes on."""
    import asyncio  # a program without an event loop does not load it

    pieces = call()
    loop = asyncio.get_running_loop()
    step = None
    try:
        while True:
            step = loop.run_in_executor(None, _next, pieces)
            item = await asyncio.shield(step)
            if item is None:
                return
            yield item[0]
    finally:
        if step is None or step.done():
            pieces.close()
        else:  # cancelled in mid-step: the generator can be closed only when that has ended
            step.add_done_callback(lambda _: pieces.close())


def _next(pieces: Generator[str, None, None]) -> tuple[str] | None:
    # A StopIteration can not cross a future.
    for piece in pieces:
        return (piece,)
    return None


class _Steps:
    """The pieces of an async call, worked on by an event loop on whichever thread runs the generator."""

    def __init__(self, call: Callable[[], AsyncGenerator[str, None]]) -> None:
        self._call = call
        self._cancel: Callable[[], None] = lambda: None

    def run(self) -> Generator[str, None, None]:
        """The pieces."""
        import asyncio  # a program without an event loop does not load it

        with asyncio.Runner() as runner:
            loop = runner.get_loop()

            def cancel_all() -> None:
                for task in asyncio.all_tasks(loop):
                    task.cancel()

            def cancel() -> None:
                loop.call_soon_threadsafe(cancel_all)

            self._cancel = cancel
            pieces = self._call()
            try:
                while True:
                    try:
                        yield runner.run(_anext(pieces))
                    except StopAsyncIteration:
                        return
            finally:
                runner.run(pieces.aclose())

    def cancel(self) -> None:
        """Ends the step that is under way."""
        self._cancel()


async def _anext(pieces: AsyncGenerator[str, None]) -> str:
    return await anext(pieces)
