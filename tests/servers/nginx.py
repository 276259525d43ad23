"""A real nginx of Debian's as a load balancer in front of gateways."""

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

SECONDS = 10.0
PROGRAM = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")

CONFIG = """
daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error warn;
worker_rlimit_nofile 8192;
events {{ worker_connections 4096; }}
http {{
    access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    upstream gateways {{
        {servers}
        keepalive 64;
    }}
    server {{
        listen 127.0.0.1:{port} backlog=2048;
        client_max_body_size 10m;
        location / {{
            proxy_pass http://gateways;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $http_host;
            proxy_buffering off;
            proxy_read_timeout 300s;
        }}
    }}
}}
"""


@contextlib.contextmanager
def load_balancer(folder: Path, port: int, gateways: Sequence[int]) -> Iterator[None]:
    """One that gives each request to the next of these ports, for the length of a block."""
    assert PROGRAM is not None
    servers = "\n        ".join(f"server 127.0.0.1:{one} max_fails=1 fail_timeout=1s;" for one in gateways)
    config = folder / "nginx.conf"
    config.write_text(CONFIG.format(folder=folder, servers=servers, port=port))
    with listening([PROGRAM, "-p", str(folder), "-c", str(config)], port):
        yield


@contextlib.contextmanager
def listening(command: Sequence[str], port: int) -> Iterator[None]:
    """A process that listens on a port, for the length of a block."""
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        wait_for_port(port)
        yield
    finally:
        process.terminate()
        process.wait(SECONDS)


def wait_for_port(port: int) -> None:
    """Waits until somebody listens there. Fails after a while."""
    end = time.monotonic() + SECONDS
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        assert time.monotonic() < end, f"nobody listens on port {port}"
        time.sleep(0.02)
