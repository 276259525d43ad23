"""Steps over a websocket: frames that are waited for, what they hold, and what a close code means."""

import re
from typing import Any

import pytest

from chatdoor.errors import (
    ChatdoorError,
    ContentRefused,
    ConversationLost,
    ReplyCutShort,
    ReplyTooLarge,
    SessionRefused,
    TimedOut,
    TokenNotFound,
    UnexpectedReply,
)
from chatdoor.flow.effects import HungUp
from chatdoor.site import Site, loads_site
from tests.flow.script import Said, Script, frames, page, said

WELCOME = '{"type": "welcome", "room": "r7"}'
REPLY = ('{"text": "a"}', '{"text": "b"}')
UNTIL = 'until = { json = { type = "welcome" } }'


def site_of(start: str = "", more: str = "", *, kind: str = "websocket", top: str = "") -> Site:
    """A site that opens a conversation with lines of `start`, and sends the prompt as a frame."""
    send = 'emit = ["ask", "{prompt}"]' if kind == "socketio" else 'json = { text = "{prompt}" }'
    opening = f'[conversation.start]\n{kind} = "/ws"\n{start}' if start else ""
    return loads_site(f"""
schema = 1
name = "socket"
url = "https://bot.example"
{top}
{opening}
[chat]
{kind} = "/ws"
{send}
[reply]
{kind} = "text"
{more}
""")


def test_a_frame_is_waited_for() -> None:
    """Others before it are read, its values taken, and the prompt goes out after it."""
    script = Script([frames('{"type": "hello"}', "", WELCOME), frames(*REPLY)])
    site = site_of(f'{UNTIL}\ntake.conversation = {{ json = "room" }}')
    text = site.text.replace('text = "{prompt}"', 'text = "{prompt}", room = "{conversation}"')
    assert script.ask(loads_site(text)).text == "ab"
    assert script.requests[0].body is None
    assert script.requests[1].body == b'{"text":"Hello","room":"r7"}'
    assert script.unused == 0


def test_one_frame_is_enough() -> None:
    """Without `until`, the first that says something is the one; an empty one keeps the connection open."""
    script = Script([frames("", WELCOME, '{"type": "more"}'), frames(*REPLY)])
    assert script.ask(site_of('expect = { json = { type = "welcome" } }')).text == "ab"


PACKETS = [
    ("an object", ("6", '42["hello",{}]', '42["welcome",{"room":"r7"}]')),
    ("a text with JSON in it", ('42["welcome","{\\"room\\": \\"r7\\"}"]',)),
]


@pytest.mark.parametrize("packets", [row[1] for row in PACKETS], ids=[row[0] for row in PACKETS])
def test_an_event_is_waited_for(packets: tuple[str, ...]) -> None:
    """By its name, with the values of its data; packets that are no event say nothing."""
    start = 'until = { json = { event = "welcome" } }\ntake.room = { json = "room" }'
    script = Script([frames(*packets), frames('42["say",{"text":"ab"}]')])
    text = site_of(start, kind="socketio").text.replace('"ask", ', '"ask", "{room}", ')
    assert script.ask(loads_site(text)).text == "ab"
    assert script.requests[1].body == b'42["ask","r7","Hello"]'


def test_the_first_packet_that_is_an_event_is_enough() -> None:
    """A packet that keeps the connection open is not what `expect` asks for."""
    script = Script([frames("6", '42["welcome"]'), frames('42["say",{"text":"ab"}]')])
    assert script.ask(site_of('expect = { json = { event = "welcome" } }', kind="socketio")).text == "ab"


CLOSED = "[conversation]\nlost = { close = 4404 }"
SILENT = Said(101, (), (b"{}",), breaks=TimedOut("timed out while waiting for a frame", phase="a frame"))
FAULTS: list[tuple[str, str, str, list[Said | ChatdoorError], type[ChatdoorError], str]] = [
    (
        "closed too soon",
        UNTIL,
        "",
        [frames("{}", closes=1011)],
        ReplyCutShort,
        "1011.*: JSON in which type is",
    ),
    ("silent", UNTIL, "", [SILENT], TimedOut, "for a frame, .* has not come: JSON"),
    ("too much", UNTIL, '[limits]\nreply_bytes = "1KB"', [frames("x" * 9_000_000)], ReplyTooLarge, "larger than"),
    ("not expected", "expect = { text = 'hi' }", "", [frames(WELCOME)], UnexpectedReply, "did not come"),
    ("no value", 'take.room = { json = "x" }', "", [frames(WELCOME)], TokenNotFound, "the value room"),
    ("no websocket", UNTIL, "", [said(200, "{}")], UnexpectedReply, "expected a websocket"),
    ("refused by a frame", UNTIL, "", [frames("go away")], SessionRefused, "a frame says so"),
    ("blocked by a frame", UNTIL, "", [frames('{"filtered": true}')], ContentRefused, "content rules"),
    ("blocked in a reply", "", "", [frames(REPLY[0], '{"filtered": true}')], ContentRefused, "content rules"),
    ("refused by a code", UNTIL, "", [frames(closes=4401)], SessionRefused, "4401"),
    ("refused handshake", UNTIL, "", [said(403)], SessionRefused, "403"),
    ("a page", UNTIL, "", [page()], UnexpectedReply, "got a page"),
    ("lost twice", "", CLOSED, [frames(closes=4404)] * 2, ConversationLost, "4404"),
    ("gone twice", "", "", [HungUp("the websocket is closed")] * 2, ConversationLost, "is closed"),
]


@pytest.mark.parametrize(
    ("start", "more", "answers", "kind", "told"), [row[1:] for row in FAULTS], ids=[row[0] for row in FAULTS]
)
def test_what_goes_wrong(start: str, more: str, answers: list[Any], kind: type[ChatdoorError], told: str) -> None:
    """Each ends the call with an error that says what it was, after as many attempts as its kind allows."""
    refused = 'refused = [{ close = 4401 }, { text = "go away" }, { status = 403 }]'
    refused += "\nblocked = { json = { filtered = true } }"
    script = Script(answers)
    with pytest.raises(kind, match=told):
        script.ask(site_of(start, more, top=refused))
    assert script.unused == 0


def test_a_packet_that_is_none_is_told() -> None:
    """Text that is not Socket.IO's ends the wait at once."""
    start = 'until = { json = { event = "welcome" } }'
    with pytest.raises(UnexpectedReply, match="expected a Socket"):
        Script([frames("hello")]).ask(site_of(start, kind="socketio"))
    with pytest.raises(UnexpectedReply, match="refuses the connection"):
        Script([frames('44{"message":"no"}')]).ask(site_of(start, kind="socketio"))


def test_a_connection_that_is_gone_is_opened_anew() -> None:
    """Nothing was sent on it; so the turn is told on a new one, after the old one is let go of."""
    script = Script([HungUp("the websocket is closed"), frames(*REPLY)])
    assert script.ask(site_of()).text == "ab"
    assert re.fullmatch(r"(hang up \| )*WEBSOCKET /ws( \| hang up)+ \| WEBSOCKET /ws", script.story)


@pytest.mark.parametrize("code", [1000, 1005])
def test_a_close_is_the_end(code: int) -> None:
    """Where no end is declared and the site closes as it should, or says no code."""
    assert Script([frames(*REPLY, closes=code)]).ask(site_of()).text == "ab"


@pytest.mark.parametrize("code", [1001, 1002, 1009, 1011, 1012, 4000])
def test_a_close_that_is_no_good_end(code: int) -> None:
    """A site that breaks down in mid-reply is never taken for one that has said it all."""
    with pytest.raises(ReplyCutShort, match=str(code)) as error:
        Script([frames(*REPLY, closes=code)]).ask(site_of())
    assert error.value.partial == "ab"


def test_a_close_after_the_end_says_nothing() -> None:
    """The reply was whole before."""
    script = Script([frames(*REPLY, '{"type": "done"}', closes=1011)])
    assert script.ask(site_of(more='done = { type = "done" }')).text == "ab"
