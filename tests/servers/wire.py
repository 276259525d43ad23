"""One connection to the faulty server: requests read from the bytes, and answers written as bytes."""

import asyncio
import json
import os
import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import responses
from typing import Any

READ_BYTES = 65536
HEAD_BYTES = 1 << 20
LINGER_SECONDS = 0.5


@dataclass(frozen=True)
class Request:
    """A request as it stood on the wire.

    `headers` is a list of (name, value), order and case kept. `body` is undone of chunks; `complete` says that all of
    it came. A connection on which no request came is one with an empty method.
    """

    method: str = ""
    path: str = ""
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    complete: bool = False

    def header(self, name: str) -> str | None:
        """The first header of that name, in any case."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Answer:
    """A good answer in itself: its length is declared and right. `headers` are whole lines, ``Name: value``.

    Marks such as ``@TOKEN@`` are filled in when it is sent (``faulty.py`` lists them).
    """

    status: int
    headers: tuple[str, ...] = ()
    body: bytes = b""

    def head(self, *more: str) -> bytes:
        """Status line, headers, and `more` headers, up to and with the empty line. It declares no length."""
        first = f"HTTP/1.1 {self.status} {responses.get(self.status, 'Unknown')}"
        return "\r\n".join((first, *self.headers, *more, "", "")).encode("latin-1")

    def filled(self, marks: Mapping[bytes, bytes]) -> "Answer":
        """The same with its marks replaced."""
        headers = (fill(line.encode("latin-1"), marks).decode("latin-1") for line in self.headers)
        return Answer(self.status, tuple(headers), fill(self.body, marks))


def fill(text: bytes, marks: Mapping[bytes, bytes]) -> bytes:
    """`text` with each mark replaced by what it stands for."""
    for mark, value in marks.items():
        text = text.replace(mark, value)
    return text


class Wire:
    """One accepted connection. `good` is what a good server would answer to the request at hand, marks filled in."""

    good: Answer
    marks: Mapping[bytes, bytes]

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._sock = sock
        self._loop = asyncio.get_running_loop()
        self._unread = b""
        self.last = False
        """This is the last answer on this connection, and says so."""

    async def send(self, data: bytes) -> None:
        """Put bytes on the wire."""
        await self._loop.sock_sendall(self._sock, data)
        # A fast reader never makes the line above wait, and the other connections want their turn.
        await asyncio.sleep(0)

    async def answer(self, answer: Answer) -> None:
        """Send a well-formed answer; the connection goes on unless it is the last one."""
        closing = ("Connection: close",) if self.last else ()
        filled = answer.filled(self.marks)
        await self.send(filled.head(f"Content-Length: {len(filled.body)}", *closing) + filled.body)

    async def read_head(self) -> Request | None:
        """The next request without its body; None where the client closed or sent no HTTP."""
        while (end := self._unread.find(b"\r\n\r\n")) < 0:
            if len(self._unread) > HEAD_BYTES or not (data := await self._receive()):
                return None
            self._unread += data
        head, self._unread = self._unread[:end].decode("latin-1"), self._unread[end + 4 :]
        first, *lines = head.split("\r\n")
        method, path, *_ = f"{first}  ".split(" ")
        fields = (line.partition(":") for line in lines)
        return Request(method, path, [(name, value.strip()) for name, _, value in fields])

    async def read_body(self, request: Request) -> Request:
        """`request` with as much of its body as came."""
        if (request.header("transfer-encoding") or "").lower() == "chunked":
            body, complete = await self._read_chunks()
        else:
            length = int(request.header("content-length") or 0)
            body = await self._read(length)
            complete = len(body) == length
        return Request(request.method, request.path, request.headers, body, complete)

    async def stall(self) -> None:
        """Answer nothing; what comes is thrown away, until the client closes."""
        while await self._receive():
            pass

    def reset(self) -> None:
        """End the connection with a TCP reset."""
        linger = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self._sock.close()

    async def finish(self) -> None:
        """End the connection in order: a close with unread bytes would be a reset, and could overtake the answer."""
        self._sock.shutdown(socket.SHUT_WR)
        async with asyncio.timeout(LINGER_SECONDS):
            await self.stall()

    def close(self) -> None:
        """Let go of the socket."""
        self._sock.close()

    async def _receive(self) -> bytes:
        return await self._loop.sock_recv(self._sock, READ_BYTES)

    async def _read(self, length: int) -> bytes:
        parts = [self._unread]
        missing = length - len(self._unread)
        while missing > 0 and (data := await self._receive()):
            parts.append(data)
            missing -= len(data)
        whole = b"".join(parts)
        self._unread = whole[length:]
        return whole[:length]

    async def _read_chunks(self) -> tuple[bytes, bool]:
        body = b""
        while (line := await self._read_line()) is not None and (size := int(line, 16)):
            chunk = await self._read(size + len(b"\r\n"))
            body += chunk[:size]
        return body, line is not None and await self._read_line() == b""

    async def _read_line(self) -> bytes | None:
        while (end := self._unread.find(b"\r\n")) < 0:
            if not (data := await self._receive()):
                return None
            self._unread += data
        line, self._unread = self._unread[:end], self._unread[end + 2 :]
        return line
