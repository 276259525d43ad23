"""Two programs on one file of conversations, with a site that remembers by the connection."""

from pathlib import Path

from chatdoor import Client, ConversationFile
from chatdoor.site import loads_site
from tests.drive.faces import HELLO
from tests.drive.test_sockets import after
from tests.servers.sockets import SocketServer


def test_a_connection_that_missed_a_turn_is_not_used(sockets: SocketServer, tmp_path: Path) -> None:
    """The other program has gone on with the talk on a connection of its own: this one's does not know that turn."""
    site = loads_site(f"""
        schema = 1
        name = "socket"
        url = "{sockets.url}"
        [[conversation.start]]
        websocket = "/ws/echo"
        [chat]
        websocket = "/ws/echo"
        json = {{ text = "{{prompt}}" }}
        [reply]
        websocket = "text"
        where = {{ type = "token" }}
        done = {{ type = "done" }}
    """)
    stores = [ConversationFile(tmp_path / "c.db") for _ in range(2)]
    with Client(site, conversations=stores[0]) as one, Client(site, conversations=stores[1]) as two:
        first = one.ask(HELLO)
        messages = after(HELLO, first.text, "b")
        second = two.ask(messages)
        third = one.ask(after(messages, second.text, "c"))
    for store in stores:
        store.close()
    assert (first.text, second.text, third.text) == ("Hello", "Hello|b", "Hello|b|c")
    assert len({first.conversation, second.conversation, third.conversation}) == 1
