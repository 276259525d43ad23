"""Ctrl-C ends any wait of the blocking face within half a second."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Generator, Iterator

import pytest

from chatdoor import Client
from chatdoor.drive.helper import on_own_thread
from chatdoor.drive.interrupt import closable, leavable
from tests.drive.faces import HELLO, streaming_site
from tests.servers.faulty import Faulty

POSIX = pytest.mark.skipif(os.name != "posix", reason="the test sends a POSIX signal")

PROGRAM = """
import signal, sys, time
def interrupt(*_): raise KeyboardInterrupt
exec(sys.argv[4])
from chatdoor import Client, load_site
hello = [{"role": "user", "content": "Hello"}]
options = {"per_minute": float(sys.argv[2]) or None, "concurrency": 1, "trust_env": sys.argv[5] == "library"}
client = Client(load_site("voigpt", url=sys.argv[1]), **options)
print("asks", flush=True)
try:
    client.ask(hello)
    client.ask(hello)
except KeyboardInterrupt:
    print("interrupted", flush=True)
print(client.ask(hello, timeout=20).text if sys.argv[3] == "again" else "left", flush=True)
"""


SOON = 1.0
"""Seconds: half of one, and as much again for a machine that is busy."""

OWN_HANDLERS = ["", "signal.signal(signal.SIGINT, interrupt)", "signal.signal(signal.SIGTERM, interrupt)"]
"""What a program does about signals: nothing, or what chatdoor can not look into."""


WAYS = ["plain", "library"]
"""How the requests go: by plain HTTP of our own, or as with a proxy or TLS."""


def _interrupted(
    url: str, *, per_minute: float = 0, again: str = "", handlers: str = "", way: str = "plain"
) -> tuple[list[str], float]:
    """What the program printed, and how long it took from the signal to its `interrupted`."""
    argv = [sys.executable, "-c", PROGRAM, url, str(per_minute), again, handlers, way]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout
        lines = [program.stdout.readline()]
        time.sleep(0.8)
        program.send_signal(signal.SIGTERM if "SIGTERM" in handlers else signal.SIGINT)
        start = time.monotonic()
        lines.append(program.stdout.readline())
        took = time.monotonic() - start
        lines.append(program.stdout.read())
        assert program.wait(10) == 0
    return [line.strip() for line in lines], took


@POSIX
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("handlers", OWN_HANDLERS)
@pytest.mark.parametrize(
    "chat", ["never_answers", "drip_head", "drip_body", "stalls_late", "rate_limited_date", "never_reads"]
)
def test_ctrl_c_ends_a_wait_for_the_site(faulty: Faulty, chat: str, handlers: str, way: str) -> None:
    """Whatever the call waits for: an answer, the rest of it, the end of a wait that the site asked for."""
    server = faulty(chat=chat)
    lines, took = _interrupted(server.url, handlers=handlers, way=way)
    assert lines == ["asks", "interrupted", "left"]
    assert took < SOON


@POSIX
@pytest.mark.parametrize("way", WAYS)
def test_ctrl_c_ends_a_wait_for_the_page(faulty: Faulty, way: str) -> None:
    """The fetch of the page is ended too."""
    lines, took = _interrupted(faulty(page="never_answers").url, way=way)
    assert lines == ["asks", "interrupted", "left"]
    assert took < SOON


@POSIX
def test_ctrl_c_ends_a_wait_for_the_pace(faulty: Faulty) -> None:
    """The wait of a polite pace is ended too."""
    lines, took = _interrupted(faulty().url, per_minute=3)
    assert lines == ["asks", "interrupted", "left"]
    assert took < SOON


@POSIX
@pytest.mark.parametrize("way", WAYS)
def test_a_handler_that_does_not_raise_ends_nothing(faulty: Faulty, way: str) -> None:
    """A program that only notes the signal gets its reply."""
    server = faulty(chat="slow")
    handler = "signal.signal(signal.SIGINT, lambda *_: print('noted', flush=True))"
    lines, took = _interrupted(server.url, handlers=handler, way=way)
    assert lines == ["asks", "noted", "left"]
    assert took < SOON
    assert server.prompts == 2


@POSIX
@pytest.mark.parametrize("way", WAYS)
def test_the_client_works_after_ctrl_c(faulty: Faulty, way: str) -> None:
    """The next call of the same client gets its reply."""
    server = faulty(chat=["never_answers", "good"])
    lines, _ = _interrupted(server.url, again="again", way=way)
    assert lines == ["asks", "interrupted", "Good day to you."]


def test_a_stream_that_is_left_ends_the_request(faulty: Faulty) -> None:
    """A caller who stops early leaves no thread and no open answer behind."""
    server = faulty(chat="sse_endless_slow")
    with Client(streaming_site(server.url)) as client:
        before = threading.active_count()
        for _ in range(5):
            with client.stream(HELLO) as pieces:
                assert next(pieces)
        assert threading.active_count() <= before + 1
    assert server.prompts == 5


def test_pieces_may_be_read_on_changing_threads(faulty: Faulty) -> None:
    """A stream that is begun on one thread may go on on another."""
    server = faulty(chat="sse_good")
    with Client(streaming_site(server.url)) as client, client.stream(HELLO) as pieces:
        texts = [next(pieces).text]
        thread = threading.Thread(target=lambda: texts.extend(piece.text for piece in pieces))
        thread.start()
        thread.join()
        assert "".join(texts) == pieces.reply.text


class TestHelper:
    """Where a program has a handler of its own, which may or may not raise, a helper thread does the waiting."""

    @pytest.fixture(autouse=True)
    def own_handler(self) -> Iterator[None]:
        """Such a handler."""
        before = signal.signal(signal.SIGINT, lambda *_: None)
        yield
        signal.signal(signal.SIGINT, before)

    def test_the_helper_does_the_work(self) -> None:
        """What it gives and what it raises come through; one helper is enough, whatever the work does."""

        def fail() -> None:
            raise LookupError("in the work")

        closable(lambda: None, fail)
        before = threading.active_count()
        for _ in range(5):
            assert closable(lambda: threading.current_thread().name, fail) == "chatdoor-wait"
            with pytest.raises(LookupError, match="in the work"):
                leavable(fail, fail)
        assert threading.active_count() <= before

    def test_work_that_nobody_waits_for_is_cleaned_up(self) -> None:
        """A handler that raises leaves the work to the helper; the next work gets another."""
        ends, left = threading.Event(), threading.Event()

        def stop(*_: object) -> None:
            raise KeyboardInterrupt

        def work() -> None:
            signal.raise_signal(signal.SIGINT)
            ends.wait(5)

        signal.signal(signal.SIGINT, stop)
        with pytest.raises(KeyboardInterrupt):
            leavable(work, left.set)
        assert leavable(lambda: "next", left.set) == "next"
        assert not left.is_set()
        ends.set()
        assert left.wait(5)

    def test_steps_have_a_thread_of_their_own(self) -> None:
        """All steps of a generator run on one thread, also its end, early or late."""
        log: list[str] = []

        def steps() -> Generator[str, None, str]:
            try:
                yield threading.current_thread().name
                yield threading.current_thread().name
                return "result"
            finally:
                log.append(threading.current_thread().name)

        wrapped = on_own_thread(steps(), log.clear)
        assert [next(wrapped), next(wrapped)] == ["chatdoor-wait"] * 2
        with pytest.raises(StopIteration) as stop:
            next(wrapped)
        early = on_own_thread(steps(), log.clear)
        next(early)
        early.close()
        until = time.monotonic() + 5
        while len(log) < 2 and time.monotonic() < until:
            time.sleep(0.01)
        assert stop.value.value == "result"
        assert log == ["chatdoor-wait"] * 2


class TestWatch:
    """Where Ctrl-C does what it does by default, the main thread works by itself."""

    def test_the_work_is_done_on_the_main_thread(self) -> None:
        """The watch only listens; the program's own socket for signals is there again afterwards."""
        before = signal.set_wakeup_fd(-1)
        assert closable(threading.current_thread, lambda: None) is threading.main_thread()
        assert signal.set_wakeup_fd(before) == -1

    def test_ctrl_c_closes_what_the_work_waits_for(self) -> None:
        """Python's own handler raises once the library's wait has been ended."""
        closed = threading.Event()

        def wait_in_a_library() -> None:
            signal.raise_signal(signal.SIGINT)
            closed.wait(5)

        with pytest.raises(KeyboardInterrupt):
            closable(wait_in_a_library, closed.set)
        assert closed.wait(5)

    def test_a_late_signal_hurts_no_later_call(self) -> None:
        """What was heard of belongs to the call that was interrupted."""
        for _ in range(50):
            closed = threading.Event()
            with pytest.raises(KeyboardInterrupt):
                closable(lambda: signal.raise_signal(signal.SIGINT), lambda: None)
            closable(lambda: time.sleep(0.002), closed.set)
            assert not closed.is_set()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_after_a_fork_a_call_is_refused_instead_of_hanging() -> None:
    """The library's threads are gone then: every client, old or new, says so, whatever its options."""
    program = """
import os
from chatdoor import Client, ChatdoorError, VoiGpt, load_site
hello = [{"role": "user", "content": "Hello"}]
site = load_site("voigpt", url="https://127.0.0.1:9")
old = Client(site)
calls = [lambda: old.ask(hello), lambda: Client(site, user_agent="new/1").ask(hello),
         lambda: list(VoiGpt.create_completion(None, hello, False, url="https://127.0.0.1:9"))]
def tell():
    for call in calls:
        try:
            call()
        except ChatdoorError as error:
            print(error, flush=True)
tell()
pid = os.fork()
if pid == 0:
    tell()
    os._exit(0)
os.waitpid(pid, 0)
"""
    output = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=20, check=True)
    assert output.stdout.count("no connection") == 3
    assert output.stdout.count("does not survive a fork") == 3
    assert output.stderr == ""


def test_a_stream_can_be_stopped_from_another_thread(faulty: Faulty) -> None:
    """A stop button: the thread that waits for pieces ends with the next one, and no error is raised by `close`."""
    server = faulty(chat="sse_endless_slow")
    with Client(streaming_site(server.url)) as client:
        stream = client.stream(HELLO)
        ended: list[BaseException | None] = []

        def read() -> None:
            try:
                for _ in stream:
                    pass
            except BaseException as error:  # noqa: BLE001 - what it was is looked at below
                ended.append(error)

        thread = threading.Thread(target=read)
        thread.start()
        time.sleep(0.6)
        stream.close()
        thread.join(5)
        assert not thread.is_alive()
    assert [type(error).__name__ for error in ended] == ["Abandoned"]
