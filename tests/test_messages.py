"""Messages: what is taken, what is refused, and what a reply holds."""

from collections import UserList
from types import MappingProxyType

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatdoor.errors import ArgumentError
from chatdoor.messages import ROLES, Message, Piece, Reply, Timings, Usage, estimate_tokens, parse_messages

USER = {"role": "user", "content": "Hello"}
TEXT = st.text(st.characters(exclude_categories=["Cs"]))


def test_messages_are_taken_in_order() -> None:
    """Every role, and text as it is."""
    messages = [{"role": role, "content": f"I am {role}\n\u00a0\x00"} for role in sorted(ROLES)]
    assert parse_messages(messages) == tuple(Message(role, f"I am {role}\n\u00a0\x00") for role in sorted(ROLES))


@pytest.mark.parametrize(
    "messages",
    [[USER], (USER,), UserList([USER]), [MappingProxyType(USER)], [Message("user", "Hello")], [{**USER, "name": "x"}]],
)
def test_any_sequence_of_mappings_will_do(messages: object) -> None:
    """Lists, tuples, the like of them, and messages that were parsed before. Other keys are passed over."""
    assert parse_messages(messages) == (Message("user", "Hello"),)


@pytest.mark.parametrize(
    ("messages", "said"),
    [
        ("Hello", "messages: expected a list such as [{'role': 'user', 'content': 'Hello'}], got str"),
        (b"Hello", "got bytes"),
        (bytearray(b"Hello"), "got bytearray"),
        (USER, "got dict"),
        (None, "got NoneType"),
        (5, "got int"),
        ({"a"}, "got set"),
        (iter([USER]), "got list_iterator"),
        ([], "messages: the list is empty"),
        ((), "messages: the list is empty"),
        ([USER, "Hello"], "messages[1]: expected a message, got str"),
        ([None], "messages[0]: expected a message, got NoneType"),
        ([[USER]], "messages[0]: expected a message, got list"),
        ([{"content": "Hello"}], "messages[0].role: expected one of assistant, developer, function, system,"),
        ([{"role": "usr", "content": "Hello"}], "messages[0].role: expected one of"),
        ([{"role": None, "content": "Hello"}], "messages[0].role: expected one of"),
        ([{"role": ["user"], "content": "Hello"}], "messages[0].role: expected one of"),
        ([{"role": "user"}], "messages[0].content: is missing"),
        ([{"role": "user", "content": None}], "messages[0].content: expected text or a list of text parts, got None"),
        ([{"role": "user", "content": 5}], "messages[0].content: expected text or a list of text parts, got int"),
        ([{"role": "user", "content": b"x"}], "got bytes"),
        ([{"role": "user", "content": bytearray(b"x")}], "got bytearray"),
        ([{"role": "user", "content": {"type": "text", "text": "x"}}], "got dict"),
        ([{"role": "user", "content": ["a", 5]}], "messages[0].content[1]: only text parts can be sent to a web"),
        ([{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}], "messages[0].content[0]: only text"),
        ([{"role": "user", "content": [{"type": "text"}]}], "messages[0].content[0]: only text"),
        ([{"role": "user", "content": [{"type": "text", "text": None}]}], "messages[0].content[0]: only text"),
        ([{"role": "user", "content": [{"type": ["text"], "text": "x"}]}], "messages[0].content[0]: only text"),
        ([{"role": "user", "content": [{"text": "x"}]}], "messages[0].content[0]: only text"),
        ([{"role": "user", "content": [None]}], "messages[0].content[0]: only text"),
        ([{"role": "user", "content": "a\ud800"}], "messages[0].content: has half a surrogate pair, which is not text"),
        ([{"role": "user", "content": ["\udfff"]}], "messages[0].content: has half a surrogate pair"),
        ([Message("user", "\ud800")], "messages[0].content: has half a surrogate pair"),
        ([Message("nobody", "x")], "messages[0].role: expected one of"),
        ([Message("user", 5)], "messages[0].content: expected text"),
    ],
)  # fmt: skip
def test_a_message_that_can_not_be_sent_is_an_argument_error(messages: object, said: str) -> None:
    """It names the first one, and its place in it."""
    with pytest.raises(ArgumentError) as error:
        parse_messages(messages)
    assert said in str(error.value)


def test_an_error_does_not_repeat_what_was_said() -> None:
    """Messages may hold secrets; types and places do not."""
    for wrong in ("s3cret\ud800", ["s3cret", 5], [{"type": "image", "text": "s3cret"}]):
        with pytest.raises(ArgumentError) as error:
            parse_messages([{"role": "user", "content": wrong}])
        assert "s3cret" not in str(error.value)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("", ""),
        ([], ""),
        (["a", "b"], "ab"),
        ([{"type": "text", "text": "a"}, {"type": "input_text", "text": "b"}], "ab"),
        ([{"type": "output_text", "text": "c"}, "d"], "cd"),
        (({"type": "text", "text": "a", "cache_control": {}},), "a"),
    ],
)  # fmt: skip
def test_text_parts_are_joined(content: object, text: str) -> None:
    """With nothing between them, in their order."""
    assert parse_messages([{"role": "user", "content": content}]) == (Message("user", text),)


def test_a_reply_that_never_began_is_an_empty_one() -> None:
    """An assistant's content may be null, as clients keep it of a reply that was cut; nobody else's."""
    assert parse_messages([{"role": "assistant", "content": None}]) == (Message("assistant", ""),)


@given(st.lists(st.tuples(st.sampled_from(sorted(ROLES)), TEXT), min_size=1, max_size=5))
def test_any_text_arrives_unchanged(turns: list[tuple[str, str]]) -> None:
    """Nothing is stripped, joined or normalised."""
    parsed = parse_messages([{"role": role, "content": text} for role, text in turns])
    assert [(message.role, message.text) for message in parsed] == turns


@pytest.mark.parametrize(
    ("text", "tokens"), [("", 0), ("a", 1), ("abcd", 1), ("abcde", 2), ("üü", 1), ("üüü", 2), ("😀", 1), ("\ud800", 1)]
)
def test_four_bytes_are_about_a_token(text: str, tokens: int) -> None:
    """Rounded up; whatever a site sends can be counted."""
    assert estimate_tokens(text) == tokens


def test_a_piece_and_a_reply_are_their_text() -> None:
    """So that both can be printed."""
    usage, timings = Usage(1, 2), Timings(0.1, 0.2)
    reply = Reply(text="Hello", site="bot", model="m", usage=usage, timings=timings)
    assert (str(Piece("Hel")), str(reply)) == ("Hel", "Hello")
    assert (reply.finish, reply.conversation, reply.fidelity, reply.revised) == ("stop", None, "native", False)
    assert usage.estimated


def test_a_reply_is_written_as_json() -> None:
    """Its fields are plain data."""
    reply = Reply(text="ü", site="bot", model="m", usage=Usage(1, 2, estimated=False), timings=Timings(0.5, 1.5))
    assert msgspec.json.decode(msgspec.json.encode(reply), type=Reply) == reply
