"""`chatdoor chat`: a conversation at the terminal, and from a pipe."""

import json
import stat
import sys
import time
from pathlib import Path

import pytest

from tests.cli.program import Program, streaming_site
from tests.servers.django_server import DjangoServer
from tests.servers.faults.replies import GOOD_TEXT
from tests.servers.faulty import Faulty
from tests.servers.waiting import wait_until

if sys.platform != "win32":
    from tests.cli.terminal import END_OF_INPUT, INTERRUPT, terminal

needs_terminal = pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")


def test_each_line_of_a_pipe_is_a_turn(program: Program, django_http: DjangoServer) -> None:
    """The site gets all turns before each; replies go to standard output, and nothing else does."""
    ran = program("chat", "--site", "voigpt", "--url", django_http.url, stdin=b"Hello\n\nAgain")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == "You said: Hello (1 messages)\nYou said: Again (3 messages)\n"
    assert [message["content"] for message in django_http.stats().messages[1]] == [
        "Hello",
        "You said: Hello (1 messages)",
        "Again",
    ]


def test_a_failed_turn_is_not_part_of_the_conversation(program: Program, faulty: Faulty) -> None:
    """The error is one line, the next turn goes on as if it had not been, and the exit code tells of it."""
    server = faulty(chat=["good", "server_error", "good"])
    ran = program("chat", "--site", "voigpt", "--url", server.url, stdin=b"One\nTwo\nThree\n")
    assert ran.code == 7
    assert ran.out == f"{GOOD_TEXT}\n{GOOD_TEXT}\n"
    assert ran.err.count("\n") == 1
    posted = [json.loads(seen.body)["messages"] for seen in server.seen if seen.method == "POST"]
    assert [message["content"] for message in posted[-1]] == ["One", GOOD_TEXT, "Three"]


def test_new_begins_anew_and_keeps_the_system_text(program: Program, django_http: DjangoServer) -> None:
    """/new forgets the turns, not what --system said."""
    lines = b"Hello\n/new\nAgain\n"
    program("chat", "--site", "voigpt", "--url", django_http.url, "--system", "Be brief.", stdin=lines)
    roles = [[message["role"] for message in messages] for messages in django_http.stats().messages]
    assert roles == [["system", "user"], ["system", "user"]]


def test_save_writes_the_messages(program: Program, django_http: DjangoServer) -> None:
    """/save writes a JSON list that any chat client takes, readable by the user alone; spaces are part of the name."""
    lines = b"Hello\n/save our talk.json\n"
    ran = program("chat", "--site", "voigpt", "--url", django_http.url, stdin=lines)
    saved = program.folder / "our talk.json"
    assert json.loads(saved.read_text("utf-8")) == [
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": "You said: Hello (1 messages)"},
    ]
    assert ran.err == "[saved to our talk.json]\n"
    if sys.platform != "win32":
        assert stat.S_IMODE(saved.stat().st_mode) == 0o600


def test_save_overwrites_only_when_told(program: Program) -> None:
    """A file that is there stays as it is, unless there is a ! behind the command."""
    file = program.write("talk.json", "mine")
    ran = program("chat", stdin=b"/save talk.json\n")
    assert (ran.code, ran.err) == (2, "chatdoor: talk.json is there already; /save! overwrites it\n")
    assert file.read_text() == "mine"
    assert program("chat", stdin=b"/save! talk.json\n").code == 0
    assert json.loads(file.read_text()) == []
    assert [each.name for each in program.folder.iterdir() if each.is_file()] == ["talk.json"]


@pytest.mark.parametrize("name", ["", "no/such/folder/talk.json", ".", "a\0b"])
def test_save_says_why_it_can_not(program: Program, name: str) -> None:
    """A file that can not be written is one line, and the conversation goes on."""
    ran = program("chat", stdin=f"/save {name}\nHello\n".encode())
    assert ran.err.count("\n") == 1
    assert ran.err.startswith("chatdoor: ")
    assert ran.out
    assert ran.code == 2


def test_unknown_commands_are_not_sent(program: Program, django_http: DjangoServer) -> None:
    """A line that begins with a slash is a command or an error; two slashes send one."""
    ran = program(
        "chat", "--site", "voigpt", "--url", django_http.url, stdin=b"/nwe\n//etc is a folder\n/quit\nHello\n"
    )
    assert ran.err == "chatdoor: there is no command /nwe; /help shows them\n"
    assert ran.out == "You said: /etc is a folder (1 messages)\n"


def test_help_shows_the_commands(program: Program) -> None:
    """/help names every command, on standard error."""
    ran = program("chat", stdin=b"/help\n")
    assert ran.out == ""
    for command in ("/new", "/save", "/save!", "/help", "/quit"):
        assert command in ran.err


def test_a_pipe_is_the_conversation_and_nothing_else(program: Program) -> None:
    """A token can not be read from the standard input that the conversation comes from."""
    ran = program("chat", "--access-token", "-", stdin=b"token\nHello\n")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "chatdoor: --access-token and the conversation: only one can be read from standard input\n"


def test_a_pipe_that_is_no_text_is_an_error(program: Program) -> None:
    """Bytes that are not UTF-8 end the conversation with an error that names the place."""
    ran = program("chat", stdin=b"Hello\ncaf\xe9\n")
    assert ran.code == 2
    assert ran.err == "chatdoor: the conversation: standard input is not UTF-8 text (byte 4)\n"


def test_a_site_that_forgets_is_told_of(program: Program) -> None:
    """Where the site sees the last turn only, the user hears of it, once."""
    with program.started("practice", "--history", "none", "--site-file", "practice.toml") as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.readline()
        ran = program("chat", "--site", "practice.toml", stdin=b"One\nTwo\nThree\n")
    assert ran.err == "[this site does not get all of the conversation]\n"


@needs_terminal
def test_a_conversation_at_a_terminal(program: Program, django_http: DjangoServer) -> None:
    """There is a prompt, replies come below the lines, and Ctrl-D leaves with exit code 0."""
    with terminal(program, "chat", "--site", "voigpt", "--url", django_http.url) as screen:
        screen.wait_for("> ")
        screen.type("Hello\n")
        screen.wait_for("You said: Hello (1 messages)")
        screen.wait_for("> ")
        screen.type("Again\n")
        screen.wait_for("You said: Again (3 messages)")
        screen.wait_for("> ")
        screen.type(END_OF_INPUT)
        assert screen.wait() == 0


@needs_terminal
def test_ctrl_c_stops_a_reply_and_not_the_program(program: Program, faulty: Faulty) -> None:
    """What came stays on the screen, is marked, and is what the site said; the conversation goes on."""
    server = faulty(chat=["sse_stalled", "sse_good"])
    site = streaming_site(program.folder, server.url)
    with terminal(program, "chat", "--site", str(site)) as screen:
        screen.wait_for("> ")
        screen.type("One\n")
        screen.wait_for("Good day")
        began = time.monotonic()
        screen.type(INTERRUPT)
        screen.wait_for("[stopped]")
        screen.wait_for("> ")
        assert time.monotonic() - began < 2
        screen.type("Two\n")
        screen.wait_for(" you.")
        screen.wait_for("> ")
        screen.type("/save talk.json\n")
        screen.wait_for("[saved to talk.json]")
        screen.type("/quit\n")
        assert screen.wait() == 0
    posted = [json.loads(seen.body)["messages"] for seen in server.seen if seen.method == "POST"]
    assert [message["content"] for message in posted[-1]] == ["One", "Good day", "Two"]
    assert json.loads(Path(program.folder, "talk.json").read_text("utf-8"))[1]["content"] == "Good day"


@needs_terminal
def test_ctrl_c_before_any_reply_drops_the_turn(program: Program, faulty: Faulty) -> None:
    """A turn that was stopped before a word came can be repeated, and the site sees it as the first."""
    server = faulty(chat=["never_answers", "good"])
    with terminal(program, "chat", "--site", "voigpt", "--url", server.url) as screen:
        screen.wait_for("> ")
        screen.type("One\n")
        wait_until(lambda: server.prompts)
        screen.type(INTERRUPT)
        screen.wait_for("the turn is not kept]")
        screen.wait_for("> ")
        screen.type("One\n")
        screen.wait_for(GOOD_TEXT)
        screen.type("/quit\n")
        assert screen.wait() == 0
    posted = [json.loads(seen.body)["messages"] for seen in server.seen if seen.method == "POST"]
    assert [message["content"] for message in posted[-1]] == ["One"]


@needs_terminal
def test_ctrl_c_at_the_prompt_drops_the_line(program: Program) -> None:
    """A half-typed line is given up, and the program goes on."""
    with terminal(program, "chat") as screen:
        screen.wait_for("> ")
        screen.type("I feel")
        screen.wait_for("I feel")
        screen.interrupt_until("> ")
        screen.type("/quit\n")
        assert screen.wait() == 0


@needs_terminal
def test_escape_sequences_do_not_reach_a_terminal(program: Program, faulty: Faulty) -> None:
    """Neither `chat` nor `ask` lets a site's reply or its JSON command the terminal."""
    server = faulty(chat="terminal_escapes")
    site = ("--site", "voigpt", "--url", server.url)
    with terminal(program, "chat", *site, env={"TERM": "dumb"}) as screen:
        screen.wait_for("> ")
        screen.type("Hello\n")
        screen.wait_for("red ")
        screen.type("/quit\n")
        assert screen.wait() == 0
        assert "\x1b[31m" not in screen.screen
        assert "title" not in screen.screen
    for options in ((), ("--no-stream",), ("--json",)):
        with terminal(program, "ask", *site, *options, "Hello") as screen:
            assert screen.wait() == 0
            assert "\x1b" not in screen.screen
            assert "\x9b" not in screen.screen
            assert "\x07" not in screen.screen


@needs_terminal
def test_a_secret_is_not_shown_while_it_is_typed(program: Program) -> None:
    """At a terminal, a dash asks for the token and shows nothing of it."""
    with terminal(program, "chat", "--access-token", "-") as screen:
        screen.wait_for("--access-token: ")
        screen.type("s3cretofours\n")
        screen.wait_for("> ")
        screen.type("/quit\n")
        assert screen.wait() == 0
    assert "s3cret" not in screen.screen
