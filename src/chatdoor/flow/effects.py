"""What a flow can ask for, and what it gets back.

A flow is a generator. It yields effects, a driver carries them out and sends back the results; errors of the
network are thrown into the flow, which alone decides what they mean. So every decision is made once, for
blocking and async callers, and is tested without a socket.

    effect        result
    OpenSession   Session: the one to use now; opened, or waited for, by the driver
    Learn         Session: with these changes, which are merged into the shared one too
    Send          Head: status and headers; the body is still to be read
    ReadBody      bytes: the rest of the answer, within a limit
    Decode        (float, float): the ticks of the first piece and of the end; the pieces went to the caller
    Discard       None: the answer is closed unread
    ReadFrame     bytes: the next frame of a websocket; None where the site has closed it
    CloseCode     int: the code with which the site has closed it; None where it has not
    HangUp        None: all websockets of the conversation are closed
    Sleep         Moment: afterwards
    Make          str: a fresh id, or the time
    Reveal        str: the secret that a reference stands for
"""

from collections.abc import Generator
from typing import Any, Protocol, TypeAlias, TypeVar

import msgspec

from chatdoor.errors import WriteFailed
from chatdoor.flow.session import Changes, Session

T = TypeVar("T")


class Moment(msgspec.Struct, frozen=True, gc=False):
    """A point in time: `tick` counts seconds and never jumps, `unix` is seconds since 1970."""

    tick: float
    unix: float


Headers: TypeAlias = tuple[tuple[str, str], ...]
"""Names and values, in order."""


class Request(msgspec.Struct, frozen=True, gc=False):
    """One HTTP request, complete; or one frame, and how to open the websocket that it goes to.

    Headers are (name, value) pairs; all values are ASCII.

    `ahead` is how many bytes of the answer's body may be read before its head is handed on: it saves work
    where nobody wants the first before the last. A stream has 0. `opening` is what Socket.IO's connect says.
    """

    method: str
    url: str
    headers: Headers
    body: bytes | None = None
    ahead: int = 0
    opening: bytes | None = None


class HungUp(WriteFailed):
    """The websocket that holds the conversation is gone. Nothing was sent."""


class Head(msgspec.Struct, frozen=True, gc=False):
    """Status and headers of an answer: (name, value) pairs, order kept, names lower-case."""

    status: int
    headers: Headers
    url: str
    at: Moment

    def get(self, name: str) -> str | None:
        """The first header of this lower-case name."""
        for key, value in self.headers:
            if key == name:
                return value
        return None


class Decoder(Protocol):
    """Turns the bytes of a body into pieces of a reply."""

    ended: bool
    """The reply is complete, whether or not more bytes come."""
    revised: bool
    """A part of what was given as pieces is not in the text any more."""

    @property
    def text(self) -> str:
        """The reply so far."""
        ...

    def feed(self, data: bytes) -> list[str]:
        """The pieces that these bytes complete."""
        ...

    def finish(self) -> list[str]:
        """The pieces that the end of the body completes. Raises ReplyError where the reply is not whole."""
        ...


class OpenSession(msgspec.Struct, frozen=True, gc=False):
    """Asks for a session newer than `after`; 0 takes any that is there.

    With `refresh`, by the steps that renew the token and leave the conversation alone.
    """

    after: int = 0
    refresh: bool = False


class Learn(msgspec.Struct, frozen=True, gc=False):
    """What an answer changed in a session."""

    session: Session
    changes: Changes


class Send(msgspec.Struct, frozen=True, gc=False):
    """Sends a request and reads the head of its answer. `label` is the step's name in logs."""

    request: Request
    label: str


class ReadBody(msgspec.Struct, frozen=True, gc=False):
    """Reads the rest of the answer.

    More than `limit` bytes raise ReplyTooLarge; or, if `cut`, the first ones come, and a Decode may go on from there.
    """

    limit: int
    cut: bool = False


class Decode(msgspec.Struct, frozen=True, gc=False):
    """Reads the rest of the answer through a decoder, at most `limit` bytes. `seen` was read before.

    With `quiet`, its pieces do not go to the caller: what the site says to a turn that it had heard before.
    """

    decoder: Decoder
    limit: int
    seen: bytes = b""
    quiet: bool = False


class Discard(msgspec.Struct, frozen=True):
    """Closes the answer without reading the rest."""


class ReadFrame(msgspec.Struct, frozen=True):
    """Reads one frame of a websocket."""


class CloseCode(msgspec.Struct, frozen=True):
    """Asks how the site has closed the websocket."""


class HangUp(msgspec.Struct, frozen=True):
    """Closes the websockets of the conversation, which begins anew."""


class Sleep(msgspec.Struct, frozen=True):
    """Waits."""

    seconds: float


class HoldOff(msgspec.Struct, frozen=True):
    """Says that the site asks all callers to send nothing for so many seconds. It does not wait."""

    seconds: float


class Make(msgspec.Struct, frozen=True):
    """Asks for something fresh: `uuid4`, `hexN`, `alnumN`, `unix_ms` or `iso8601`."""

    kind: str


class Reveal(msgspec.Struct, frozen=True):
    """Asks for the secret that a reference such as `env:X` stands for. `label` is the step that sends it to `origin`.

    Raises ArgumentError where it is not there, or may not be sent.
    """

    reference: str
    origin: str
    label: str


Effect: TypeAlias = (
    OpenSession
    | Learn
    | Send
    | ReadBody
    | Decode
    | Discard
    | ReadFrame
    | CloseCode
    | HangUp
    | Sleep
    | HoldOff
    | Make
    | Reveal
)

Flow: TypeAlias = Generator[Effect, Any, T]
"""Yields effects, receives their results, returns a T. The one place where a type is not said: what is sent in."""
