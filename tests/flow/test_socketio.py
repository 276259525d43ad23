"""Socket.IO: what packets mean, and what is not understood."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatdoor.flow.socketio import (
    Close,
    Connected,
    ConnectError,
    Disconnect,
    Event,
    Noop,
    Open,
    Packet,
    PacketError,
    Ping,
    Pong,
    encode_connect,
    encode_event,
    encode_pong,
    parse_packet,
)

# socket.io/docs/v4: the examples of engine-io-protocol and socket-io-protocol.
PACKETS: list[tuple[str, Packet]] = [
    ('0{"sid":"lv_V","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}', Open(25.0, 20.0)),
    ("1", Close()),
    ("2", Ping()),
    ("2probe", Ping("probe")),
    ("3probe", Pong()),
    ("6", Noop()),
    ('40{"sid":"wZX3"}', Connected()),
    ("41", Disconnect()),
    ("41/,", Disconnect()),
    ('42["foo"]', Event("foo", ())),
    ('42["foo","bar",{"a":[1,null]}]', Event("foo", ("bar", {"a": [1, None]}))),
    ('42/,["foo"]', Event("foo", ())),
    ('44{"message":"Not authorized"}', ConnectError("Not authorized")),
    ('44"no"', ConnectError("no")),
    ("44{}", ConnectError("")),
]


@pytest.mark.parametrize(("text", "packet"), PACKETS)
def test_what_a_packet_says(text: str, packet: Packet) -> None:
    """Each kind that a server sends."""
    assert parse_packet(text) == packet


BAD = [
    ("", "an empty frame"),
    ("hello", "expected a Socket.IO packet"),
    ("4", "expected a Socket.IO packet"),
    ("49", "expected a Socket.IO packet"),
    ("0", "expected JSON"),
    ("0{}", "the times of pings"),
    ('0{"pingInterval":true,"pingTimeout":1}', "the times of pings"),
    ("42", "expected JSON"),
    ("42{}", "event with a name"),
    ("42[]", "event with a name"),
    ("42[1]", "event with a name"),
    ('42["a', "expected JSON"),
    ('4212["a"]', "asks for an acknowledgement"),
    ('42/chat,["a"]', "another namespace"),
    ('43/,1["a"]', "is an acknowledgement"),
    ('451-["a",{"_placeholder":true,"num":0}]', "binary parts"),
    ("461-[]", "binary parts"),
    ("bAQID", "is binary"),
    ("5", "an upgrade"),
    ("42" + "[" * 10_000, "expected JSON"),
]


@pytest.mark.parametrize(("text", "told"), BAD)
def test_what_is_not_understood_is_an_error(text: str, told: str) -> None:
    """Acknowledgements, binary parts, other namespaces, and what is no packet at all: each says which."""
    with pytest.raises(PacketError, match=told):
        parse_packet(text)


@given(st.text(max_size=30) | st.from_regex(r"[0-6][0-6]?[\[{\"/0-9,a]{0,10}"))
def test_no_text_raises_anything_else(text: str) -> None:
    """A packet, or an error of ours."""
    with contextlib.suppress(PacketError):
        assert isinstance(parse_packet(text), Packet)


def test_what_is_sent() -> None:
    """Connect with and without a payload, an event with its arguments, the answer to a ping."""
    assert encode_connect() == "40"
    assert encode_connect({"token": "é"}) == '40{"token":"é"}'
    assert encode_event("ask", ["Hello\n", {"n": 1}]) == '42["ask","Hello\\n",{"n":1}]'
    assert [encode_pong(Ping()), encode_pong(Ping("probe"))] == ["3", "3probe"]
    assert parse_packet("41") == Disconnect()


@given(st.text(), st.lists(st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text()))
def test_an_event_comes_back_as_it_went(name: str, arguments: list[object]) -> None:
    """Whatever its name and its arguments hold."""
    try:
        text = encode_event(name, arguments)
    except UnicodeEncodeError:  # half a surrogate pair is no text
        return
    assert parse_packet(text) == Event(name, tuple(arguments))
