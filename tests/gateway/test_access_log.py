"""The access log: what stands in a line, what never does, and that nothing waits for it."""

import asyncio
import json
import logging
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from chatdoor.gateway import access_log
from chatdoor.gateway.access_log import AccessLog
from chatdoor.gateway.exchange import Exchange
from chatdoor.gateway.request import Request
from tests.gateway.door import CHAT, Seen, gateway, key, practice_door
from tests.gateway.test_stream import STREAMED

ASK = [{"role": "user", "content": "say exactly: kiwi"}]


def lines(path: Path) -> list[Any]:
    """What the log holds."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def logged(path: Path, *, texts: bool = False, **request: Any) -> tuple[Seen, list[Any]]:
    """An answer of a practice site that keeps conversations, and what is logged with it."""
    with practice_door(history="session") as (inner, _):
        site = inner.state.house.sites["practice"].site
        keys = [key("very-secret-key", name="team"), key("other-key")]
        with gateway(site, keys=keys, log=AccessLog(path, texts=texts)) as door:
            seen = door.chat({"Authorization": "Bearer very-secret-key"}, messages=ASK, **request)
    return seen, lines(path)


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_a_line_says_what_was_asked_and_how_it_went(streamed: bool, tmp_path: Path) -> None:
    """Time, id, path, status, site, model, key, conversation, times, bytes, finish: and nothing that was said."""
    path = tmp_path / "access.log"
    seen, (line,) = logged(path, stream=streamed)
    assert line["id"] == seen.headers["x-request-id"]
    assert line["conversation"] == seen.headers["x-conversation-id"]
    told = ("method", "path", "status", "site", "model", "key", "finish", "bytes")
    assert [line[name] for name in told] == ["POST", CHAT, 200, "practice", "practice", "team", "stop", len(seen.body)]
    assert 0 < line["first_piece"] <= line["seconds"] < 5
    assert line["time"].endswith("Z")
    assert "error" not in line
    text = path.read_text("utf-8")
    assert not [secret for secret in ("kiwi", "very-secret", "messages") if secret in text]


def test_a_file_is_for_its_owner(tmp_path: Path) -> None:
    """Conversation ids stand in it, so others on the machine can not read it."""
    path = tmp_path / "access.log"
    logged(path)
    assert path.stat().st_mode & 0o077 == 0


def test_texts_stand_there_where_they_are_asked_for(tmp_path: Path) -> None:
    """With texts, a line holds the messages and the reply; never the key."""
    path = tmp_path / "access.log"
    _, (line,) = logged(path, texts=True)
    assert line["messages"] == ASK
    assert line["replies"] == ["kiwi"]
    assert "very-secret" not in path.read_text("utf-8")


def test_failures_are_named(tmp_path: Path) -> None:
    """A refused key, an unknown model and a failing site each leave a word, and no name that a client made up."""
    path = tmp_path / "access.log"
    with practice_door(fail_every=1) as (inner, _):
        site = inner.state.house.sites["practice"].site
        with gateway(site, keys=[key("good")], log=AccessLog(path)) as door:
            good = {"Authorization": "Bearer good"}
            door.chat({"Authorization": "Bearer wrong-and-secret"})
            door.chat(good, model="secret-model")
            door.chat(good)
            door.send("GET", "/nowhere", headers=good)
    found = [(line["status"], line["error"], line.get("site"), line.get("key")) for line in lines(path)]
    digest = key("good").shown
    assert len(digest) == 8
    assert found == [
        (401, "invalid_api_key", None, None),
        (404, "model_not_found", None, digest),
        (424, "site_failed", "practice", digest),
        (404, "unknown_url", None, None),
    ]
    assert "secret" not in path.read_text("utf-8")


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/v1/models/hunter2pass", "/v1/models/hunt***"),
        ("/v1/models/sk-proj-hunter2pass", "/v1/models/sk-p***"),
        ("/v1/responses/sk-proj-hunter2pass/input_items", "/v1/responses/sk-p***/input_items"),
        ("/v1/sk-proj-hunter2pass", "/v1/sk-p***"),
        ("/v1/chat/completion", "/v1/chat/completion"),
        ("/v1/models/practice", "/v1/models/practice"),
        ("/page/main.js", "/page/main.js"),
    ],
)
def test_a_key_in_a_path_is_not_logged(path: str, shown: str, tmp_path: Path) -> None:
    """Of what is not there a route and a beginning are told, in the log and in the answer."""
    log = tmp_path / "access.log"
    with practice_door() as (inner, _), gateway(inner.state.house.sites["practice"].site, log=AccessLog(log)) as door:
        answer = door.send("GET", path)
    assert [line["path"] for line in lines(log)] == [shown]
    assert b"sk-proj-hunter" not in answer.body


def test_a_client_that_leaves_is_told(tmp_path: Path) -> None:
    """A stream whose reader left has no finish, and says so."""
    path = tmp_path / "access.log"
    with practice_door(reply="sse-delta", pause=1.0) as (inner, _):
        site = inner.state.house.sites["practice"].site
        with gateway(site, log=AccessLog(path)) as door:
            head = f"POST {CHAT} HTTP/1.1\r\nHost: 127.0.0.1:{door.port}\r\nContent-Type: application/json\r\n"
            with socket.create_connection(("127.0.0.1", door.port)) as connection:
                connection.sendall(f"{head}Content-Length: {len(STREAMED)}\r\n\r\n".encode() + STREAMED)
                assert connection.recv(100)
            door.wait_until_idle()
    (line,) = lines(path)
    assert (line["status"], line["error"], line.get("finish")) == (200, "client_left", None)


def test_a_log_that_was_moved_away_begins_anew(tmp_path: Path) -> None:
    """After a rotation the lines go to a new file of the old name."""
    path = tmp_path / "access.log"
    with gateway(log=AccessLog(path)) as door:
        door.send("GET", "/livez")
        while not path.exists():
            pass
        path.rename(tmp_path / "access.log.1")
        door.send("GET", "/readyz")
    assert [line["path"] for line in lines(tmp_path / "access.log.1")] == ["/livez"]
    assert [line["path"] for line in lines(path)] == ["/readyz"]


def test_a_disk_that_fails_is_told_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A log that can not be written ends no request; one line says why."""
    with gateway(log=AccessLog(tmp_path / "nowhere" / "access.log")) as door:
        statuses = [door.send("GET", "/livez").status for _ in range(3)]
    assert statuses == [200] * 3
    assert [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR] == [
        "the access log can not be written: No such file or directory"
    ]


def add(log: AccessLog) -> None:
    """Adds a line."""
    request = Request()
    request.path = b"/"
    log.add(Exchange(request, None), 1.0)  # type: ignore[arg-type]


def test_without_standard_error_that_is_told(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """Where the shell has closed it, lines have no place, and the end is an end like any other."""
    monkeypatch.setattr(sys, "stderr", None)

    async def main() -> None:
        log = AccessLog()
        add(log)
        await log.close()

    asyncio.run(main())
    assert "can not be written: there is no standard error" in caplog.text


STUCK = """
import asyncio, os
from pathlib import Path
from chatdoor.gateway import access_log
from tests.gateway.test_access_log import add

async def main() -> None:
    os.set_blocking(2, False)
    while {fills}:
        try:
            os.write(2, b"x" * 4_096)
        except BlockingIOError:
            break
    os.set_blocking(2, True)
    log = access_log.AccessLog({path})
    log.check()
    add(log)
    await asyncio.sleep(0.5)
    add(log)
    access_log.LAST_SECONDS = 0.2
    await log.close()
    print("closed", flush=True)

asyncio.run(main())
"""


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no such pipes")
@pytest.mark.parametrize("named", [False, True], ids=["standard error is full", "nobody opens the pipe"])
def test_a_pipe_that_takes_nothing_keeps_nobody_from_the_end(named: bool, tmp_path: Path) -> None:
    """Whoever should read the log and does not gets no more of it: the program ends, and soon."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    script = STUCK.format(fills=not named, path=f"Path({str(path)!r})" if named else "")
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            assert process.wait(10) == 0
            assert process.stdout is not None
            assert process.stdout.read() == b"closed\n"
        finally:
            process.kill()


def test_too_many_lines_are_dropped_and_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where writing is too slow the memory is bounded, and the log says how many lines it lacks."""
    monkeypatch.setattr(access_log, "MOST_LINES", 2)
    path = tmp_path / "access.log"

    async def main() -> None:
        log = AccessLog(path)
        for _ in range(5):
            add(log)
        await log.close()

    asyncio.run(main())
    found = lines(path)
    assert [line.get("path") for line in found] == ["/", "/", None]
    assert found[-1]["dropped"] == 3
