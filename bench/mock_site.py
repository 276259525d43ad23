"""A site that costs next to nothing: VoiGpt's page, token and reply, a streamed one, and OpenAI's chat completions.

`python -m bench.mock_site` prints its port and serves until it is stopped.
"""

import asyncio
import json
import re
import secrets
import sys

from bench.processes import pin

REPLY = "The quick brown fox jumps over the lazy dog. " * 8
"""360 characters, a short paragraph."""

PIECES = 300
"""Pieces of a long stream. They leave a millisecond apart, so that each arrives by itself."""

SHORT_PIECES = 10
"""Pieces of a short stream, which leave at once."""

STREAMS = {b"post /long/ ": (PIECES, 0.001), b"post /short/ ": (SHORT_PIECES, 0.0)}
"""Pieces, and seconds between two."""

TOKEN = secrets.token_hex(16)
PIECE = b"data: " + json.dumps({"delta": "fox jumps "}).encode() + b"\n\n"


def _answer(status: str, kind: str, body: bytes, *headers: str) -> bytes:
    lines = (f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}", *headers, "", "")
    return "\r\n".join(lines).encode() + body


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


PAGE = _answer("200 OK", "text/html", b"<title>Chat</title>", f"Set-Cookie: csrftoken={TOKEN}; Path=/; SameSite=Lax")
JSON = _answer("200 OK", "application/json", json.dumps({"response": REPLY}).encode())
REFUSED = _answer("403 Forbidden", "text/html", b"<h1>CSRF verification failed.</h1>")
STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
STREAM_END = _chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n"


def _openai_frame(delta: object, finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    frame = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "mock", "choices": [choice]}
    return _chunk(b"data: " + json.dumps(frame).encode() + b"\n\n")


def _openai_answer() -> bytes:
    choice = {"index": 0, "message": {"role": "assistant", "content": REPLY}, "finish_reason": "stop"}
    usage = {"prompt_tokens": 9, "completion_tokens": 80, "total_tokens": 89}
    whole = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "mock", "choices": [choice]}
    return _answer("200 OK", "application/json", json.dumps({**whole, "usage": usage}).encode())


OPENAI_PATH = b"post /v1/chat/completions "
OPENAI_PIECES = 50
"""Pieces of a streamed chat completion. They leave at once, each by itself; with `slow` in it, 5 ms apart."""
OPENAI_JSON = _openai_answer()
OPENAI_PIECE = _openai_frame({"content": "fox jumps "})
OPENAI_ENDS = _openai_frame({}, "stop") + STREAM_END


class Connection(asyncio.Protocol):
    """One connection. Reads requests whose bodies have a length, and answers each."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begins with nothing read."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._received = b""

    def data_received(self, data: bytes) -> None:
        """Answers each request that is complete."""
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            head = self._received[:end].lower()
            _, named, rest = head.partition(b"content-length:")
            size = int(rest.partition(b"\r\n")[0]) if named else 0
            if len(self._received) < end + 4 + size:
                return
            body = self._received[end + 4 : end + 4 + size]
            self._received = self._received[end + 4 + size :]
            self._respond(head, body)

    def _respond(self, head: bytes, body: bytes) -> None:
        token = TOKEN.encode()
        if head.startswith(OPENAI_PATH):
            self._complete(body)
        elif head.startswith(b"get / "):
            self._transport.write(PAGE)
        elif b"csrftoken=" + token not in head or b"x-csrftoken: " + token not in head:
            self._transport.write(REFUSED)
        elif stream := next((stream for start, stream in STREAMS.items() if head.startswith(start)), None):
            self._transport.write(STREAM)
            self._send_piece(*stream)
        else:
            self._transport.write(JSON)

    def _complete(self, body: bytes) -> None:
        """A chat completion, as OpenAI's API has it."""
        if not re.search(rb'"stream": ?true', body):
            self._transport.write(OPENAI_JSON)
            return
        self._transport.write(STREAM)
        pieces = 1 if b"whole" in body else OPENAI_PIECES
        self._send_frames(pieces, 0.005 if b"slow" in body else 0.0)

    def _send_frames(self, left: int, pause: float) -> None:
        if self._transport.is_closing():
            return
        self._transport.write(OPENAI_PIECE if left else OPENAI_ENDS)
        if left:
            asyncio.get_running_loop().call_later(pause, self._send_frames, left - 1, pause)

    def _send_piece(self, left: int, pause: float) -> None:
        if self._transport.is_closing():
            return
        self._transport.write(_chunk(PIECE) if left else STREAM_END)
        if left:
            asyncio.get_running_loop().call_later(pause, self._send_piece, left - 1, pause)


async def serve() -> None:
    """Serves until the process that reads our standard output goes away."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Connection, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    pin(-1)
    asyncio.run(serve())
