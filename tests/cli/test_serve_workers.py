"""`chatdoor serve --workers`: several processes on one port, and the one that looks after them."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest

from chatdoor.practice import Practice
from tests.cli.gateway_client import Remote, running, site_file
from tests.cli.program import Program
from tests.servers.redis import RedisServer
from tests.servers.waiting import wait_until

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="workers are forked")


def workers_of(process: "subprocess.Popen[bytes]") -> list[int]:
    """The pids of its workers."""
    return [int(pid) for pid in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]


def asked(remote: Remote, count: int = 12) -> list[int]:
    """The statuses of so many answers, each on a connection of its own."""
    return [remote.chat(f"Hello {number}")[0] for number in range(count)]


@contextmanager
def two_workers(program: Program, practice: Practice, *options: str | Path) -> Iterator[Remote]:
    """A gateway with two workers."""
    with running(program, "--site", site_file(program, practice), "--workers", "2", *options) as remote:
        yield remote


def test_they_share_a_port_and_end_together(program: Program) -> None:
    """Two processes answer; SIGTERM ends them all with exit code 0, in silence."""
    practice = Practice()
    with practice, two_workers(program, practice) as remote:
        assert asked(remote) == [200] * 12
        pids = workers_of(remote.process)
        assert len(pids) == 2
        remote.process.send_signal(signal.SIGTERM)
        out, err = remote.process.communicate(timeout=10)
        assert (remote.process.returncode, out, err) == (0, b"", b"")
        assert not any(Path(f"/proc/{pid}").exists() for pid in pids)


def test_one_that_dies_is_started_again(program: Program) -> None:
    """A worker that is killed has a successor; the other one answers meanwhile. Too many deaths end it all."""
    practice = Practice()
    with practice, two_workers(program, practice) as remote:
        first, stays = workers_of(remote.process)
        os.kill(first, signal.SIGKILL)
        assert asked(remote) == [200] * 12
        wait_until(lambda: len(set(workers_of(remote.process)) - {first}) == 2)
        for _ in range(5):
            gone = next(pid for pid in workers_of(remote.process) if pid != stays)
            os.kill(gone, signal.SIGKILL)
            wait_until(lambda gone=gone: gone not in workers_of(remote.process))  # type: ignore[misc]
            wait_until(lambda: len(workers_of(remote.process)) == 2 or remote.process.poll() is not None)
        _, err = remote.process.communicate(timeout=10)
        assert remote.process.returncode == 1
        assert b"6 workers have died within 60 s" in err


def test_a_reload_reaches_all(program: Program) -> None:
    """SIGHUP has every worker read the config again."""
    practice = Practice()
    with practice:
        site = site_file(program, practice)
        config = program.write("gateway.toml", f'workers = 2\nsites = ["{site}"]\n')
        with running(program, "--config", config) as remote:
            program.write("gateway.toml", f'workers = 2\nsites = ["{site}"]\naliases.other = "practice"\n')
            remote.process.send_signal(signal.SIGHUP)
            wait_until(lambda: all("other" in remote.models() for _ in range(12)))


def test_workers_end_with_their_supervisor(program: Program) -> None:
    """Where the supervisor is killed, nobody is left behind on its port."""
    practice = Practice()
    with practice, two_workers(program, practice) as remote:
        pids = workers_of(remote.process)
        remote.process.kill()
        wait_until(lambda: not any(alive(pid) for pid in pids))


def alive(pid: int) -> bool:
    """Whether the process runs. One that nobody waits for any more is dead."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_ctrl_c_lets_what_runs_finish(program: Program) -> None:
    """Ctrl-C goes to the whole group, and counts once."""
    practice = Practice(slow=0.5)
    with practice, two_workers(program, practice) as remote:
        pids = workers_of(remote.process)
        assert all(os.getpgid(pid) == pid for pid in pids)
        statuses: list[int] = []
        thread = Thread(target=lambda: statuses.append(remote.chat()[0]))
        thread.start()
        wait_until(lambda: practice.stats()["accepted"])
        remote.process.send_signal(signal.SIGINT)
        thread.join(10)
        remote.process.communicate(timeout=10)
        assert (statuses, remote.process.returncode) == ([200], 0)


def counted(remote: Remote) -> tuple[int, int, int]:
    """How many chat completions and opened sessions /metrics tells of, and how many requests the page."""
    _, _, page = remote.send("GET", "/metrics")
    lines = [line.rpartition(" ") for line in page.decode().splitlines()]
    numbers = {name: float(number) for name, _, number in lines if not name.startswith("#")}
    series = 'chatdoor_requests_total{endpoint="/v1/chat/completions",site="practice",status="200"}'
    _, _, state = remote.send("GET", "/v1/chatdoor/state")
    told = json.loads(state)
    assert told["sites"][0]["requests"] == len(told["requests"])
    opened = numbers['chatdoor_sessions_opened_total{site="practice"}']
    return int(numbers.get(series, 0)), int(opened), len(told["requests"])


def test_each_tells_of_all(program: Program) -> None:
    """/metrics and the page tell of all workers, whichever answers, and a worker's death takes nothing away."""
    practice = Practice()
    with practice, two_workers(program, practice, "--open-metrics") as remote:
        assert asked(remote, 24) == [200] * 24
        opened = practice.stats()["pages"]
        wait_until(lambda: all(counted(remote) == (24, opened, 24) for _ in range(8)))
        first = workers_of(remote.process)[0]
        os.kill(first, signal.SIGKILL)
        wait_until(lambda: len(set(workers_of(remote.process)) - {first}) == 2)
        assert asked(remote, 6) == [200] * 6
        wait_until(lambda: all(counted(remote)[::2] == (30, 30) for _ in range(8)))


REFUSED = {
    "a site that keeps the turns": ("id", (), "keeps the conversations itself"),
    "keys with limits": ("client", ("--config",), "keys have limits"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_several_can_not_serve_is_refused(program: Program, case: str) -> None:
    """Without shared state workers refuse what they would answer otherwise than one gateway, with a way out."""
    history, options, problem = REFUSED[case]
    practice = Practice(history=history)  # type: ignore[arg-type]
    config = program.write("limits.toml", f'[[keys]]\nkey = "sha256:{"0" * 64}"\nper_minute = 5\n')
    with practice:
        given = [part for option in options for part in (option, config)]
        ran = program("serve", "--port", "0", "--site", site_file(program, practice), "--workers", "2", *given)
    assert ran.code == 2
    assert problem in ran.err
    assert "--state" in ran.err
    assert ran.err.count("chatdoor:") <= 1


def test_a_practice_site_is_in_one_process(program: Program) -> None:
    """Each worker would have a practice site of its own, so that is refused."""
    ran = program("serve", "--port", "0", "--workers", "2")
    assert (ran.code, "a practice site is in one process" in ran.err) == (2, True)


def test_with_shared_state_they_are_one_gateway(program: Program, redis: RedisServer) -> None:
    """The turns of a conversation go to whichever worker, and reach the site in one conversation, each once."""
    practice = Practice(history="id")
    with practice, two_workers(program, practice, "--state", redis.url) as remote:
        messages: list[dict[str, str]] = []
        for turn in range(10):
            messages.append({"role": "user", "content": f"turn {turn}"})
            asked = {"model": "practice", "messages": messages}
            status, headers, body = remote.send("POST", "/v1/chat/completions", asked)
            assert (status, headers["x-chatdoor-fidelity"]) == (200, "native")
            messages.append(json.loads(body)["choices"][0]["message"])
        assert practice.heard() == [[f"turn {turn}" for turn in range(10)]]
        assert practice.stats()["tokens"] == 1
