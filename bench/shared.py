"""What it costs to be several: shared state for a request, two workers beside one, one to three replicas behind nginx.

CPU of all gateway processes for a request, as in `gateways`; the CPU of Redis beside it. The mock and the load are on
the last core, as are Redis and nginx; a gateway is on the first. Workers and replicas may use both.
"""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from shutil import which

from bench.gateways import AT_A_TIME, Gateway, ask, body_of, cpu_us, family, free_port, gateway, memory_mb
from bench.processes import STOP_SECONDS, pin
from bench.rows import Row, compared

WORKERS_TIMES = 1.15
REPLICAS = (1, 2, 3)
SEARCHED = "/usr/bin:/usr/sbin:/bin:/sbin"

Command = Callable[[int, Path], Sequence[str]]


def serve(url: str, *options: str) -> Command:
    """`chatdoor serve` with one site of VoiGpt's kind, and a key."""

    def command(port: int, folder: Path) -> Sequence[str]:
        (folder / "voi.toml").write_text(
            f'schema = 1\nname = "voi"\nurl = "{url}"\nextends = "django"\n[chat]\npost = "/generate_response/"\n'
            'json = { messages = "{messages}" }\n[reply]\njson = "response"\n'
        )
        (folder / "gateway.toml").write_text(
            f'sites = ["./voi.toml"]\nport = {port}\nallowed_hosts = ["gateways"]\n[[keys]]\nkey = "env:BENCH_KEY"\n'
        )
        return [sys.executable, "-m", "chatdoor", "serve", "--config", str(folder / "gateway.toml"), *options]

    return command


def with_limits(command: Command) -> Command:
    """The same, and the key has limits."""

    def limited(port: int, folder: Path) -> Sequence[str]:
        words = command(port, folder)
        with (folder / "gateway.toml").open("a") as config:
            config.write("per_minute = 100000000\nper_day = 1000000000\n")
        return words

    return limited


def measure(url: str, rounds: int, calls: int) -> list[Row]:
    """The rows of this part; without those whose server is not installed."""
    rows = list(_workers(url, rounds, calls))
    if which("redis-server", path=SEARCHED):
        with redis() as (process, address):
            rows += _state(url, (process, address), rounds, calls)
            if which("nginx", path=SEARCHED):
                rows += [row for count in REPLICAS for row in _replicas(url, address, count, calls)]
    return rows


def _workers(url: str, rounds: int, calls: int) -> Iterator[Row]:
    with running("one worker", serve(url)) as one, running("two workers", serve(url, "--workers", "2")) as two:
        for process in (*family(one.process.pid), *family(two.process.pid)):
            unpin(process)  # two workers on one core are nobody's wish
        pairs = _pairs(two, one, rounds, calls)
        yield compared("state", "a request, two workers beside one", "us CPU", pairs, WORKERS_TIMES)
        yield Row(part="state", what="memory, one worker", unit="MB", ours=memory_mb(one.process.pid))
        yield Row(part="state", what="memory, two workers", unit="MB", ours=memory_mb(two.process.pid))


def _state(url: str, server: "tuple[subprocess.Popen[bytes], str]", rounds: int, calls: int) -> Iterator[Row]:
    process, address = server
    plain, shared = serve(url), serve(url, "--state", address)
    for what, make in (("", lambda one: one), (", a key with limits", with_limits)):
        with running("alone", make(plain)) as alone, running("shared", make(shared)) as sharing:
            before, asked = cpu_us(process.pid), rounds * calls + calls // 5
            pairs = _pairs(sharing, alone, rounds, calls)
            spent = (cpu_us(process.pid) - before) / asked
            yield compared("state", f"a request, with shared state beside without{what}", "us CPU", pairs)
            yield Row(part="state", what=f"a request, what Redis spends on it{what}", unit="us CPU", ours=spent)


def _pairs(ours: Gateway, peer: Gateway, rounds: int, calls: int) -> list[tuple[float, float]]:
    body = body_of("voi", stream=False, mark="whole")
    for one in (ours, peer):
        ask(one.port, AT_A_TIME, max(AT_A_TIME, calls // 5), body)
    return [(_cost(ours, calls, body), _cost(peer, calls, body)) for _ in range(rounds)]


def _cost(one: Gateway, calls: int, body: bytes) -> float:
    us, seen = one.cost(AT_A_TIME, calls, body)
    return us / seen["requests"]


def _replicas(url: str, address: str, count: int, calls: int) -> Iterator[Row]:
    """Throughput and CPU of so many gateways, each free to run on any core."""
    with ExitStack() as stack:
        ones = [stack.enter_context(running("replica", serve(url, "--state", address))) for _ in range(count)]
        for one in ones:
            unpin(one.process.pid)
        port = stack.enter_context(balancer([one.port for one in ones]))
        body = body_of("voi", stream=False, mark="whole")
        ask(port, AT_A_TIME, max(AT_A_TIME, calls // 5), body)
        before = sum(cpu_us(one.process.pid) for one in ones)
        seen = ask(port, AT_A_TIME, 3 * calls, body)
        spent = (sum(cpu_us(one.process.pid) for one in ones) - before) / seen["requests"]
    what = f"{count} replica{'s' if count > 1 else ''} behind nginx"
    yield Row(part="state", what=f"{what}, requests in a second", unit="/s", ours=seen["requests"] / seen["seconds"])
    yield Row(part="state", what=f"{what}, a request", unit="us CPU", ours=spent)


@contextmanager
def running(name: str, command: Command) -> Iterator[Gateway]:
    """A gateway that runs."""
    with gateway(name, "voi", command, {"BENCH_KEY": "sk-bench"}) as one:
        yield one


def unpin(pid: int) -> None:
    """Lets a process run on all cores that we may use."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(pid, os.sched_getaffinity(0))


@contextmanager
def redis() -> "Iterator[tuple[subprocess.Popen[bytes], str]]":
    """A Redis server that keeps nothing on disk, and its address."""
    with tempfile.TemporaryDirectory(prefix="chatdoor-bench-") as folder:
        port = free_port()
        words = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder]
        with _process([str(which("redis-server", path=SEARCHED)), *words], port) as process:
            yield process, f"redis://127.0.0.1:{port}/0"


@contextmanager
def balancer(ports: Sequence[int]) -> Iterator[int]:
    """The port of an nginx that gives requests to these ports in turn."""
    with tempfile.TemporaryDirectory(prefix="chatdoor-bench-") as name:
        folder, port = Path(name), free_port()
        temporary = "".join(f"{kind}_temp_path {folder}/{kind}; " for kind in ("proxy", "fastcgi", "uwsgi", "scgi"))
        servers = "".join(f"server 127.0.0.1:{one}; " for one in ports)
        (folder / "nginx.conf").write_text(
            f"daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error warn;\n"
            "events { worker_connections 4096; }\n"
            f"http {{ access_log off; client_body_temp_path {folder}/body; {temporary} keepalive_requests 10000000;\n"
            f"upstream gateways {{ {servers} keepalive 512; keepalive_requests 10000000; }}\n"
            f"server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://gateways; proxy_http_version 1.1;"
            ' proxy_set_header Connection ""; proxy_buffering off; } } }\n'
        )
        with _process(["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")], port):
            yield port


@contextmanager
def _process(command: Sequence[str], port: int) -> "Iterator[subprocess.Popen[bytes]]":
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    pin(-1, process.pid)
    try:
        wait_for_port(port)
        yield process
    finally:
        process.terminate()
        process.wait(STOP_SECONDS)


def wait_for_port(port: int) -> None:
    """Returns once somebody listens there."""
    end = time.monotonic() + 10
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), 1):
                return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.01)
