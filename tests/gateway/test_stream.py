"""Streams on the wire: frame by frame, comments while a site is slow, ends that are not clean, and who leaves."""

import http.client
import json
import socket
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from chatdoor.gateway.state import Conduct
from tests.gateway.door import CHAT, HELLO, SECONDS, Door, practice_door
from tests.servers.waiting import wait_until

STREAMED = json.dumps({"model": "practice", "messages": HELLO, "stream": True}).encode()


@contextmanager
def streaming(door: Door, body: bytes = STREAMED) -> Iterator[http.client.HTTPResponse]:
    """An answer whose head has come."""
    connection = http.client.HTTPConnection("127.0.0.1", door.port, timeout=SECONDS)
    with closing(connection):
        connection.request("POST", CHAT, body, {"Content-Type": "application/json"})
        yield connection.getresponse()


def test_frames_come_as_the_site_sends() -> None:
    """Each word of a slow reply is there long before the last one, in a frame of its own."""
    with practice_door(reply="sse-delta", pause=0.2) as (door, _), streaming(door) as answer:
        lines, times = [], []
        while line := answer.readline():
            if line.startswith(b"data: {") and b'"content":"' in line and b'"role"' not in line:
                lines.append(json.loads(line[6:])["choices"][0]["delta"]["content"])
                times.append(time.monotonic())
                assert door.state.running == 1 or len(lines) > 1  # the first one is here while others are to come
    assert len(lines) >= 4
    assert times[-1] - times[0] > 0.2


def test_a_quiet_stream_has_comments() -> None:
    """While a site is slow, comments tell that the stream lives; frames are not touched by them."""
    with practice_door(reply="sse-delta", slow=0.8, conduct=Conduct(heartbeat=0.1)) as (door, _):
        seen = door.chat(stream=True)
        assert seen.status == 200
        assert 3 <= seen.body.count(b": keep-alive\n\n") <= 16
        assert seen.frames()[-1] == "[DONE]"


def test_a_lively_stream_has_none() -> None:
    """A stream in which something comes all the time needs no comment."""
    with practice_door(reply="sse-delta", pause=0.05, conduct=Conduct(heartbeat=0.8)) as (door, _):
        long = [{"role": "user", "content": "say exactly:" + " on and" * 10}]
        assert b": keep-alive" not in door.chat(stream=True, messages=long).body


def test_what_fails_before_the_first_frame_has_a_status() -> None:
    """A stream that never begins is answered as an error, like any other."""
    with practice_door(reply="sse-delta", fail_every=1) as (door, _):
        seen = door.chat(stream=True)
        assert (seen.status, seen.error["code"]) == (424, "site_failed")
        assert seen.headers["x-should-retry"] == "false"


def test_a_cut_stream_has_no_clean_end() -> None:
    """After the error event the connection breaks, so that no client takes the answer for whole."""
    with practice_door(reply="sse-delta", cut_every=1) as (door, _), streaming(door) as answer:
        with pytest.raises(http.client.IncompleteRead) as cut:
            answer.read()
        door.wait_until_idle()
    *_, last, end = cut.value.partial.split(b"\n\n")
    assert json.loads(last.removeprefix(b"data: "))["error"]["code"] == "reply_cut_short"
    assert end == b""
    assert b"[DONE]" not in cut.value.partial


@pytest.mark.parametrize("streamed", [True, False], ids=["streamed", "whole"])
def test_a_client_that_leaves_ends_the_request_to_the_site(streamed: bool) -> None:
    """Within a second after a client has left nothing is on its way any more, and the next one is answered."""
    with practice_door(reply="sse-delta", pause=3.0, history="session") as (door, _):
        body = json.dumps({"model": "practice", "messages": HELLO, "stream": streamed}).encode()
        head = f"POST {CHAT} HTTP/1.1\r\nHost: 127.0.0.1:{door.port}\r\nContent-Type: application/json\r\n"
        with socket.create_connection(("127.0.0.1", door.port), timeout=SECONDS) as connection:
            connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            if streamed:
                assert connection.recv(65_536)
            door.wait_until_busy()
        left = time.monotonic()
        door.wait_until_idle()
        assert time.monotonic() - left < 2


def test_a_client_that_leaves_frees_its_conversation() -> None:
    """The conversation of a client that has left is nobody's, and goes on with the next request."""
    with practice_door(reply="sse-delta", pause=0.2, history="session") as (door, practice):
        with streaming(door) as answer:
            name = answer.headers["x-conversation-id"]
            assert answer.readline()
        door.wait_until_idle()
        seen = door.chat({"X-Conversation-Id": name}, messages=[{"role": "user", "content": "say exactly: on"}])
        assert (seen.status, seen.headers["x-conversation-id"]) == (200, name)
        assert practice.heard() == [["Hello", "say exactly: on"]]


def test_a_client_that_leaves_after_a_large_request_is_noticed() -> None:
    """A body that filled the buffers does not hide that its sender has left."""
    with practice_door(reply="sse-delta", slow=8.0) as (door, practice):
        body = json.dumps({"model": "practice", "messages": HELLO, "stream": True, "x": "y" * 900_000}).encode()
        head = f"POST {CHAT} HTTP/1.1\r\nHost: 127.0.0.1:{door.port}\r\nContent-Type: application/json\r\n"
        with socket.create_connection(("127.0.0.1", door.port), timeout=SECONDS) as connection:
            connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            wait_until(lambda: practice.stats()["accepted"])
        left = time.monotonic()
        door.wait_until_idle()
        assert time.monotonic() - left < 2
