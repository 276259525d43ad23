"""The gateway beside others, in front of the same mock: nginx as a bare proxy, LiteLLM's proxy.

CPU of the gateway's process, with all its children, for a request and for a chunk of a stream; the time that it adds to
the first chunk; its memory afterwards; how long it takes to start. Each has one worker, pinned to the first core; the
mock and the load are on the last.
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from shutil import which
from statistics import median

from bench.load import KEY, PATH
from bench.processes import STOP_SECONDS, pin
from bench.rows import Row, compared

NGINX_TIMES = 6.0
LITELLM_SHARE = 0.01
PASS_THROUGH_TIMES = 1.5
FIRST_CHUNK_MS = 1.0
MEMORY_MB = 60.0
READY_MS = 400.0

GROWTH_MB = 5.0
"""Megabytes for a million requests."""

SOAK_REQUESTS = 30_000
"""How many requests the growth is measured over; as many come before, until nothing grows that is kept on purpose."""

START_SECONDS = 60.0
STARTS = 5
AT_A_TIME = 32
TURNS_EACH = 5
"""In how many turns the requests of a round are asked: the machine's speed changes from second to second."""

STREAMS_SHARE = 20
"""One stream is measured for so many requests: it has many chunks."""

VOI = "chatdoor, VoiGpt's kind"
PASSED = "chatdoor, OpenAI's kind"

LITELLM = Path(".venv/litellm/bin/litellm")
"""LiteLLM's proxy in an environment of its own; the README says how to make it."""

TURNS = [
    {"role": "system", "content": "You are a helpful assistant."},
    {"role": "user", "content": "I feel lost in forms. " * 6},
    {"role": "assistant", "content": "Why do you feel lost in forms? " * 6},
    {"role": "user", "content": "They never end."},
]


def body_of(model: str, *, stream: bool, mark: str = "") -> bytes:
    """A request. The mock knows by the mark how to stream."""
    turns = [*TURNS[:-1], {"role": "user", "content": f"They never end. {mark}"}]
    return json.dumps({"model": model, "messages": turns, "stream": stream}).encode()


class Gateway:
    """A gateway that runs. `model` is what requests ask it for."""

    def __init__(self, name: str, process: "subprocess.Popen[bytes]", port: int, model: str, ready_ms: float) -> None:
        self.name = name
        self.process = process
        self.port = port
        self.model = model
        self.ready_ms = ready_ms

    def cost(
        self, connections: int, requests: int, body: bytes, *, sdk: bool = False
    ) -> tuple[float, dict[str, float]]:
        """Microseconds of CPU that the load took in all, and what the load client saw."""
        before = cpu_us(self.process.pid)
        seen = ask(self.port, connections, requests, body, sdk=sdk)
        return cpu_us(self.process.pid) - before, seen


def ask(port: int, connections: int, requests: int, body: bytes, *, sdk: bool = False) -> dict[str, float]:
    """What a load client of its own process saw; with `sdk`, it has the headers of the official one."""
    command = [sys.executable, "-m", "bench.load", str(port), str(connections), str(requests), *["sdk"][: int(sdk)]]
    done = subprocess.run(command, input=body, capture_output=True, timeout=300, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr.decode()[-500:])
    seen: dict[str, float] = json.loads(done.stdout)
    return seen


def family(pid: int) -> list[int]:
    """The process and its children."""
    pids = [pid]
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            pids += family(int(child))
    return pids


def cpu_us(pid: int) -> float:
    """Microseconds of CPU of a process and its children, all threads."""
    tasks = (task for one in family(pid) for task in Path(f"/proc/{one}/task").iterdir())
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1000


def memory_mb(pid: int) -> float:
    """Memory of its own of a process and its children (PSS), in megabytes."""
    lines = (line for one in family(pid) for line in Path(f"/proc/{one}/smaps_rollup").read_text().splitlines())
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


@contextmanager
def gateway(
    name: str, model: str, command: Callable[[int, Path], Sequence[str]], env: Mapping[str, str] | None = None
) -> Iterator[Gateway]:
    """A gateway, started on a free port and ended with the block."""
    with tempfile.TemporaryDirectory(prefix="chatdoor-bench-") as folder:
        port, began = free_port(), time.perf_counter()
        words = command(port, Path(folder))
        process = subprocess.Popen(
            words,
            env={**os.environ, **(env or {})},
            stdout=subprocess.DEVNULL,
            stderr=(Path(folder) / "log").open("wb"),
        )
        pin(0, process.pid)
        try:
            wait_until_ready(process, port, body_of(model, stream=False), Path(folder) / "log")
            yield Gateway(name, process, port, model, (time.perf_counter() - began) * 1000)
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_ready(process: "subprocess.Popen[bytes]", port: int, body: bytes, log: Path) -> None:
    """Returns once a request is answered. Raises RuntimeError where none is."""
    head = f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {KEY}\r\nConnection: close\r\n"
    request = f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
    until, answer = time.monotonic() + START_SECONDS, b""
    while time.monotonic() < until and process.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port), 10) as connection:
                connection.sendall(request)
                answer = connection.recv(4096)
        except OSError:
            answer = b""
        if answer.startswith(b"HTTP/1.1 200"):
            return
        time.sleep(0.005)
    raise RuntimeError(f"no answer: {answer!r} {log.read_text()[-500:]}")


def nginx(url: str) -> Callable[[int, Path], Sequence[str]]:
    """Nginx with one worker, connections to the mock kept, nothing buffered."""

    def command(port: int, folder: Path) -> Sequence[str]:
        temporary = "".join(f"{kind}_temp_path {folder}/{kind}; " for kind in ("proxy", "fastcgi", "uwsgi", "scgi"))
        (folder / "nginx.conf").write_text(
            f"daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error warn;\n"
            "events { worker_connections 4096; }\n"
            f"http {{ access_log off; client_body_temp_path {folder}/body; {temporary} keepalive_requests 10000000;\n"
            f"upstream mock {{ server {url.removeprefix('http://')}; keepalive 512; keepalive_requests 10000000; }}\n"
            f"server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://mock; proxy_http_version 1.1;"
            ' proxy_set_header Connection ""; proxy_buffering off; } } }\n'
        )
        return ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")]

    return command


def litellm(url: str) -> Callable[[int, Path], Sequence[str]]:
    """LiteLLM's proxy with one worker, a key, limits and metrics."""

    def command(port: int, folder: Path) -> Sequence[str]:
        limits = "rpm: 100000000, tpm: 100000000000"
        parameters = f"{{model: openai/mock, api_base: '{url}/v1', api_key: {KEY}, {limits}}}"
        (folder / "config.yaml").write_text(
            f"model_list:\n  - {{model_name: mock, litellm_params: {parameters}}}\n"
            "litellm_settings: {telemetry: false, num_retries: 0, callbacks: [prometheus]}\n"
            "router_settings: {optional_pre_call_checks: [enforce_model_rate_limits]}\n"
            f"general_settings: {{master_key: {KEY}, dangerously_permit_weak_or_unset_master_key: true}}\n"
        )
        words = ["--config", str(folder / "config.yaml"), "--host", "127.0.0.1", "--port", str(port)]
        return [str(LITELLM), *words, "--num_workers", "1"]

    return command


def ours(url: str) -> Callable[[int, Path], Sequence[str]]:
    """Chatdoor with two sites, a key with limits, metrics."""

    def command(port: int, folder: Path) -> Sequence[str]:
        (folder / "passed.toml").write_text(
            f'schema = 1\nname = "passed"\nurl = "{url}/v1"\nextends = "openai"\nmodels = ["mock"]\n'
        )
        (folder / "voi.toml").write_text(
            f'schema = 1\nname = "voi"\nurl = "{url}"\nextends = "django"\n[chat]\npost = "/generate_response/"\n'
            'json = { messages = "{messages}" }\n[reply]\njson = "response"\n'
        )
        (folder / "gateway.toml").write_text(
            f'sites = ["./passed.toml", "./voi.toml"]\nport = {port}\n'
            '[[keys]]\nkey = "env:BENCH_KEY"\nper_minute = 100000000\nper_day = 1000000000\n'
        )
        return [sys.executable, "-m", "chatdoor", "serve", "--config", str(folder / "gateway.toml")]

    return command


def measure(url: str, rounds: int, calls: int) -> list[Row]:
    """The rows of this part; without the peers that are not installed."""
    ready_ms = median(_starts(url))
    with ExitStack() as stack:
        start = stack.enter_context
        voi = start(gateway("chatdoor", "voi", ours(url), {"BENCH_KEY": KEY}))
        voi.ready_ms = ready_ms
        running = {VOI: voi}
        running[PASSED] = Gateway(voi.name, voi.process, voi.port, "passed", voi.ready_ms)
        if which("nginx"):
            running["nginx"] = start(gateway("nginx", "mock", nginx(url)))
        if LITELLM.exists():
            env = {"LITELLM_LOG": "ERROR", "LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_MODE": "PRODUCTION"}
            running["LiteLLM"] = start(gateway("litellm", "mock", litellm(url), env))
        return list(_rows(running, rounds, calls))


def _starts(url: str) -> Iterator[float]:
    """Milliseconds from the start to the first answer, of some starts: the first has files to read."""
    for _ in range(STARTS):
        with gateway("chatdoor", "voi", ours(url), {"BENCH_KEY": KEY}) as one:
            yield one.ready_ms


def _rows(running: Mapping[str, Gateway], rounds: int, calls: int) -> Iterator[Row]:
    requests = {name: partial(_request_cost, one, _share(name, calls)) for name, one in running.items()}
    official = partial(_request_cost, running[VOI], _share(VOI, calls), sdk=True)
    costs = _in_turn({**requests, "official": official}, rounds * TURNS_EACH)
    streaming = {name: one for name, one in running.items() if one.model != "voi"}
    chunks = _in_turn({name: partial(_chunk_cost, one, _share(name, calls)) for name, one in streaming.items()}, rounds)
    firsts = _in_turn({name: partial(_first_chunk, one) for name, one in streaming.items()}, rounds)
    yield _beside("a request, VoiGpt's kind, beside one passed through", costs[VOI], costs[PASSED], PASS_THROUGH_TIMES)
    yield _beside("the same from the official client, which may be joined", costs["official"], costs[VOI], None)
    for peer, times in (("nginx", NGINX_TIMES), ("LiteLLM", LITELLM_SHARE)):
        if peer in running:
            yield _beside(f"a request, VoiGpt's kind, beside {peer}", costs[VOI], costs[peer], times)
            most = times if peer == "nginx" else None
            yield _beside(f"a chunk, beside {peer}", chunks[PASSED], chunks[peer], most)
            later = median(firsts[PASSED]) - median(firsts[peer])
            yield _alone(f"the first chunk comes after that of {peer}", "ms", later, most and FIRST_CHUNK_MS)
    for one in {one.name: one for one in running.values()}.values():
        own = one.name == "chatdoor"
        yield _alone(f"memory, {one.name}", "MB", memory_mb(one.process.pid), MEMORY_MB if own else None)
        yield _alone(f"first answer after the start, {one.name}", "ms", one.ready_ms, READY_MS if own else None)

    growth = _growth(running[VOI], SOAK_REQUESTS)
    yield _alone("memory that a million requests would take, from some ten thousand", "MB", growth, GROWTH_MB)


def _growth(one: Gateway, requests: int) -> float:
    """Megabytes for a million requests, by the second half of a soak. May be below zero: memory is given back, too."""
    body = body_of(one.model, stream=False, mark="whole")
    ask(one.port, AT_A_TIME, requests, body)
    before = memory_mb(one.process.pid)
    ask(one.port, AT_A_TIME, requests, body)
    return (memory_mb(one.process.pid) - before) * 1e6 / requests


def _alone(what: str, unit: str, figure: float, most: float | None) -> Row:
    return Row(part="gateway", what=what, unit=unit, ours=figure, most=most)


def _share(name: str, calls: int) -> int:
    """How many requests of a gateway make a turn: all take about as long, since a short one may be slow as a whole."""
    return calls // 10 if name == "LiteLLM" else 4 * calls


def _beside(what: str, ours: Sequence[float], peers: Sequence[float], most: float | None) -> Row:
    return compared("gateway", what, "us CPU", list(zip(ours, peers, strict=True)), most)


def _in_turn(costs: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """What each costs in each round, one after the other, since the machine's speed changes. A first one warms up."""
    found: dict[str, list[float]] = {name: [] for name in costs}
    for _ in range(rounds + 1):
        for name, cost in costs.items():
            found[name].append(cost())
    return {name: each[1:] for name, each in found.items()}


def _request_cost(one: Gateway, calls: int, *, sdk: bool = False) -> float:
    us, seen = one.cost(AT_A_TIME, calls, body_of(one.model, stream=False, mark="whole"), sdk=sdk)
    return us / seen["requests"]


def _chunk_cost(one: Gateway, calls: int) -> float:
    us, seen = one.cost(AT_A_TIME, max(AT_A_TIME, calls // STREAMS_SHARE), body_of(one.model, stream=True))
    return us / seen["chunks"]


def _first_chunk(one: Gateway) -> float:
    return ask(one.port, 1, 8, body_of(one.model, stream=True, mark="slow"))["first_ms"]
