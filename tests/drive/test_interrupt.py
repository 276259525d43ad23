"""Ctrl-C ends any wait of the blocking face within half a second."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Generator

import pytest

from chatdoor import Client, Piece
from chatdoor.drive.interrupt import interruptibly, on_own_thread
from tests.drive.faces import HELLO, streaming_site
from tests.servers.faulty import Faulty

POSIX = pytest.mark.skipif(os.name != "posix", reason="the test sends a POSIX signal")

PROGRAM = """
import sys, time
from chatdoor import Client, load_site
hello = [{"role": "user", "content": "Hello"}]
client = Client(load_site("voigpt", url=sys.argv[1]), per_minute=float(sys.argv[2]) or None, concurrency=1)
print("asks", flush=True)
try:
    client.ask(hello)
    client.ask(hello)
except KeyboardInterrupt:
    print("interrupted", flush=True)
print(client.ask(hello, timeout=20).text if sys.argv[3] == "again" else "left", flush=True)
"""


def _interrupted(url: str, *, per_minute: float = 0, again: str = "") -> tuple[list[str], float]:
    """What the program printed, and how long it took from the signal to its `interrupted`."""
    argv = [sys.executable, "-c", PROGRAM, url, str(per_minute), again]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout
        lines = [program.stdout.readline()]
        time.sleep(0.8)
        program.send_signal(signal.SIGINT)
        start = time.monotonic()
        lines.append(program.stdout.readline())
        took = time.monotonic() - start
        lines.append(program.stdout.read())
        assert program.wait(10) == 0
    return [line.strip() for line in lines], took


@POSIX
@pytest.mark.parametrize("chat", ["never_answers", "drip_head", "drip_body", "rate_limited_date", "never_reads"])
def test_ctrl_c_ends_a_wait_for_the_site(faulty: Faulty, chat: str) -> None:
    """Whatever the call waits for: an answer, the rest of it, the end of a wait that the site asked for."""
    server = faulty(chat=chat)
    lines, took = _interrupted(server.url)
    assert lines == ["asks", "interrupted", "left"]
    assert took < 0.5


@POSIX
def test_ctrl_c_ends_a_wait_for_the_page(faulty: Faulty) -> None:
    """The fetch of the page is ended too."""
    lines, took = _interrupted(faulty(page="never_answers").url)
    assert lines == ["asks", "interrupted", "left"]
    assert took < 0.5


@POSIX
def test_ctrl_c_ends_a_wait_for_the_pace(faulty: Faulty) -> None:
    """The wait of a polite pace is ended too."""
    lines, took = _interrupted(faulty().url, per_minute=3)
    assert lines == ["asks", "interrupted", "left"]
    assert took < 0.5


@POSIX
def test_the_client_works_after_ctrl_c(faulty: Faulty) -> None:
    """The next call of the same client gets its reply."""
    server = faulty(chat=["never_answers", "good"])
    lines, _ = _interrupted(server.url, again="again")
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
    """The helper thread does steps one after the other and hands on what comes of them."""

    def steps(self, log: list[str]) -> Generator[Piece, None, str]:
        """Two items, then a result."""
        try:
            log.append(threading.current_thread().name)
            yield Piece("a")
            yield Piece("b")
            return "result"
        finally:
            log.append("closed")

    @pytest.mark.parametrize("wrap", [interruptibly, on_own_thread])
    def test_items_and_result_are_the_same(self, wrap: object) -> None:
        """The steps are worked on by another thread; their items and their result come through."""
        log: list[str] = []
        wrapped = wrap(self.steps(log), lambda: None)  # type: ignore[operator]
        items = [next(wrapped).text, next(wrapped).text]
        with pytest.raises(StopIteration) as stop:
            next(wrapped)
        assert (items, stop.value.value) == (["a", "b"], "result")
        assert log == ["chatdoor-wait", "closed"]

    def test_an_error_of_a_step_is_raised(self) -> None:
        """What a step raises reaches the caller."""

        def failing() -> Generator[int, None, None]:
            yield 1
            raise LookupError("in the step")

        wrapped = interruptibly(failing(), lambda: None)
        assert next(wrapped) == 1
        with pytest.raises(LookupError, match="in the step"):
            next(wrapped)

    def test_closing_early_closes_the_steps(self) -> None:
        """A caller who stops early has the generator below closed."""
        log: list[str] = []
        wrapped = interruptibly(self.steps(log), lambda: None)
        next(wrapped)
        wrapped.close()
        assert log[-1] == "closed"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_after_a_fork_a_call_is_refused_instead_of_hanging() -> None:
    """The library's threads are gone then: every client, old or new, says so, whatever its options."""
    program = """
import os
from chatdoor import Client, ChatdoorError, VoiGpt, load_site
hello = [{"role": "user", "content": "Hello"}]
site = load_site("voigpt", url="http://127.0.0.1:9")
old = Client(site)
calls = [lambda: old.ask(hello), lambda: Client(site, user_agent="new/1").ask(hello),
         lambda: list(VoiGpt.create_completion(None, hello, False, url="http://127.0.0.1:9"))]
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
