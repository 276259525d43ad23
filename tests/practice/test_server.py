"""The server over a real connection: bounds, bad requests, and what stays out of the log."""

import http.client
import logging
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest

from chatdoor.practice import Practice
from chatdoor.practice.asgi import BODY_MOST, DRAIN_MOST
from tests.practice.browser import CHAT, Browser, running


def _exchange(practice: Practice, *parts: bytes) -> bytes:
    """What comes back for these bytes, until the site closes the connection."""
    host, _, port = practice.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        for part in parts:
            connection.sendall(part)
        received = b""
        while chunk := connection.recv(65_536):
            received += chunk
        return received


def test_stats_count_what_came() -> None:
    """Pages, tokens, visitors and prompts are counted by these names, and what was said is told."""
    with running() as practice:
        browser = Browser(practice.url).open()
        browser.say("Hello")
        browser.token = "wrong"
        browser.say("Hello")
        stats = browser.send("GET", "/stats").json()
        assert stats.pop("heard") == practice.heard() == [["Hello"]]
        assert stats == practice.stats()
        assert stats == {
            "pages": 1, "tokens": 1, "visitors": 1, "accepted": 1, "refused": 1, "limited": 0, "failed": 0, "lost": 0,
            "conversations": 1,
        }  # fmt: skip


def test_head_has_no_body() -> None:
    """HEAD gives the headers of the page and nothing else."""
    with running() as practice:
        seen = Browser(practice.url).send("HEAD", "/")
        assert (seen.status, seen.body) == (200, b"")
        assert int(seen.headers["Content-Length"]) > 1000


@pytest.mark.parametrize("size", [BODY_MOST, BODY_MOST + 1, 3 * BODY_MOST])
def test_a_body_is_bounded(size: int) -> None:
    """A body up to the limit is read; a longer one is answered 413, and the client sees that."""
    with running() as practice:
        browser = Browser(practice.url).open()
        _, headers = browser.parts("Hello")
        seen = browser.send("POST", CHAT, b'{"messages":[{"role":"user","content":"Hello"}]}'.ljust(size), headers)
        assert seen.status == (200 if size <= BODY_MOST else 413)
        if size > BODY_MOST:
            assert str(BODY_MOST) in str(seen.json()["error"])


def test_an_endless_body_is_cut_off() -> None:
    """A body that never ends is read up to a limit, and the connection closes."""
    head = b"POST /generate_response/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunk = b"%x\r\n%b\r\n" % (BODY_MOST, b" " * BODY_MOST)
    with running() as practice, pytest.raises(ConnectionError):
        _exchange(practice, head, *[chunk] * (10 * DRAIN_MOST // BODY_MOST))


def test_garbage_is_answered_quietly(caplog: pytest.LogCaptureFixture) -> None:
    """What is not HTTP is answered 400, and goes to no log but ours."""
    with running() as practice:
        assert _exchange(practice, b"\x16\x03\x01\x02\x00garbage\r\n\r\n").startswith(b"HTTP/1.1 400")
    assert {record.name for record in caplog.records} == {"chatdoor.practice"}


def test_faults_and_stops_are_quiet(capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> None:
    """A reply cut short, and a stop with an open answer, are no errors in any log."""
    caplog.set_level(logging.WARNING)
    with running() as practice:
        browser = Browser(practice.url).open()
        practice.faults(cut_every=1)
        with pytest.raises(http.client.IncompleteRead):
            browser.say("Hello")
        practice.faults(cut_every=0, slow=30.0)
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(browser.say, "Hello")
            while practice.stats()["accepted"] < 2:
                pass
            practice.stop()
            assert waiting.exception(5)
    assert caplog.records == []
    assert capfd.readouterr() == ("", "")


def test_a_forwarded_address_is_not_believed() -> None:
    """Who asks is who is connected, whatever a header says."""
    with running() as practice:
        seen = Browser(practice.url).send("POST", "/faults?rotate=1", headers={"X-Forwarded-For": "192.0.2.1"})
        assert seen.status == 200


def test_many_at_a_time_all_get_their_answers() -> None:
    """A hundred visitors at a time are all served, and counted."""
    with running() as practice:

        def visit(number: int) -> str:
            return str(Browser(practice.url).open().say(f"say exactly: {number}").json()["response"])

        with ThreadPoolExecutor(20) as pool:
            assert list(pool.map(visit, range(100))) == [str(number) for number in range(100)]
        stats = practice.stats()
        assert (stats["accepted"], stats["visitors"], stats["refused"]) == (100, 100, 0)
