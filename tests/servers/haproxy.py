"""A real HAProxy of Debian's as a load balancer in front of gateways, by the file that we deliver."""

import contextlib
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.servers.nginx import listening

PROGRAM = shutil.which("haproxy", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
FILE = Path(__file__).parents[2] / "deploy" / "haproxy.cfg"


@contextlib.contextmanager
def haproxy(folder: Path, port: int, gateways: Sequence[int]) -> Iterator[None]:
    """One that gives each request to the next of these ports, for the length of a block."""
    assert PROGRAM is not None
    text = (
        FILE.read_text().replace("bind :8400", f"bind 127.0.0.1:{port}").replace("localhost:8400", f"127.0.0.1:{port}")
    )
    ports = iter(gateways)
    text = re.sub(r"gateway-\d:8400", lambda _: f"127.0.0.1:{next(ports)}", text)
    config = folder / "haproxy.cfg"
    config.write_text(text)
    with listening([PROGRAM, "-db", "-q", "-f", str(config)], port):
        yield
