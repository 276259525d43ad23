"""One request of a client: its head, and as much of its body as has come and nobody has taken."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from chatdoor.gateway.header import Field

CONTINUE: Final = b"100-continue"


class Gone(Exception):
    """The client has left before its request was whole."""


class Request:
    """A request. `path` and `query` are as they were sent; `headers` have the last of those that stand twice."""

    method = ""
    path = b""
    query = b""
    version = ""
    """The version of HTTP: `1.1`."""
    headers: Mapping[bytes, bytes] = MappingProxyType({})
    keep_alive = True
    """True where the connection is good for another request after this one."""
    held = 0
    """Bytes of the body that wait to be taken."""
    ended = False
    """True once all of the body has come."""

    def __init__(self) -> None:
        self.fields: list[Field] = []
        """All headers in their order, the names in small letters."""
        self.parts: list[bytes] = []

    @property
    def doubled(self) -> bool:
        """True where a header stands twice."""
        return len(self.headers) != len(self.fields)

    @property
    def asks_first(self) -> bool:
        """True where the client wants to hear that its body is wanted before it sends it."""
        return self.headers.get(b"expect", b"").lower() == CONTINUE

    def take(self) -> bytes:
        """What has come of the body since it was taken last."""
        parts = self.parts
        data = parts[0] if len(parts) == 1 else b"".join(parts)
        self.parts, self.held = [], 0
        return data
