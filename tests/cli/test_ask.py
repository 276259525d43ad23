"""`chatdoor ask`: one prompt in, one reply out, against real servers."""

import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import IO

import pytest

from tests.cli.program import Program, streaming_site
from tests.servers.django_server import DjangoServer
from tests.servers.faults.events import EVENTS_TEXT
from tests.servers.faults.replies import GOOD_TEXT
from tests.servers.faulty import Faulty

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="signals and pipes as POSIX has them")


def test_the_practice_site_answers_where_no_other_is_named(program: Program) -> None:
    """The first command of the README needs no network and no file."""
    ran = program("ask", "I feel lost in forms")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.count("\n") == 1
    assert "lost in forms" in ran.out
    assert not program.state.exists()


def test_django_answers(program: Program, django_http: DjangoServer) -> None:
    """A real Django site of VoiGpt's kind prints its reply, and gets one page and one prompt."""
    ran = program("ask", "--site", "voigpt", "--url", django_http.url, "Hello")
    assert (ran.code, ran.out, ran.err) == (0, "You said: Hello (1 messages)\n", "")
    stats = django_http.stats()
    assert (stats.pages, stats.accepted, stats.csrf_failed) == (1, 1, 0)
    assert stats.messages == [[{"role": "user", "content": "Hello"}]]


def test_django_answers_over_https_with_a_ca_of_its_own(program: Program, django_https: DjangoServer) -> None:
    """--ca-file makes a private CA good; without it there is no connection, and an error that says so."""
    ask = ("ask", "--site", "voigpt", "--url", django_https.url)
    assert program(*ask, "--ca-file", django_https.ca_file or "", "Hello").out == "You said: Hello (1 messages)\n"
    assert program(*ask, "--fresh", "Hello").code == 9


def test_a_practice_site_elsewhere_answers(program: Program) -> None:
    """--site practice with a URL asks the one that runs there, and starts none."""
    with program.started("practice") as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[2].decode()
        ran = program("ask", "--site", "practice", "--url", url, "--json", "Hello")
        assert json.loads(ran.out)["site"] == "practice"


def test_words_are_one_prompt(program: Program, django_http: DjangoServer) -> None:
    """A prompt without quotes arrives as it was written, and `--` lets it begin with a dash."""
    program("ask", "--site", "voigpt", "--url", django_http.url, "--", "--json", "is", "an option")
    assert django_http.stats().messages == [[{"role": "user", "content": "--json is an option"}]]


def test_standard_input_is_the_prompt(program: Program, django_http: DjangoServer) -> None:
    """A dash reads the prompt from standard input, all lines of it, without the last line's end."""
    program("ask", "--site", "voigpt", "--url", django_http.url, "-", stdin="Dear site,\ngr\u00fc\u00dfe\n".encode())
    assert django_http.stats().messages == [[{"role": "user", "content": "Dear site,\ngr\u00fc\u00dfe"}]]


def test_a_system_text_comes_first(program: Program, django_http: DjangoServer) -> None:
    """--system is a message of its own before the prompt."""
    ran = program("ask", "--site", "voigpt", "--url", django_http.url, "--system", "Be brief.", "Hello")
    assert ran.out == "You said: Hello (2 messages)\n"
    system, _ = django_http.stats().messages[0]
    assert system == {"role": "system", "content": "Be brief."}


def test_the_user_agent_is_honest_and_can_be_set(program: Program, django_http: DjangoServer) -> None:
    """The site is told chatdoor/VERSION, or what --user-agent says."""
    ask = ("ask", "--site", "voigpt", "--url", django_http.url)
    program(*ask, "Hello")
    program(*ask, "--user-agent", "ours/1", "Hello")
    agents = [seen.headers["user-agent"] for seen in django_http.stats().requests if seen.method == "POST"]
    assert agents[0].startswith("chatdoor/")
    assert agents[1] == "ours/1"


def test_json_prints_one_object(program: Program, django_http: DjangoServer) -> None:
    """--json prints the reply with all that is known about it, as one line."""
    ran = program("ask", "--site", "voigpt", "--url", django_http.url, "--json", "Hello")
    assert ran.out.count("\n") == 1
    reply = json.loads(ran.out)
    assert reply | {"timings": None} == {
        "text": "You said: Hello (1 messages)",
        "site": "voigpt",
        "model": "gpt-3.5-turbo",
        "finish": "stop",
        "usage": {"input": 2, "output": 7, "estimated": True},
        "timings": None,
        "conversation": None,
        "fidelity": "native",
        "revised": False,
    }
    assert 0 <= reply["timings"]["first_piece"] <= reply["timings"]["total"] < 10


# What goes wrong on the page or in the chat -> the exit code.
ENDS = {
    ("page", "no_token"): 4,
    ("chat", "csrf_403"): 4,
    ("chat", "unauthorized"): 4,
    ("chat", "bot_check_cloudflare"): 5,
    ("chat", "rate_limited_endless"): 6,
    ("chat", "json_list"): 7,
    ("chat", "server_error"): 7,
    ("chat", "half_json"): 7,
    ("page", "connection_refused"): 9,
    ("chat", "reset_after_request"): 9,
    ("chat", "redirect_foreign"): 9,
    ("chat", "never_answers"): 10,
}


@pytest.mark.parametrize(("side", "fault", "code"), [(*case, code) for case, code in ENDS.items()])
def test_an_error_is_a_line_an_object_and_an_exit_code(
    program: Program, faulty: Faulty, side: str, fault: str, code: int
) -> None:
    """Each kind of error has its exit code; standard error has one line of it, and --json an object that agrees."""
    server = faulty(page=fault) if side == "page" else faulty(chat=fault)
    ran = program("ask", "--site", "voigpt", "--url", server.url, "--timeout", "3", "--json", "Hello")
    assert ran.code == code
    assert ran.err.startswith("chatdoor: voigpt: ")
    assert ran.err.count("\n") == 1
    error = json.loads(ran.out)["error"]
    assert error["exit_code"] == code
    assert ran.err == f"chatdoor: {error['message']}\n"
    assert error["site"] == "voigpt"


def test_what_only_some_errors_know_is_in_the_object(program: Program, faulty: Faulty) -> None:
    """The wait of a rate limit, the phase of a timeout and the text before a cut are there for programs."""
    ask = ("ask", "--timeout", "3", "--json", "--site")
    limited = program(*ask, "voigpt", "--url", faulty(chat="rate_limited_endless").url, "Hello")
    assert json.loads(limited.out)["error"]["retry_after"] == 86400
    site = streaming_site(program.folder, faulty(chat="sse_cut_off").url)
    assert json.loads(program(*ask, site, "Hello").out)["error"]["partial"] == "Good day"


@pytest.mark.parametrize("prompt", ["", "  \n"])
def test_a_prompt_without_text_is_refused(program: Program, prompt: str) -> None:
    """Nothing is sent for an empty prompt."""
    ran = program("ask", prompt)
    assert (ran.code, ran.out, ran.err) == (2, "", "chatdoor: PROMPT: there is no text in it\n")


def test_a_prompt_that_is_no_text_is_refused(program: Program) -> None:
    """Bytes that are not UTF-8 are an error, on standard input and on the command line."""
    ran = program("ask", "-", stdin=b"caf\xe9")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "chatdoor: PROMPT: standard input is not UTF-8 text (byte 4)\n"
    if sys.platform == "linux":
        assert program("ask", os.fsdecode(b"caf\xe9")).code == 2


def test_pieces_are_shown_as_they_come(program: Program, faulty: Faulty) -> None:
    """The first words are out while the site still keeps its last ones back."""
    site = streaming_site(program.folder, faulty(chat="sse_stalled").url)
    with program.started("ask", "--site", site, "Hello") as process:
        assert process.stdout is not None
        assert process.stdout.read(8) == b"Good day"
        assert process.poll() is None


def test_no_stream_shows_a_whole_reply_or_none(program: Program, faulty: Faulty) -> None:
    """With --no-stream nothing of a broken reply is printed; without it, what came is there, and its line is ended."""
    site = streaming_site(program.folder, faulty(chat=["sse_good", "sse_cut_off", "sse_cut_off"]).url)
    assert program("ask", "--site", site, "--no-stream", "Hello").out == f"{EVENTS_TEXT}\n"
    ran = program("ask", "--site", site, "--no-stream", "Hello")
    assert (ran.code, ran.out) == (7, "")
    ran = program("ask", "--site", site, "Hello")
    assert (ran.code, ran.out) == (7, "Good day\n")


def test_a_pipe_gets_the_reply_as_it_is(program: Program, faulty: Faulty) -> None:
    """Escape sequences are kept where no terminal obeys them."""
    ran = program("ask", "--site", "voigpt", "--url", faulty(chat="terminal_escapes").url, "Hello")
    assert ran.out == "\x1b[31mred\x1b[0m \x1b]0;title\x07 \x9b2J\n"


def test_an_empty_reply_is_an_empty_line(program: Program, faulty: Faulty) -> None:
    """One newline is printed also where the site had nothing to say, and a hint at what may be wrong beside it."""
    for whole in ((), ("--no-stream",)):
        ended = program("ask", "--site", "voigpt", "--url", faulty(chat="response_empty").url, *whole, "Hello")
        assert (ended.out, ended.code) == ("\n", 0)
        assert "the reply is empty" in ended.err


def test_text_that_the_output_can_not_show_is_escaped(program: Program, faulty: Faulty) -> None:
    """An output that knows ASCII only gets escapes, not an error."""
    site = streaming_site(program.folder, faulty(chat="sse_good").url)
    ran = program("ask", "--site", site, "Hello", env={"PYTHONIOENCODING": "ascii"})
    assert ran.out == EVENTS_TEXT.encode("ascii", "backslashreplace").decode() + "\n"


@posix_only
@pytest.mark.parametrize(("side", "fault"), [("page", "never_answers"), ("page", "never_reads"), ("chat", "drip_head")])
def test_ctrl_c_ends_every_wait(program: Program, faulty: Faulty, side: str, fault: str) -> None:
    """Wherever the site keeps us waiting, Ctrl-C ends it within half a second, and no error is told."""
    server = faulty(page=fault) if side == "page" else faulty(chat=fault)
    with program.started("ask", "--verbose", "--site", "voigpt", "--url", server.url, "Hello") as process:
        assert process.stderr is not None
        _wait_for_request(process.stderr, 1 if side == "page" else 2)
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        began = time.monotonic()
        out, err = process.communicate(timeout=10)
        assert time.monotonic() - began < 1
    assert (process.returncode, out) == (130, b"")
    assert err == b""


def _wait_for_request(log: IO[bytes], number: int) -> None:
    """Returns once the log tells of so many requests."""
    while number:
        line = log.readline()
        assert line, "the program has ended"
        number -= b": sends " in line


@posix_only
def test_ctrl_c_ends_a_reply(program: Program, faulty: Faulty) -> None:
    """Ctrl-C ends a reply within half a second, with exit code 130; what came of it has its line ended."""
    server = faulty(chat="sse_stalled")
    with program.started("ask", "--site", streaming_site(program.folder, server.url), "Hello") as process:
        assert process.stdout is not None
        process.stdout.read(8)
        process.send_signal(signal.SIGINT)
        began = time.monotonic()
        out, err = process.communicate(timeout=10)
        assert time.monotonic() - began < 1
    assert (process.returncode, out, err) == (130, b"\n", b"")


@posix_only
def test_a_reader_that_leaves_ends_it_in_silence(program: Program, faulty: Faulty) -> None:
    """With `| head` the program ends, as soon as it can write no more, and complains of nothing."""
    site = streaming_site(program.folder, faulty(chat="sse_endless_slow").url)
    with program.started("ask", "--site", site, "Hello") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(6)
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(10) == 141


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_one_line(program: Program) -> None:
    """An output that can not be written is an error like any other."""
    with Path("/dev/full").open("wb") as full, program.started("ask", "Hello", stdout=full) as process:
        _, err = process.communicate(timeout=10)
    assert (process.returncode, err) == (1, b"chatdoor: the output can not be written: No space left on device\n")


def test_good_answers_of_all_kinds_are_printed(program: Program, faulty: Faulty) -> None:
    """A site that answers slowly, in chunks or compressed is a good site."""
    server = faulty(chat=["slow", "chunked_good", "gzip_good"])
    for _ in range(3):
        assert program("ask", "--site", "voigpt", "--url", server.url, "Hello").out == f"{GOOD_TEXT}\n"
