"""SIGHUP: sites, keys and settings are read again, and nobody who is talking notices."""

import os
import signal
import subprocess
import sys
import time

import pytest

from chatdoor.practice import Practice
from tests.cli.gateway_client import Remote, running, site_file, words
from tests.cli.program import Program
from tests.servers.waiting import wait_until

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no SIGHUP there")


def hang_up(gateway: Remote) -> None:
    """Asks the gateway to read everything again."""
    gateway.process.send_signal(signal.SIGHUP)


def test_what_runs_and_what_was_said_goes_on(program: Program) -> None:
    """A site that stays keeps its stream, its session and its conversations; a new one and an alias are there."""
    practice = Practice(reply="sse-delta", history="session", pause=0.05)
    with practice:
        file, other = site_file(program, practice), site_file(program, practice, "other")
        config = program.write("gateway.toml", f'sites = ["{file}"]\n')
        with running(program, "--config", config) as gateway:
            _, headers, _ = gateway.chat("I am called Ada")
            with gateway.streaming(words(40)) as stream:
                program.write("gateway.toml", f'sites = ["{file}", "{other}"]\naliases = {{ "gpt-4o" = "other" }}\n')
                hang_up(gateway)
                wait_until(lambda: "gpt-4o" in gateway.models())
                rest = stream.read()
            assert rest.endswith(b"data: [DONE]\n\n")
            assert b"w39" in rest
            named = {"X-Conversation-Id": headers["x-conversation-id"]}
            status, again, _ = gateway.chat("And now?", **named)
            assert (status, again["x-chatdoor-fidelity"]) == (200, "native")
            assert ["I am called Ada", "And now?"] in practice.heard()
            assert gateway.chat(model="gpt-4o")[0] == 200


def test_a_reload_before_it_is_ready_comes_after(program: Program) -> None:
    """Whoever asks for a reload while the gateway starts neither ends it, nor asks in vain."""
    config = program.folder / "gateway.toml"
    os.mkfifo(config)
    with program.started("serve", "--port", "0", "--config", config) as process:
        with config.open("w") as first:  # it is opened for reading by a start that is on its way
            process.send_signal(signal.SIGHUP)
            first.write('sites = ["voigpt"]\n')
        assert process.stdout is not None
        line = process.stdout.readline().decode()
        assert "http" in line
        with config.open("w") as second:
            second.write('sites = ["voigpt"]\naliases = { "gpt-4o" = "voigpt" }\n')
        gateway = Remote(process, line.partition("http://")[2].partition("/")[0], {})
        wait_until(lambda: "gpt-4o" in gateway.models())


HUNG_UP = """
import os, signal, sys
class Loading:
    def find_spec(name, *_):
        if name == "chatdoor.cli.run":
            os.kill(os.getpid(), signal.SIGHUP)
sys.meta_path.insert(0, Loading)
sys.argv = ["chatdoor", "serve", "--help"]
from chatdoor.cli import main
main()
"""
"""Python that calls `chatdoor serve`, to which SIGHUP comes while the command line is being loaded."""


def test_a_reload_before_it_is_loaded_ends_nobody() -> None:
    """The command goes on, as it would have a moment later."""
    command = [sys.executable, "-c", HUNG_UP]
    assert b"OpenAI-compatible" in subprocess.run(command, check=True, capture_output=True).stdout


def test_a_site_that_is_gone_finishes_what_runs(program: Program) -> None:
    """A removed site is no model any more; its stream still comes to its end."""
    practice = Practice(reply="sse-delta", pause=0.05)
    with practice:
        file, other = site_file(program, practice), site_file(program, practice, "other")
        config = program.write("gateway.toml", f'sites = ["{file}", "{other}"]\n')
        with running(program, "--config", config) as gateway:
            with gateway.streaming(words(40)) as stream:
                program.write("gateway.toml", f'sites = ["{other}"]\n')
                hang_up(gateway)
                wait_until(lambda: "practice" not in gateway.models())
                assert gateway.chat()[0] == 404
                rest = stream.read()
            assert rest.endswith(b"data: [DONE]\n\n")
            assert b"w39" in rest
            assert gateway.chat(model="other")[0] == 200
            gateway.process.send_signal(signal.SIGTERM)
            assert gateway.process.communicate(timeout=10)[1] == b""
            assert gateway.process.returncode == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("prot = 1\n", "gateway.toml:1: prot: unknown key; did you mean 'port'?"),
        ('sites = ["./nowhere.toml"]\n', "nowhere.toml"),
        ('aliases = { one = "two" }\n', "alias one: there is no 'two'"),
        ('[[keys]]\nkey = "env:NOT_THERE"\n', "NOT_THERE"),
    ],
    ids=["key", "file", "alias", "variable"],
)
def test_a_wrong_file_changes_nothing(program: Program, text: str, said: str) -> None:
    """One line says why; sites and keys stay as they are; the next good file counts."""
    config = program.write("gateway.toml", '[[keys]]\nkey = "env:ONE"\n')
    with running(program, "--config", config, key="one", env={"ONE": "one", "TWO": "two"}) as gateway:
        program.write("gateway.toml", text)
        hang_up(gateway)
        assert gateway.process.stderr is not None
        line = gateway.process.stderr.readline().decode()
        assert line.startswith("chatdoor: nothing was reloaded, all stays as it was: ")
        assert said in line
        assert gateway.chat()[0] == 200
        program.write("gateway.toml", '[[keys]]\nkey = "env:TWO"\n')
        hang_up(gateway)
        wait_until(lambda: gateway.chat()[0] == 401)
        assert gateway.chat(Authorization="Bearer two")[0] == 200
        gateway.process.send_signal(signal.SIGTERM)
        assert gateway.process.communicate(timeout=10)[1] == b""


def test_how_often_a_key_has_asked_is_not_forgotten(program: Program) -> None:
    """A reload is no way around a limit; a changed limit begins anew."""
    limited = '[[keys]]\nkey = "env:ONE"\nper_day = 2\n'
    config = program.write("gateway.toml", limited)
    with running(program, "--config", config, key="one", env={"ONE": "one"}) as gateway:
        assert [gateway.chat()[0] for _ in range(2)] == [200, 200]
        program.write("gateway.toml", f'aliases = {{ new = "practice" }}\n{limited}')
        hang_up(gateway)
        wait_until(lambda: "new" in gateway.models())
        assert gateway.chat()[0] == 429
        program.write("gateway.toml", limited.replace("2", "5"))
        hang_up(gateway)
        wait_until(lambda: "new" not in gateway.models())
        assert gateway.chat()[0] == 200


def test_a_key_from_standard_input_is_kept(program: Program) -> None:
    """What was read from standard input at the start counts after a reload too."""
    config = program.write("gateway.toml", "")
    with program.started("serve", "--port", "0", "--config", config, "--api-key", "-") as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"from-input\n")
        process.stdin.close()
        line = process.stdout.readline().decode()
        host = line.partition("http://")[2].partition("/v1")[0]
        gateway = Remote(process, host, {"Authorization": "Bearer from-input"})
        program.write("gateway.toml", 'aliases = { new = "practice" }\n')
        hang_up(gateway)
        wait_until(lambda: "new" in gateway.models())
        assert gateway.chat()[0] == 200
        process.stdin = None


def test_many_reloads_at_once(program: Program) -> None:
    """Signals that come faster than files are read end in the last state, with nothing on standard error."""
    config = program.write("gateway.toml", "")
    with running(program, "--config", config) as gateway:
        for number in range(30):
            program.write("gateway.toml", f'aliases = {{ name-{number} = "practice" }}\n')
            hang_up(gateway)
            time.sleep(0.005)
        wait_until(lambda: "name-29" in gateway.models())
        gateway.process.send_signal(signal.SIGTERM)
        assert gateway.process.communicate(timeout=10)[1] == b""
