"""Options of `chatdoor serve` and their keys in the config file: each does what it says, in a real process."""

import json
import signal
import time
from pathlib import Path

import pytest

from chatdoor.practice import Practice
from tests.cli.gateway_client import Remote, running, site_file, words
from tests.cli.program import Program


def stopped(gateway: Remote) -> str:
    """What the gateway wrote on standard error, once it has ended."""
    gateway.process.send_signal(signal.SIGTERM)
    _, err = gateway.process.communicate(timeout=10)
    assert gateway.process.returncode == 0
    return err.decode()


@pytest.mark.parametrize("place", ["option", "config"])
def test_conversations_outlive_the_gateway(program: Program, place: str) -> None:
    """With a file for them, a conversation goes on after a restart, in the site's own memory."""
    practice = Practice(history="session")
    with practice:
        file = site_file(program, practice)
        if place == "option":
            options: tuple[str | Path, ...] = ("--site", file, "--conversations", program.folder / "kept.db")
        else:
            options = ("--config", program.write("g.toml", f'sites = ["{file}"]\nconversations = "./kept.db"\n'))
        with running(program, *options) as gateway:
            _, headers, _ = gateway.chat("I am called Ada")
            assert stopped(gateway) == ""
        named = {"X-Conversation-Id": headers["x-conversation-id"]}
        with running(program, *options) as gateway:
            status, again, _ = gateway.chat("And now?", **named)
            assert (status, again["x-chatdoor-fidelity"]) == (200, "native")
        with running(program, "--site", file) as gateway:
            assert gateway.chat("And now?", **named)[0] == 409
    assert ["I am called Ada", "And now?"] in practice.heard()


def test_a_file_of_conversations_that_can_not_be_used_is_refused(program: Program) -> None:
    """It is an error at the start, in one line."""
    ran = program("serve", "--port", "0", "--conversations", program.write("other.db", "not a database" * 100))
    assert (ran.code, ran.err.count("\n")) == (11, 1)
    assert "other.db" in ran.err


@pytest.mark.parametrize("place", ["option", "config"])
@pytest.mark.parametrize("streamed", [True, False], ids=["streamed", "whole"])
def test_a_site_that_falls_silent_is_given_up(program: Program, place: str, streamed: bool) -> None:
    """A stream in which nothing comes for the gap time ends in an error event; one that is slow and steady does not."""
    practice = Practice(reply="sse-delta", pause=0.3)
    with practice:
        file = site_file(program, practice)
        steady: tuple[str | Path, ...] = ("--site", file, "--gap-timeout", "1.5")
        silent: tuple[str | Path, ...] = ("--site", file, "--gap-timeout", "0.15")
        if place == "config":
            steady = ("--config", program.write("a.toml", f'sites = ["{file}"]\ngap_timeout = "1.5s"\n'))
            silent = ("--config", program.write("b.toml", f'sites = ["{file}"]\ngap_timeout = "150ms"\n'))
        asked = {"model": "practice", "messages": [{"role": "user", "content": words(8)}], "stream": streamed}
        with running(program, *steady) as gateway:
            status, _, body = gateway.send("POST", "/v1/chat/completions", asked)
            assert status == 200
            assert b"w7" in body
        with running(program, *silent) as gateway:
            began = time.monotonic()
            if streamed:
                with gateway.streaming(words(8)) as answer:
                    rest = answer.fp.read() if answer.fp else b""
                assert b'"code":"timed_out"' in rest
                assert b"[DONE]" not in rest
            else:
                assert gateway.send("POST", "/v1/chat/completions", asked)[0] == 424
            assert time.monotonic() - began < 2


def test_a_whole_reply_has_its_time(program: Program) -> None:
    """After --timeout a reply that still runs is a 424, which is not repeated."""
    practice = Practice(slow=5.0)
    with practice, running(program, "--site", site_file(program, practice), "--timeout", "0.5") as gateway:
        status, headers, body = gateway.chat()
    assert (status, headers["x-should-retry"], body["error"]["code"]) == (424, "false", "timed_out")


def test_sites_are_asked_through_the_proxy(program: Program) -> None:
    """A proxy that is not there is an error that never shows its password; a practice site goes through none."""
    practice = Practice()
    proxy = {"PROXY": "http://user:very-secret@127.0.0.1:9"}
    with practice:
        file = site_file(program, practice, "other")
        config = program.write("g.toml", f'sites = ["practice", "{file}"]\nproxy = "env:PROXY"\n')
        with running(program, "--config", config, env=proxy) as gateway:
            status, _, body = gateway.chat(model="other")
            assert (status, body["error"]["code"]) == (503, "connect_failed")
            assert "very-secret" not in json.dumps(body)
            assert gateway.chat()[0] == 200
            assert "very-secret" not in stopped(gateway)


def test_a_ca_file_that_is_none_is_refused(program: Program) -> None:
    """Certificates that can not be read are an error at the start."""
    ran = program("serve", "--port", "0", "--site", "voigpt", "--ca-file", program.folder / "none.pem")
    assert ran.code == 2
    assert "none.pem" in ran.err


def test_the_log_on_standard_error(program: Program) -> None:
    """--access-log with no file gives a line of JSON for each request, with the key's name and no text."""
    config = program.write("g.toml", '[[keys]]\nkey = "env:ONE"\nname = "team"\n')
    with running(program, "--config", config, "--access-log", key="very-secret", env={"ONE": "very-secret"}) as gateway:
        assert gateway.chat("say exactly: kiwi")[0] == 200
        err = stopped(gateway)
    (line,) = map(json.loads, err.splitlines())
    assert (line["status"], line["key"], line["site"]) == (200, "team", "practice")
    assert "kiwi" not in err
    assert "very-secret" not in err


def test_texts_are_logged_only_when_asked_and_that_is_said(program: Program) -> None:
    """--log-texts says so at the start, and puts prompt and reply into the log; without a log it is an error."""
    log = program.folder / "access.log"
    with running(program, "--access-log", log, "--log-texts") as gateway:
        assert gateway.process.stderr is not None
        assert b"prompts and replies" in gateway.process.stderr.readline()
        assert gateway.chat("say exactly: kiwi")[0] == 200
        assert stopped(gateway) == ""
    line = json.loads(log.read_text("utf-8"))
    assert (line["messages"][0]["content"], line["replies"]) == ("say exactly: kiwi", ["kiwi"])
    ran = program("serve", "--port", "0", "--log-texts")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "--access-log" in ran.err


@pytest.mark.parametrize("opened", [True, False])
def test_metrics_without_a_key(program: Program, opened: bool) -> None:
    """Where there are keys, /metrics is open only with --open-metrics."""
    options = ("--open-metrics",) if opened else ()
    with running(program, *options, env={"CHATDOOR_API_KEYS": "one"}) as gateway:
        assert gateway.send("GET", "/metrics")[0] == (200 if opened else 401)
