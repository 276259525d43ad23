"""Bounded memory, whatever a site sends; nothing left behind after many calls."""

import subprocess
import sys

import pytest

from tests.servers.faulty import Faulty

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory and files are read from /proc")

PEAK_BYTES = 120_000_000

PROGRAM = """
import sys
from chatdoor import Client, ChatdoorError, load_site
client = Client(load_site("voigpt", url=sys.argv[1]), timeout=4)
try:
    client.ask([{"role": "user", "content": "Hello"}])
except ChatdoorError as error:
    print(type(error).__name__)
with open("/proc/self/status") as status:
    print(next(line.split()[1] for line in status if line.startswith("VmHWM:")))
"""


@pytest.mark.parametrize("side", ["page", "chat"])
@pytest.mark.parametrize(
    "name",
    ["huge_length", "huge_chunked", "endless_chunked", "gzip_bomb", "redirect_gzip_bomb", "endless_headers",
     "endless_header_line", "endless_interim"],
)  # fmt: skip
def test_the_peak_is_bounded(faulty: Faulty, side: str, name: str) -> None:
    """A 400 MB body, a bomb, headers without end: the process stays below 120 MB."""
    server = faulty(**{side: name})
    output = subprocess.run(
        [sys.executable, "-c", PROGRAM, server.url], capture_output=True, text=True, timeout=60, check=True
    )
    assert int(output.stdout.split()[-1]) * 1024 < PEAK_BYTES
    assert output.stderr == ""


SSE_PROGRAM = PROGRAM.replace('load_site("voigpt", url=sys.argv[1])', "streaming_site(sys.argv[1])").replace(
    "import sys", "import sys\nfrom tests.drive.faces import streaming_site"
)


@pytest.mark.parametrize("chat", ["sse_endless", "sse_endless_line", "gzip_bomb"])
def test_the_peak_of_a_stream_is_bounded(faulty: Faulty, chat: str) -> None:
    """Events without end, or one event without end."""
    server = faulty(chat=chat)
    output = subprocess.run(
        [sys.executable, "-c", SSE_PROGRAM, server.url], capture_output=True, text=True, timeout=60, check=True
    )
    assert int(output.stdout.split()[-1]) * 1024 < PEAK_BYTES


CALLS_PROGRAM = """
import asyncio, gc, os, sys, threading
from chatdoor import AsyncClient, Client, load_site
hello = [{"role": "user", "content": "Hello"}]
site = load_site("voigpt", url=sys.argv[1])
calls = int(sys.argv[2])

def files():
    return len(os.listdir("/proc/self/fd"))

def state():
    gc.collect()
    return len(gc.get_objects()), files(), threading.active_count()

with Client(site) as client:
    async def tasks(number):
        async with AsyncClient.of(client.visitor) as face:
            for _ in range(number):
                await face.ask(hello)
    for _ in range(50):
        client.ask(hello)
    asyncio.run(tasks(50))
    before = state()
    for _ in range(calls):
        client.ask(hello)
    asyncio.run(tasks(calls))
    after = state()
print(*before, *after)
"""


def test_many_calls_leave_nothing_behind(faulty: Faulty) -> None:
    """Objects, open files and threads are as many after a thousand calls as before. bench/ does ten thousand."""
    output = subprocess.run(
        [sys.executable, "-c", CALLS_PROGRAM, faulty().url, "500"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    objects, files, threads, objects_after, files_after, threads_after = map(int, output.stdout.split())
    assert objects_after - objects < 100
    assert files_after <= files + 1
    assert threads_after == threads
