"""`chatdoor serve --state`: a folder for what outlives one gateway, and what is refused."""

import json
import signal
from hashlib import sha256

import pytest

from chatdoor.practice import Practice
from tests.cli.gateway_client import running, site_file
from tests.cli.program import Program


@pytest.mark.parametrize("history", ["id", "session"])
def test_a_folder_outlives_the_gateway(program: Program, history: str) -> None:
    """After a restart the session is still good and the conversation goes on: the site sees one visitor, one talk."""
    practice = Practice(history=history)  # type: ignore[arg-type]
    messages: list[dict[str, str]] = []
    with practice:
        config = program.write("gateway.toml", f'sites = ["{site_file(program, practice)}"]\nstate = "kept"\n')
        for turn in range(3):
            with running(program, "--config", config) as remote:
                messages.append({"role": "user", "content": f"turn {turn}"})
                asked = {"model": "practice", "messages": messages}
                _, headers, body = remote.send("POST", "/v1/chat/completions", asked)
                assert headers["x-chatdoor-fidelity"] == "native"
                messages.append(json.loads(body)["choices"][0]["message"])
                remote.process.send_signal(signal.SIGTERM)
                assert remote.process.wait(10) == 0
        assert practice.heard() == [["turn 0", "turn 1", "turn 2"]]
        assert practice.stats()["tokens"] == 1
        assert (program.folder / "kept" / "conversations.db").exists()


def test_what_a_key_has_asked_and_responses_outlive_the_gateway(program: Program) -> None:
    """After a restart, and after a kill, a key has asked as often as before, and responses can be gone on from."""
    practice = Practice(history="id")
    with practice:
        keys = '[[keys]]\nkey = "sha256:{}"\nper_day = 3\n'.format(sha256(b"k").hexdigest())
        site = site_file(program, practice)
        config = program.write("gateway.toml", f'sites = ["{site}"]\nstate = "kept"\n{keys}')
        previous: dict[str, str] = {}
        for turn, end in enumerate((signal.SIGTERM, signal.SIGKILL, signal.SIGTERM)):
            with running(program, "--config", config, key="k") as remote:
                asked = {"model": "practice", "input": f"turn {turn}", **previous}
                status, headers, body = remote.send("POST", "/v1/responses", asked)
                assert (status, headers["x-ratelimit-remaining-requests"]) == (200, str(2 - turn))
                previous = {"previous_response_id": json.loads(body)["id"]}
                if turn == 2:
                    assert remote.send("POST", "/v1/responses", asked)[0] == 429
                remote.process.send_signal(end)
                remote.process.wait(10)
        assert practice.heard() == [["turn 0", "turn 1", "turn 2"]]
        assert (program.folder / "kept" / "gateway.db").stat().st_mode & 0o077 == 0


REFUSED = {
    "another scheme": (("--state", "http://127.0.0.1:6379"), "redis://, rediss://, unix://"),
    "conversations too": (("--state", "kept", "--conversations", "c.db"), "leave --conversations out"),
    "nothing there": (("--state", "env:NOTHING_THERE"), "--state"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_can_not_be_kept_there_is_refused(program: Program, case: str) -> None:
    """A place that is none is an error at the start, which names the option."""
    options, problem = REFUSED[case]
    ran = program("serve", "--port", "0", *options)
    assert ran.code == 2
    assert problem in ran.err


def test_the_password_is_not_shown(program: Program) -> None:
    """The URL comes by reference, and its password stands in no message, also where the server is away."""
    url = {"STATE": "redis://:hunter2@127.0.0.1:1/0"}
    with running(program, "--state", "env:STATE", "--verbose", env=url) as remote:
        assert remote.chat()[0] == 200
        remote.process.send_signal(signal.SIGTERM)
        _, err = remote.process.communicate(timeout=10)
    assert b"shared state" in err
    assert b"hunter2" not in err
