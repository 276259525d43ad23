"""Conversations go on from one run to the next, where the site remembers."""

import json

from tests.cli.program import Program, Ran
from tests.servers.stacks.fixtures import Stack


def test_a_run_goes_on_where_another_ended(program: Program, stack: Stack) -> None:
    """By the id that --json shows, in the same session, until it is forgotten."""
    site = stack("flask_wtf")
    ask = ("ask", "--site", site.site_file, "--url", site.url, "--json")
    first = as_object(program(*ask, "Hello"))
    again = as_object(program(*ask, "--conversation", first["conversation"], "secret?"))
    assert (again["conversation"], again["fidelity"]) == (first["conversation"], "native")
    assert again["text"] == "You said 2 things; the first was: Hello"
    assert site.stats().pages == 1
    assert program("sites", "forget", "flask-wtf").out == "0 sessions and 1 conversation forgotten\n"
    lost = json.loads(program(*ask, "--conversation", first["conversation"], "secret?").out)
    assert lost["error"]["kind"] == "ConversationLost"


def as_object(ran: Ran) -> dict[str, object]:
    """The reply. What a run that failed has written, all of it, is in the failure of the test."""
    assert ran.code == 0, f"exit code {ran.code}; {ran.all}"
    found: dict[str, object] = json.loads(ran.out)
    return found


def test_a_chat_is_one_conversation(program: Program, stack: Stack) -> None:
    """Each line is told once, in one session."""
    site = stack("flask_wtf")
    ran = program("chat", "--site", site.site_file, "--url", site.url, stdin=b"One\nTwo\n/new\nThree\n")
    assert ran.code == 0
    assert (site.stats().pages, site.stats().heard) == (2, [["One"], ["One", "Two"], ["Three"]])


def test_a_reply_is_not_lost_where_conversations_can_not_be_kept(program: Program, stack: Stack) -> None:
    """A state folder that can not be written costs a warning."""
    site = stack("flask_wtf")
    blocked = program.write("blocked", "a file where the folder should be")
    ran = program("ask", "--site", site.site_file, "--url", site.url, "Hello", env={"CHATDOOR_STATE_DIR": str(blocked)})
    assert (ran.code, ran.out) == (0, "You said 1 things; the last was: Hello\n")
    assert ran.err.startswith("chatdoor: warning: conversations can not be kept in ")
