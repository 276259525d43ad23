"""What both faces have in common: how a websocket is opened, what its frames are for, what its errors mean."""

import ssl
import time
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal, NamedTuple, TypedDict
from urllib.parse import urlsplit

import msgspec
from websockets.exceptions import (
    ConnectionClosed,
    InvalidHandshake,
    InvalidProxy,
    InvalidProxyStatus,
    InvalidURI,
    ProxyError,
)
from websockets.frames import CONT, TEXT, Frame
from websockets.http11 import Response

from chatdoor.drive.access import Access, read_ca, spare_roots
from chatdoor.drive.clock import moment
from chatdoor.drive.handshake import meaning
from chatdoor.errors import ArgumentError, ChatdoorError, ConnectFailed, Place, ReadFailed, ReplyTooLarge, TimedOut
from chatdoor.flow.effects import Head, Request
from chatdoor.flow.listening import SWITCHED
from chatdoor.flow.socketio import Close, Connected, ConnectError, Disconnect, Open, PacketError, Ping, parse_packet
from chatdoor.flow.socketio import encode_pong as _pong

NORMAL: Final = 1000
TOO_BIG: Final = 1009
"""Close codes (RFC 6455, section 7.4.1)."""

CLOSE_SECONDS: Final = 0.2
"""How long saying goodbye may take."""

FRAMES_AHEAD: Final = 16
"""Frames that may wait to be read."""

CONNECTING: Final = "connecting"
READING: Final = "reading the answer"
SENDING: Final = "sending the request"

FAILURES: Final = (OSError, EOFError, InvalidHandshake, InvalidProxy, InvalidURI, ValueError)
"""What opening a websocket raises. TimeoutError is an OSError."""


class Reach(NamedTuple):
    """How the network is reached, and the largest message that is taken, in bytes."""

    access: Access
    limit: int


class Opening(TypedDict):
    """What both faces of the library want to know."""

    additional_headers: list[tuple[str, str]]
    user_agent_header: str | None
    proxy: str | Literal[True] | None
    open_timeout: float
    ping_interval: None
    close_timeout: float
    max_size: int
    max_queue: int


class Clock(NamedTuple):
    """When an answer must have come: the end of the call, and seconds between two frames."""

    deadline: float
    gap: float | None

    @property
    def left(self) -> float:
        """Seconds that the next frame may take."""
        left = max(0.0, self.deadline - time.monotonic())
        return left if self.gap is None else min(left, self.gap)


class Sieve:
    """Which frames are for a reader: pings of Socket.IO are answered, what comes between two turns is dropped."""

    def __init__(self, *, pings: bool) -> None:
        self._pings = pings
        self._dropping = False
        self.idle = False

    def takes(self, frame: Frame) -> bool:
        """True for a frame that somebody waits for. A message is taken or dropped whole."""
        if frame.opcode is not CONT:
            self._dropping = self.idle
        return not self._dropping

    def pong(self, frame: Frame) -> bytes | None:
        """The answer to a ping of Socket.IO; None for every other frame."""
        if not (self._pings and frame.opcode is TEXT and bytes(frame.data[:1]) == b"2"):
            return None
        return _pong(Ping(bytes(frame.data[1:]).decode("utf-8", "replace"))).encode()


class Handshake:
    """Socket.IO's: the server opens, we connect, it agrees. `heard` takes each frame and gives what to answer."""

    def __init__(self, connect: bytes, place: Place) -> None:
        self.done = False
        self.refusal: bytes | None = None
        """Why the site does not want us, as JSON."""
        self._connect = connect
        self._place = place

    def heard(self, frame: bytes) -> str | None:
        """What to send next. Raises ReadFailed for what does not belong here."""
        try:
            packet = parse_packet(frame.decode("utf-8", "replace"))
        except PacketError as error:
            raise ReadFailed(str(error), site=self._place.site, step=self._place.step) from error
        if isinstance(packet, Open):
            return self._connect.decode()
        if isinstance(packet, ConnectError):
            self.refusal = msgspec.json.encode({"message": packet.message})
        self.done = isinstance(packet, Connected | ConnectError)
        return None


def says_goodbye(frame: bytes) -> bool:
    """True for a frame by which Socket.IO ends the connection."""
    try:
        return isinstance(parse_packet(frame[:2].decode("ascii", "replace")), Disconnect | Close)
    except PacketError:
        return False


def url_of(request: Request) -> str:
    """The URL with the scheme of websockets."""
    return f"ws{request.url.removeprefix('http')}"


def opening_of(request: Request, reach: Reach, seconds: float) -> Opening:
    """How to open the websocket."""
    access = reach.access
    own = any(name == "user-agent" for name, _ in request.headers)
    return Opening(
        additional_headers=list(request.headers),
        user_agent_header=None if own else access.user_agent,
        proxy=access.proxy if access.proxy is not None else access.trust_env or None,
        open_timeout=min(seconds, access.timeout.connect),
        ping_interval=None,
        close_timeout=CLOSE_SECONDS,
        max_size=reach.limit,
        max_queue=FRAMES_AHEAD,
    )


def tls_of(request: Request, access: Access) -> ssl.SSLContext | None:
    """How the site's certificate is checked; None where it has none."""
    return _context(access.ca_file) if request.url.startswith("https:") else None


def proxy_tls_of(access: Access) -> ssl.SSLContext | None:
    """How the certificate of an https proxy is checked; None for another proxy."""
    return _context(access.ca_file) if urlsplit(access.proxy or "").scheme == "https" else None


@lru_cache(8)
def _context(ca_file: str | None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    paths = ssl.get_default_verify_paths()
    system = context.get_ca_certs() or (paths.capath and any(Path(paths.capath).iterdir()))
    roots = read_ca(ca_file) + (b"" if system else spare_roots())
    if roots:
        try:
            context.load_verify_locations(cadata=roots.decode("ascii", "ignore"))
        except ssl.SSLError as error:
            raise ArgumentError(f"ca_file: {ca_file} holds no usable certificate") from error
    return context


def switched(url: str, response: Response | None = None) -> Head:
    """The head of an open websocket. One that is used again has no headers: they were learned from before."""
    headers = _headers(response) if response else ()
    return Head(SWITCHED, headers, url, moment())


def refused(url: str, response: Response) -> Head:
    """The head of an answer that opens no websocket."""
    return Head(response.status_code, _headers(response), url, moment())


def unwelcome(url: str) -> Head:
    """The head that a connection error of Socket.IO would have over HTTP: the site does not let us in."""
    return Head(403, (("content-type", "application/json"),), url, moment())


def _headers(response: Response) -> tuple[tuple[str, str], ...]:
    return tuple((name.lower(), value) for name, value in response.headers.raw_items() if value.isascii())


def translate(error: Exception, place: Place) -> ChatdoorError:
    """The library's error as one of ours, when the websocket was to be opened. Nothing was said yet."""
    site, step = place
    if isinstance(error, TimeoutError):
        return TimedOut(f"timed out while {CONNECTING}", phase=CONNECTING, site=site, step=step)
    if isinstance(error, InvalidProxy):
        error.proxy = ""  # its password must not be shown
        return ArgumentError("proxy: not one that a websocket can go through", site=site, step=step)
    if isinstance(error, ProxyError | OSError):
        return ConnectFailed(_reason(error), site=site, step=step)
    if isinstance(error, InvalidHandshake | EOFError):
        return ReadFailed("no answer: what came does not open a websocket", site=site, step=step)
    return ArgumentError("the websocket can not be opened: its URL or a header is not valid", site=site, step=step)


def _reason(error: ProxyError | OSError) -> str:
    """Why there is no connection. What the error says itself is not shown where it may hold a URL."""
    if isinstance(error, InvalidProxyStatus):
        status = error.response.status_code
        asks = "the proxy wants another user name or password"
        return asks if status == 407 else f"no connection: the proxy answers {status}"
    if isinstance(error, ProxyError):
        return "no connection: the proxy refuses it"
    reason = getattr(error, "verify_message", None) or error.strerror or type(error).__name__
    return f"no connection: {meaning(reason)}"


def close_code(error: ConnectionClosed, place: Place, limit: int) -> int:
    """The code with which the site has closed the websocket. Raises ReplyError, ReadFailed where it broke."""
    site, step = place
    if error.rcvd is not None and error.rcvd_then_sent is not False:
        return error.rcvd.code
    if error.sent is not None and error.sent.code == TOO_BIG:
        raise ReplyTooLarge(f"the answer is larger than {limit} bytes", site=site, step=step) from error
    if error.sent is not None and error.sent.code != NORMAL:
        raise ReadFailed("what came is no frame of a websocket", begun=True, site=site, step=step) from error
    raise ReadFailed("the websocket broke off", begun=True, site=site, step=step) from error


def out_of_time(phase: str, place: Place) -> TimedOut:
    """The error for a wait that took too long."""
    return TimedOut(f"timed out while {phase}", phase=phase, site=place.site, step=place.step)
