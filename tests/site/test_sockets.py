"""What a site file may say of websockets: each mistake with its place, and what is understood."""

import pytest

from chatdoor.errors import SiteFileError
from chatdoor.site import loads_site

FILE = """schema = 1
name = "bot"
url = "https://bot.example.org"
[chat]
websocket = "/ws"
json = { text = "{prompt}" }
[reply]
websocket = "text"
"""

MISTAKES = [
    ('json = { text = "{prompt}" }', 'form = { text = "{prompt}" }', "6: chat.form: a frame is json or text"),
    ("[reply]", 'every = "1s"\n[reply]', "7: chat.every: frames are read as they come; until needs no pause"),
    ("[reply]", "auth = {}\n[reply]", "7: chat.auth: goes with socketio"),
    ("[reply]", 'until = { text = "x" }\n[reply]', "7: chat.until: the frames of this step are the reply: see `where`"),
    ("[reply]", 'expect = { text = "x" }\n[reply]', "7: chat.expect: the frames of this step are the reply"),
    ("[reply]", "expect = { close = 4001 }\n[reply]", "7: chat.expect.close: is for `refused` and `lost`"),
    ("[reply]", 'take.a = { meta = "a" }\n[reply]', "7: chat.take.a.meta: is looked for in pages, and a frame is none"),
    ('websocket = "text"', 'json = "text"', "5: chat.websocket: its frames are read by websocket in [reply]"),
    ('websocket = "/ws"', 'post = "/ws"', "8: reply.websocket: is read from the frames of a websocket step"),
    ('websocket = "/ws"', 'socketio = "/ws"', "6: chat.json: an event is written as emit"),
    (
        'websocket = "/ws"\njson = { text = "{prompt}" }',
        'socketio = "/ws"\nemit = [1, "{prompt}"]',
        "6: chat.emit: begins with the name of the event",
    ),
    ('"/ws"', '"wss://other.example/ws"', "5: chat.websocket: https://other.example is not named"),
]


@pytest.mark.parametrize(("old", "new", "said"), MISTAKES)
def test_a_mistake_is_told_with_its_place(old: str, new: str, said: str) -> None:
    """File, line, key and what is wrong."""
    with pytest.raises(SiteFileError) as error:
        loads_site(FILE.replace(old, new, 1), "bot.toml")
    assert str(error.value).startswith(f"bot.toml:{said}")


def test_a_websocket_means_that_the_connection_remembers() -> None:
    """Unless each request carries all turns, or the file says otherwise."""
    assert loads_site(FILE).conversation.history == "connection"
    assert loads_site(FILE.replace('"{prompt}"', '"{messages}"')).conversation.history == "client"
    assert loads_site(f"{FILE}[conversation]\nhistory = 'none'").conversation.history == "none"


def test_a_connection_needs_a_websocket() -> None:
    """No other step has a connection that could remember."""
    text = FILE.replace('websocket = "/ws"', 'post = "/chat"').replace('websocket = "text"', 'json = "text"')
    with pytest.raises(SiteFileError, match="no chat step has one"):
        loads_site(f"{text}[conversation]\nhistory = 'connection'")


def test_a_full_url_may_have_the_scheme_of_websockets() -> None:
    """`wss` is `https` with another name."""
    (step,) = loads_site(FILE.replace('"/ws"', '"wss://bot.example.org/ws"')).chat
    assert step.label == "WEBSOCKET https://bot.example.org/ws"
