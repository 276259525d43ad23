"""Plain HTTP/1.1 for the blocking driver, to hosts that are known by their address.

Python's sockets hear Ctrl-C while they wait, on POSIX; looking up a name does not, so names are left to the library.
"""

import os
import re
import select
import socket
import time
from collections import deque
from typing import Final

from chatdoor.drive.access import Access
from chatdoor.drive.clock import moment
from chatdoor.drive.plain.errors import IDLE_SECONDS, connect_failed, reason_of, translate, unconnected
from chatdoor.drive.plain.wire import CLOSED, Broken, Receiver, RequestEncoder, Target, target_of
from chatdoor.errors import Place, WriteFailed
from chatdoor.flow.effects import Head, Request

READ_BYTES: Final = 65_536

_ADDRESS: Final = re.compile(r"localhost|[0-9.]+|[0-9a-f:.]*:[0-9a-f:.]*")


class PlainHttp:
    """Sends plain requests and waits for their answers. May be used by several threads at a time."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._encoder = RequestEncoder(access.user_agent)
        self._idle: dict[str, deque[Connection]] = {}
        self._open: set[Connection] = set()
        self._pid = os.getpid()

    @staticmethod
    def target_of(url: str) -> Target | None:
        """Where a request to the URL goes; None where the library has to send it."""
        target = target_of(url) if os.name == "posix" else None
        return target if target and _ADDRESS.fullmatch(target.host) else None

    def send(self, request: Request, target: Target, place: Place, seconds: float) -> "PlainAnswer":
        """The answer, its head read. At most `seconds` until its last byte. Raises TransportError, TimedOut."""
        data = self._encoder.encode(request, target)
        end = time.monotonic() + seconds
        connection = self._take(target) or self._connect(target, place, end)
        answer = PlainAnswer(self, target, connection, place, end)
        answer.ask(data, request.url)
        return answer

    def give_back(self, target: Target, connection: "Connection") -> None:
        """Keeps the connection for the next request, or closes it."""
        if not connection.receiver.reusable or connection not in self._open:
            self.drop(connection)
            return
        connection.idle_since = time.monotonic()
        self._idle.setdefault(target.authority, deque()).append(connection)

    def drop(self, connection: "Connection") -> None:
        """Closes the connection."""
        self._open.discard(connection)
        connection.close()

    def close(self) -> None:
        """Closes all connections; what is under way fails."""
        self._idle.clear()
        while self._open:
            self._open.pop().shut()

    def _take(self, target: Target) -> "Connection | None":
        """A connection that was used before and is good still, if there is one."""
        if self._pid != os.getpid():  # after a fork they are the other process's, too
            self._pid, self._idle, self._open = os.getpid(), {}, set()
        idle = self._idle.get(target.authority)
        while idle:
            try:
                connection = idle.pop()
            except IndexError:  # another thread was faster
                return None
            if connection.is_quiet() and time.monotonic() - connection.idle_since < IDLE_SECONDS:
                return connection
            self.drop(connection)
        return None

    def _connect(self, target: Target, place: Place, end: float) -> "Connection":
        seconds = min(self._access.timeout.connect, end - time.monotonic())
        try:
            connection = Connection(target, seconds, self._access.timeout.longest_gap)
        except TimeoutError:
            raise unconnected(place) from None
        except OSError as error:
            raise connect_failed(error, place) from error
        self._open.add(connection)
        return connection


class Connection:
    """One connection, for one answer at a time. Raises OSError where there is none to be had in these seconds."""

    def __init__(self, target: Target, seconds: float, gap: float) -> None:
        self._socket = socket.create_connection((target.host, target.port), max(seconds, 0.001))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._gap = gap
        self._poll = select.poll()
        self._poll.register(self._socket, select.POLLIN)
        self.receiver = Receiver()
        self.idle_since = 0.0

    def is_quiet(self) -> bool:
        """Nothing has come that was not asked for, not even the end."""
        return not self._poll.poll(0)

    def ask(self, request: bytes, end: float) -> None:
        """Sends a request; its answer comes in `receiver`. Raises OSError."""
        self.receiver.begin()
        self._wait_until(end)
        self._socket.sendall(request)

    def head(self, end: float) -> None:
        """Waits for the head of the answer. Raises Broken, TimeoutError."""
        while not self.receiver.status:
            if self.receiver.ended:
                self.receiver.take()
            self._read(end)

    def body(self, end: float) -> bytes | None:
        """Waits for the next bytes of the body; None at its end. Raises Broken, TimeoutError."""
        while (data := self.receiver.take()) == b"":
            if not self.receiver.ended and not self.receiver.waiting:
                self._read(end)
        return data

    def close(self) -> None:
        """Closes it."""
        self._socket.close()

    def __del__(self) -> None:
        """A client that nobody has closed leaves nothing open, and no warning."""
        if hasattr(self, "_socket"):
            self._socket.close()

    def shut(self) -> None:
        """Closes it for whoever waits for it on another thread."""
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:  # the other side was faster
            self._socket.close()

    def _read(self, end: float) -> None:
        self._wait_until(end)
        try:
            data = self._socket.recv(READ_BYTES)
        except TimeoutError:
            raise
        except OSError as error:
            self.receiver.end(reason_of(error))
            return
        if data:
            self.receiver.feed(data)
        else:
            self.receiver.end(CLOSED)

    def _wait_until(self, end: float) -> None:
        left = end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._socket.settimeout(min(left, self._gap))


class PlainAnswer:
    """An open answer."""

    head: Head
    close_code: int | None = None
    """Only a websocket has one."""

    def __init__(self, http: PlainHttp, target: Target, connection: Connection, place: Place, end: float) -> None:
        self._http = http
        self._target = target
        self._connection = connection
        self._place = place
        self._end = end

    def ask(self, request: bytes, url: str) -> None:
        """Sends the request and reads the head of its answer. Raises TransportError, TimedOut."""
        connection = self._connection
        try:
            connection.ask(request, self._end)
            connection.head(self._end)
        except BaseException as error:
            self._http.drop(connection)
            if isinstance(error, Broken | TimeoutError):
                raise translate(error, self._place, begun=False) from None
            if isinstance(error, OSError):
                problem = f"the request could not be sent: {reason_of(error)}"
                raise WriteFailed(problem, site=self._place.site, step=self._place.step) from error
            raise
        self.head = Head(connection.receiver.status, tuple(connection.receiver.headers), url, moment())

    def read(self) -> bytes | None:
        """The next bytes as they come, None at the end. Raises TransportError, TimedOut."""
        try:
            return self._connection.body(self._end)
        except (Broken, TimeoutError) as error:
            raise translate(error, self._place, begun=True) from None

    def close(self) -> None:
        """Gives the connection back where the body was read to its end, else closes it."""
        self._http.give_back(self._target, self._connection)
