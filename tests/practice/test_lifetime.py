"""Start and stop: in time, from anywhere, and nothing is left behind."""

import asyncio
import gc
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from chatdoor.errors import ArgumentError
from chatdoor.practice import Behaviour, Practice, serve
from tests.practice.browser import CHAT, Browser, running

STOP_SECONDS = 2.0
FOREGROUND = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
    "from chatdoor.practice import serve; serve(on_ready=lambda url: print(url, flush=True))"
)


def _open_files() -> int:
    return len(os.listdir("/dev/fd")) if Path("/dev/fd").exists() else 0  # noqa: PTH208


def test_the_block_gets_the_site() -> None:
    """The block gets the description of the site that runs, and the site is gone when it ends."""
    practice = Practice(reply="sse-delta")
    with practice as site:
        assert site.url == practice.url
        assert Browser(practice.url).send("GET", "/healthz").json() == {"ok": True}
    with pytest.raises(ConnectionRefusedError):
        Browser(practice.url).send("GET", "/healthz")


def test_twenty_lives_leave_nothing() -> None:
    """Started and stopped twenty times, with a connection each, it leaves no thread and no open file."""
    with running() as practice:
        Browser(practice.url).open()
    threads, files = threading.active_count(), _open_files()
    for _ in range(20):
        with running() as practice:
            Browser(practice.url).open()
    assert threading.active_count() == threads
    assert _open_files() == files


def test_it_begins_anew() -> None:
    """A site that is started again has forgotten its visitors and faults; before that, its counts can be read."""
    practice = Practice()
    for _ in range(2):
        practice.start()
        assert practice.stats()["pages"] == 0
        assert practice.faults()["rotate"] is False
        Browser(practice.url).open()
        practice.faults(rotate=True)
        practice.stop()
        assert practice.stats()["pages"] == 1


@pytest.mark.parametrize("options", [{"pause": 30.0, "reply": "sse-delta"}, {"slow": 30.0}])
def test_it_stops_at_once_with_an_open_answer(options: dict[str, object]) -> None:
    """Open streams and slow answers do not keep it from stopping; their clients see the connection end."""
    behaviour = Behaviour.of(options)
    with running(behaviour) as practice:
        browser = Browser(practice.url, behaviour).open()
        body, headers = browser.parts("Hello")
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(browser.send, "POST", CHAT, body, headers)
            while not practice.stats()["accepted"]:
                time.sleep(0.01)
            begun = time.monotonic()
            practice.stop()
            assert time.monotonic() - begun < STOP_SECONDS
            assert isinstance(waiting.exception(STOP_SECONDS), http.client.HTTPException | ConnectionError)


def test_it_stops_at_once_with_idle_connections() -> None:
    """Connections that are kept open, or that have sent half a request, do not keep it from stopping."""
    with running() as practice:
        address = practice.url.removeprefix("http://")
        kept = http.client.HTTPConnection(address, timeout=10)
        kept.request("GET", "/healthz")
        kept.getresponse().read()
        with socket.create_connection(address.split(":")) as half:  # type: ignore[arg-type]  # a port may be a text
            half.sendall(b"POST /generate_response/ HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{")
            begun = time.monotonic()
            practice.stop()
            assert time.monotonic() - begun < STOP_SECONDS
        kept.close()


def test_a_connection_in_the_last_moment_leaves_nothing() -> None:
    """A connection that is made while the site stops is closed with it, at whatever point it was accepted."""
    files = _open_files()
    for turn in range(50):
        with running() as practice:
            host, _, port = practice.url.removeprefix("http://").partition(":")
            with socket.create_connection((host, int(port))):
                time.sleep(turn / 500_000)  # 0 to 0.1 ms: the time that accepting takes
                practice.stop()
    gc.collect()  # what was left open complains when it is collected
    assert _open_files() == files


def test_a_client_that_leaves_ends_its_answer() -> None:
    """When a client leaves in a pause, the site is done with it at once."""
    behaviour = Behaviour(reply="sse-delta", pause=30.0)
    with running(behaviour) as practice:
        browser = Browser(practice.url, behaviour).open()
        connection = http.client.HTTPConnection(practice.url.removeprefix("http://"), timeout=10)
        body, headers = browser.parts("Hello")
        browser.begin(connection, "POST", CHAT, body, headers).close()
        connection.close()
        assert browser.send("GET", "/healthz").status == 200


async def _inside_a_loop() -> int:
    with running() as practice:
        return (await asyncio.to_thread(Browser(practice.url).open)).send("GET", "/stats").status


def test_it_runs_inside_a_running_loop() -> None:
    """It can be started and stopped where an event loop runs, as in a notebook."""
    assert asyncio.run(_inside_a_loop()) == 200


def test_it_runs_from_any_thread_and_beside_others() -> None:
    """Several sites run at a time, started from several threads, each with state of its own."""

    def visit(count: int) -> int:
        with running() as practice:
            for _ in range(count):
                Browser(practice.url).open()
            return practice.stats()["pages"]

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(visit, range(4))) == [0, 1, 2, 3]


def test_no_signal_is_touched() -> None:
    """Starting a site leaves the process's signals as they are."""
    before = {name: signal.getsignal(name) for name in (signal.SIGINT, signal.SIGTERM)}
    with running():
        assert {name: signal.getsignal(name) for name in before} == before


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.com", "", "127.0.0.1.example.com"])
def test_other_hosts_are_refused(host: str) -> None:
    """It listens on this machine and nowhere else."""
    with pytest.raises(ArgumentError, match="this machine only"):
        Practice(host=host)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_every_name_of_this_machine_will_do(host: str) -> None:
    """It listens on each name and address of this machine, and its URL says so."""
    practice = Practice(host=host)
    try:
        practice.start()
    except ArgumentError as error:
        if host != "::1":
            raise
        pytest.skip(str(error))
    try:
        bracketed = f"[{host}]" if ":" in host else host
        assert re.fullmatch(rf"http://{re.escape(bracketed)}:\d+", practice.url)
        assert Browser(practice.url).open().say("Hello").status == 200
    finally:
        practice.stop()


def test_a_chosen_port_is_used_and_a_taken_one_refused() -> None:
    """A port by number is that port; one that is taken is an ArgumentError."""
    with running() as practice:
        port = int(practice.url.rpartition(":")[2])
        with pytest.raises(ArgumentError, match=f"can not listen on 127.0.0.1 port {port}"):
            Practice(port=port).start()
    again = Practice(port=port)
    again.start()
    again.stop()
    assert again.url == practice.url


def test_wrong_use_is_an_error() -> None:
    """Both a behaviour and options, an unknown option, no such port, and a second start are ArgumentErrors."""
    with pytest.raises(ArgumentError, match="not both"):
        Practice(Behaviour(), rotate=True)
    with pytest.raises(ArgumentError, match="did you mean 'rotate'"):
        Practice(rotat=True)
    with pytest.raises(ArgumentError, match="no port 65536"):
        Practice(port=65_536)
    with running() as practice, pytest.raises(ArgumentError, match="runs already"):
        practice.start()


def test_stopping_twice_is_harmless() -> None:
    """A site that does not run can be stopped."""
    practice = Practice()
    practice.stop()
    practice.start()
    practice.stop()
    practice.stop()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no such signals")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_the_foreground_ends_by_signal(name: str) -> None:
    """In the foreground, Ctrl-C and SIGTERM end it within a second, with exit code 0 and no word of complaint."""
    with subprocess.Popen(
        [sys.executable, "-c", FOREGROUND], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stderr
        url = process.stdout.readline().strip()
        assert Browser(url).open().say("Hello").status == 200
        begun = time.monotonic()
        process.send_signal(getattr(signal, name))
        assert process.wait(10) == 0
        assert time.monotonic() - begun < STOP_SECONDS
        assert process.stderr.read() == ""


def test_the_foreground_gives_signals_back() -> None:
    """After the foreground has ended, signals do what they did before."""
    before = signal.getsignal(signal.SIGTERM)

    def interrupt(_url: str) -> None:
        raise KeyboardInterrupt

    serve(on_ready=interrupt)
    assert signal.getsignal(signal.SIGTERM) == before


def test_the_foreground_is_refused_as_the_block_is() -> None:
    """What a block refuses the foreground refuses."""
    with pytest.raises(ArgumentError, match="this machine only"):
        serve(host="0.0.0.0")
