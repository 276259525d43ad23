"""HTTP for both drivers: plain requests go by HTTP of our own (`drive/plain`), all others by the library.

The library (`drive/library`) is loaded for the first request that needs it.
"""

from collections.abc import Coroutine
from typing import TYPE_CHECKING

from chatdoor.drive.access import Access
from chatdoor.drive.plain import blocking
from chatdoor.errors import Place
from chatdoor.flow.effects import Request

if TYPE_CHECKING:
    from chatdoor.drive.library import AsyncAnswer, AsyncLibrary, BlockingAnswer, BlockingLibrary
    from chatdoor.drive.plain import aio


class BlockingHttp:
    """Sends requests and waits for their answers. May be used by several threads at a time."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._plain = blocking.PlainHttp(access) if is_direct(access) else None
        self._library: BlockingLibrary | None = None

    def send(self, request: Request, place: Place, seconds: float) -> "BlockingAnswer | blocking.PlainAnswer":
        """The answer, its head read. At most `seconds` until its last byte. Raises TransportError, TimedOut."""
        if self._plain and (target := self._plain.target_of(request.url)):
            return self._plain.send(request, target, place, seconds)
        library = self._library or self._open_library()
        return library.send(request, place, seconds)

    def close(self) -> None:
        """Closes all connections; what is under way fails."""
        if self._plain:
            self._plain.close()
        if self._library:
            self._library.close()

    def _open_library(self) -> "BlockingLibrary":
        from chatdoor.drive.library import BlockingLibrary

        self._library = BlockingLibrary(self._access)
        return self._library


class AsyncHttp:
    """Sends requests without blocking. May be used by tasks of several event loops."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._direct = is_direct(access)
        self._plain: aio.PlainHttp | None = None
        self._library: AsyncLibrary | None = None

    def send(
        self, request: Request, place: Place, seconds: float
    ) -> "Coroutine[object, object, AsyncAnswer | aio.PlainAnswer]":
        """The answer, its head read. At most `seconds` until its last byte. Raises TransportError, TimedOut."""
        if self._direct:
            plain = self._plain or self._open_plain()
            if target := plain.target_of(request.url):
                return plain.send(request, target, place, seconds)
        library = self._library or self._open_library()
        return library.send(request, place, seconds)

    async def close(self) -> None:
        """Closes all connections; what is under way fails."""
        if self._plain:
            self._plain.close()
        if self._library:
            await self._library.close()

    def _open_plain(self) -> "aio.PlainHttp":
        from chatdoor.drive.plain import aio  # blocking calls do without asyncio

        self._plain = aio.PlainHttp(self._access)
        return self._plain

    def _open_library(self) -> "AsyncLibrary":
        from chatdoor.drive.library import AsyncLibrary

        self._library = AsyncLibrary(self._access)
        return self._library


class Connections:
    """The connections of a visitor, opened when they are first needed.

    The main thread has its own, so that its Ctrl-C breaks off nobody else's request.
    """

    def __init__(self, access: Access) -> None:
        self.main = BlockingHttp(access)
        self.threads = BlockingHttp(access)
        self.tasks = AsyncHttp(access)


def is_direct(access: Access) -> bool:
    """True where no proxy can be on the way."""
    return access.proxy is None and not access.trust_env
