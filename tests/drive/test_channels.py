"""Django Channels: the session cookie opens the socket, and the connection keeps the talk."""

import pytest

from chatdoor import Client, Messages, Site
from chatdoor.errors import SessionRefused
from chatdoor.site import loads_site
from tests.drive.faces import FACES, HELLO, Ask
from tests.servers.stacks.fixtures import Stack
from tests.servers.stacks.ledger import SECRET
from tests.servers.stacks.server import StackServer

FACE = pytest.mark.parametrize("face", FACES.values(), ids=FACES)
PLANTED: Messages = [{"role": "user", "content": "the word is swordfish"}]


def site_of(server: StackServer) -> Site:
    """The stack's site, where it runs."""
    return loads_site(server.site_file.read_text("utf-8").replace("http://127.0.0.1", server.url))


def more(messages: Messages, text: str, prompt: str) -> Messages:
    """The list with a reply and a new prompt."""
    return [*messages, {"role": "assistant", "content": text}, {"role": "user", "content": prompt}]


@FACE
def test_the_connection_remembers(stack: Stack, face: Ask) -> None:
    """The second turn of a list goes on in the first one's connection."""
    server = stack("channels")
    first = "You said 1 things; the last was: Hello"
    replies = face(site_of(server), HELLO, more(HELLO, first, "More"))
    assert [reply.text for reply in replies] == [first, "You said 2 things; the last was: More"]
    stats = server.stats()
    assert (stats.accepted, stats.refused, stats.tokens) == (2, 0, 1)


@FACE
def test_a_secret_stays_in_its_conversation(stack: Stack, face: Ask) -> None:
    """What is planted in one conversation is not to be had from another."""
    server = stack("channels")
    replies = face(site_of(server), PLANTED, [{"role": "user", "content": SECRET}])
    assert "swordfish" not in replies[1].text
    assert server.stats().heard == [["the word is swordfish"], [SECRET]]


def test_a_dead_session_is_replaced_and_the_talk_told_again(stack: Stack) -> None:
    """Code 4401 refuses the turn: a new session hears the turns from the start, each of them once."""
    server = stack("channels")
    with Client(site_of(server)) as client:
        first = client.ask(HELLO)
        server.expire()
        second = client.ask(more(HELLO, first.text, "More"))
    assert (second.text, second.fidelity) == ("You said 2 things; the last was: More", "replayed")
    assert server.stats().refused == 1
    assert server.stats().heard == [["Hello"], ["Hello"], ["Hello", "More"]]


@FACE
def test_without_the_page_there_is_no_session(stack: Stack, face: Ask) -> None:
    """A socket without the cookie is closed with 4401, and the error says so."""
    server = stack("channels")
    text = site_of(server).text.replace('[session]\nget = "/"', "")
    with pytest.raises(SessionRefused, match="4401"):
        face(loads_site(text))
    assert server.stats().accepted == 0


@FACE
def test_another_origin_is_refused(stack: Stack, face: Ask) -> None:
    """Channels checks the Origin: a wrong one is a 403 before the socket is open."""
    server = stack("channels")
    text = site_of(server).text.replace("[reply]", 'headers = { Origin = "http://evil.example" }\n[reply]')
    with pytest.raises(SessionRefused, match="403"):
        face(loads_site(text))
    assert server.stats().accepted == 0
