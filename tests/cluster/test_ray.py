"""A batch on a real Ray: a cluster of its own, one that loses a worker and a node, one that is elsewhere, or nowhere.

Ray is too much for our environment: it is installed on first use in `.venv/stacks`, and lies beside our packages in the
processes that are started here.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from chatdoor import Practice
from tests.cli.program import Program
from tests.servers.child import ROOT
from tests.servers.stacks.installed import python_with

REQUIREMENTS = Path(__file__).parent / "requirements.txt"
SECONDS = 120.0
STOP_SECONDS = 1.0

STEADY = {"GRPC_ENABLE_FORK_SUPPORT": "0"}
"""For a cluster whose client server is used: without it, processes that it starts die now and then in gRPC's handlers
of fork, and the driver waits half a minute for each."""


@pytest.fixture(scope="module")
def ray_packages() -> str:
    """The folder with Ray's packages."""
    (packages,) = python_with(REQUIREMENTS).parent.parent.glob("lib/python*/site-packages")
    return str(packages)


def environment(packages: str, program: Program) -> dict[str, str]:
    """The program's own, with Ray beside our packages."""
    told = {"PYTHONPATH": os.pathsep.join([packages, str(ROOT)]), "PYTHONWARNINGS": "ignore"}
    return program.environment({**told, "RAY_USAGE_STATS_ENABLED": "0", "RAY_AUTH_MODE": "disabled"})


def run(words: list[str], packages: str, program: Program) -> "subprocess.CompletedProcess[str]":
    """A Python with Ray, in the program's folder and with its settings; Ray's warnings are its own affair."""
    return subprocess.run(
        [sys.executable, *words],
        cwd=program.folder,
        env=environment(packages, program),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def test_a_cluster_is_started_for_the_run(program: Program, ray_packages: str) -> None:
    """The same command, the same results; another run has nothing to do."""
    program.write("in.txt", "".join(f"I feel number {number}\n" for number in range(100)))
    ran = run(["-m", "chatdoor", "batch", "--on", "ray", "in.txt", "out.jsonl"], ray_packages, program)
    assert ran.returncode == 0, ran.stderr
    assert "never retrieved" not in ran.stderr  # what workers say that end with the run
    assert "answered     100\n" in ran.stdout
    results = [json.loads(line) for line in (program.folder / "out.jsonl").read_text().splitlines()]
    assert {result["chatdoor"]["line"] for result in results} == set(range(1, 101))
    assert len(results) == 100


def test_workers_and_nodes_may_die(program: Program, ray_packages: str) -> None:
    """Three nodes: one loses its worker, one is lost whole. Each row has one result, and repetitions say so."""
    ran = run(["-m", "tests.cluster.nodes", str(program.folder)], ray_packages, program)
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout.splitlines()[-1])
    assert told["killed"] == ["worker", "node"]
    assert (told["answered"], told["lines"], told["results"]) == (360, 360, 360)
    assert (told["never heard"], told["twice and not marked"], told["journal"]) == (0, 0, False)
    assert told["twice"] <= 18
    assert told["pages"] <= 5  # a session for each worker, and those that took the place of the lost


def test_a_cluster_may_be_reached_from_outside(program: Program, ray_packages: str) -> None:
    """Through Ray's client server, from a machine that does not belong to it."""
    program.write("in.txt", "".join(f"I feel number {number}\n" for number in range(50)))
    with client_server(program, ray_packages) as port, Practice() as site:
        words = ["--on", f"ray://127.0.0.1:{port}", "--site", "practice", "--url", site.url, "in.txt", "out.jsonl"]
        ran = run(["-m", "chatdoor", "batch", *words], ray_packages, program)
    assert ran.returncode == 0, ran.stderr
    assert "answered     50\n" in ran.stdout
    assert "bug in chatdoor" not in ran.stderr


@contextmanager
def client_server(program: Program, packages: str) -> Iterator[int]:
    """The port of a cluster's client server. The cluster is in the foreground of a process group of its own."""
    port = free_port()
    words = ["start", "--head", "--block", "--port=0", "--num-cpus=1", "--include-dashboard=false"]
    words.append(f"--ray-client-server-port={port}")
    command = [sys.executable, "-c", "from ray.scripts.scripts import main; main()", *words]
    with (program.folder / "ray.log").open("wb") as log:
        process = subprocess.Popen(
            command, env=environment(packages, program) | STEADY, stdout=log, stderr=log, start_new_session=True
        )
        try:
            until = time.monotonic() + SECONDS
            while not (listens(port) and b"Ray runtime started" in (program.folder / "ray.log").read_bytes()):
                assert process.poll() is None, (program.folder / "ray.log").read_text()
                assert time.monotonic() < until
                time.sleep(0.2)
            yield port
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def listens(port: int) -> bool:
    """Whether somebody listens there."""
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def test_a_cluster_that_is_not_there_is_told(program: Program, ray_packages: str) -> None:
    """In one line, before anything is asked."""
    program.write("in.txt", "I feel lost\n")
    words = ["-m", "chatdoor", "batch", "--on", "ray://127.0.0.1:1", "in.txt", "out.jsonl"]
    ran = run(words, ray_packages, program)
    assert ran.returncode == 12
    assert "the Ray cluster ray://127.0.0.1:1 can not be used" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_without_ray_it_says_what_to_install(program: Program) -> None:
    """And sends nothing."""
    program.write("in.txt", "I feel lost\n")
    ran = program("batch", "--on", "ray", "in.txt", "out.jsonl")
    assert ran.code == 2
    assert "pip install 'chatdoor[ray]'" in ran.err
