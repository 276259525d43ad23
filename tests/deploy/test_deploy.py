"""The files in `deploy/`, as far as they can be tried without Docker: linters, schemas, and what of them runs here.

`scripts/containers` tries them in containers.
"""

import dataclasses
import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from chatdoor.practice import Practice
from tests.cli.gateway_client import running, site_file
from tests.cli.program import Program
from tests.servers.nginx import PROGRAM as NGINX
from tests.servers.nginx import wait_for_port
from tests.servers.ports import free_port
from tests.servers.redis import PROGRAM as REDIS

FOLDER = Path(__file__).parents[2] / "deploy"
TOOLS = Path(sys.executable).parent


def ran(*command: str | Path) -> "subprocess.CompletedProcess[str]":
    """What became of a command."""
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=60, check=False)


def test_the_dockerfile_has_no_findings() -> None:
    """Hadolint has nothing to say, the image does not run as root, and it is told which files to take."""
    done = ran(TOOLS / "hadolint", "--failure-threshold", "style", FOLDER / "Dockerfile")
    assert (done.returncode, done.stdout) == (0, "")
    text = (FOLDER / "Dockerfile").read_text()
    assert re.findall(r"^USER (\S+)$", text, re.MULTILINE) == ["10001:10001"]
    kept = (FOLDER / "Dockerfile.dockerignore").read_text().splitlines()
    copied = re.search(r"^COPY (.+) \./$", text, re.MULTILINE)
    assert copied is not None
    assert {f"!{name}" for name in [*copied[1].split(), "src"]} < set(kept)
    assert kept[0] == "*"


def test_the_health_check_tells_how_a_gateway_is(program: Program) -> None:
    """The command of HEALTHCHECK succeeds on a gateway that takes requests, and fails where there is none."""
    found = re.search(r"HEALTHCHECK .*? CMD (\[.*?\])\n", (FOLDER / "Dockerfile").read_text(), re.DOTALL)
    assert found is not None
    words = json.loads(found[1].replace("\\\n", ""))
    assert words[0] == "python"
    with running(program) as remote:
        port = remote.host.rpartition(":")[2]
        assert ran(sys.executable, *(word.replace("8400", port) for word in words[1:])).returncode == 0
    assert ran(sys.executable, *(word.replace("8400", port) for word in words[1:])).returncode != 0


def test_the_compose_file_is_one() -> None:
    """It keeps the Compose specification; the gateways can write nothing but what is in memory."""
    file = FOLDER / "compose.yaml"
    done = ran(TOOLS / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", file)
    assert done.returncode == 0, done.stdout
    text = file.read_text()
    assert "read_only: true" in text
    assert "cap_drop: [ALL]" in text
    assert "user: redis" in text
    assert text.count("*gateway") == 2
    assert not re.search(r"(password|key)s?: [^$\s]", text, re.IGNORECASE)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_the_systemd_unit_is_one(tmp_path: Path) -> None:
    """Systemd knows all that stands in it, and finds that little is exposed."""
    text = (FOLDER / "chatdoor.service").read_text()
    unit = tmp_path / "chatdoor.service"
    unit.write_text(text.replace("/opt/chatdoor/bin/chatdoor", "/bin/true"))
    done = ran("systemd-analyze", "verify", unit)
    assert (done.returncode, done.stderr) == (0, "")
    judged = ran("systemd-analyze", "security", "--offline=true", unit).stdout
    exposed = re.search(r"exposure level for chatdoor.service: ([0-9.]+)", judged)
    assert exposed is not None
    assert float(exposed[1]) < 2.5


def test_the_units_command_is_one_of_ours(program: Program) -> None:
    """The options that the unit and the compose file give are known to `chatdoor serve`."""
    told = program("serve", "--help").out
    given = set(re.findall(r"--[a-z-]+", (FOLDER / "chatdoor.service").read_text()))
    command = re.search(r"command: (\[\"--config.*\])", (FOLDER / "compose.yaml").read_text())
    assert command is not None
    given |= {word for word in json.loads(command[1]) if word.startswith("--")}
    assert given == {"--config", "--state"}
    assert all(option in told for option in given)


@pytest.mark.skipif(REDIS is None, reason="redis-server is not installed")
def test_the_command_of_redis_is_one(tmp_path: Path) -> None:
    """What the compose file starts is a Redis that wants the password, heeds SIGTERM and keeps what it was told."""
    found = re.search(r"- \|\n((?: {8}.*\n)+)", (FOLDER / "compose.yaml").read_text())
    assert found is not None
    port = free_port()
    script = textwrap.dedent(found[1]).replace("$$", "$").replace("maxmemory 5", f"port {port}\nmaxmemory 5")
    told = os.environ | {"REDIS_PASSWORD": "pass", "REDISCLI_AUTH": "pass"}
    ask = ["redis-cli", "-p", str(port)]
    process = subprocess.Popen(["sh", "-c", script], cwd=tmp_path, env=told, stdout=subprocess.DEVNULL)
    try:
        wait_for_port(port)
        assert "NOAUTH" in ran(*ask, "ping").stdout
        assert subprocess.run([*ask, "set", "a", "b"], env=told, capture_output=True, check=True).stdout == b"OK\n"
    finally:
        process.terminate()
    assert process.wait(10) == 0
    assert "b" in next((tmp_path / "appendonlydir").glob("*.incr.aof")).read_text()


def nginx_file(folder: Path, *gateways: str) -> tuple[Path, int]:
    """The file in `deploy/` for a user who is not root, in front of these gateways; and its port."""
    text = (FOLDER / "nginx.conf").read_text()
    port = free_port()
    for number, address in enumerate(gateways, 1):
        text = text.replace(f"gateway-{number}:8400", address)
    paths = "".join(f"{kind}_temp_path {folder}/{kind}; " for kind in ("proxy", "fastcgi", "uwsgi", "scgi"))
    text = text.replace("listen 8400", f"listen 127.0.0.1:{port}")
    text = text.replace("http {", f"http {{ client_body_temp_path {folder}/body; {paths}")
    config = folder / "nginx.conf"
    config.write_text(f"daemon off; pid {folder}/pid; error_log {folder}/error;\n{text}")
    return config, port


@pytest.mark.skipif(NGINX is None, reason="nginx is not installed")
def test_nginx_takes_its_file(tmp_path: Path) -> None:
    """Nginx finds nothing wrong with it, where it knows the names of the gateways."""
    config, _ = nginx_file(tmp_path, "127.0.0.1:8401", "127.0.0.1:8402")
    assert NGINX is not None
    done = ran(NGINX, "-t", "-q", "-p", tmp_path, "-c", config)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(NGINX is None, reason="nginx is not installed")
def test_nginx_holds_no_piece_back(tmp_path: Path, program: Program) -> None:
    """Through that file a stream comes as the site gives it, and all is answered while one gateway is away."""
    practice = Practice(reply="sse-delta", pause=0.1)
    with practice, running(program, "--site", site_file(program, practice)) as gateway:
        config, port = nginx_file(tmp_path, f"127.0.0.1:{free_port()}", gateway.host)
        assert NGINX is not None
        balancer = subprocess.Popen([NGINX, "-p", tmp_path, "-c", config], stderr=subprocess.DEVNULL)
        try:
            wait_for_port(port)
            remote = dataclasses.replace(gateway, host=f"127.0.0.1:{port}", headers={"Host": gateway.host})
            assert [remote.send("GET", "/readyz")[0] for _ in range(4)] == [200] * 4
            with remote.streaming("say exactly: a b c d e f") as answer:
                times = [time.monotonic() for line in answer if b"content" in line]
        finally:
            balancer.terminate()
            balancer.wait(10)
    assert times[-1] - times[0] > 0.3
