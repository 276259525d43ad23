"""Replies over a websocket: each frame is a record, or a packet that holds a named one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatdoor.errors import ReplyCutShort, ReplyError, SiteFailed, UnexpectedReply
from chatdoor.flow.answer import Declared
from chatdoor.flow.replies import FORMATS, ReplyDecoder
from chatdoor.flow.replies.decoder import PAGE_EVIDENCE
from chatdoor.site.model import Format, ReplyRule
from tests.flow.replies.splits import feed
from tests.flow.script import site_of


def _decoder(form: Format, rule: str) -> ReplyDecoder:
    """A decoder for frames, from the rule of an event stream: files with these formats do not load yet."""
    like = site_of(reply=f"sse = {rule}").reply
    fields = {name: getattr(like, name) for name in like.__struct_fields__ if name != "format"}
    return FORMATS[form](ReplyRule(format=form, **fields), Declared(), {})


def _outcome(form: Format, rule: str, frames: list[str]) -> object:
    decoder = _decoder(form, rule)
    try:
        pieces = feed(decoder, [frame.encode() for frame in frames])
    except ReplyError as error:
        return type(error)
    assert decoder.ended
    assert decoder.revised or "".join(pieces) == decoder.text
    return decoder.text


V = '"v"'
FRAMES = [
    ("two frames", V, ['{"v": "a"}', '{"v": "b"}'], "ab"),
    ("plain text", '"@"', ["a", "<think>", "é"], "a<think>é"),
    ("an empty frame", '"@"', ["a", "", "b"], "ab"),
    ("an end", f"{V}\ndone = {{ t = 1 }}", ['{"v": "a"}', '{"t": 1}', '{"v": "no"}'], "a"),
    ("an end by string", '"@"\ndone = "<end>"', ["a", "<end>", "no"], "a"),
    ("[DONE]", '"@"', ["a", "[DONE]", "no"], "a"),
    ("the whole so far", f"{V}\ncumulative = true", ['{"v": "a"}', '{"v": "ab"}'], "ab"),
    (
        "an echo of the prompt",
        f'{V}\nwhere = {{ role = "bot" }}',
        ['{"role":"me","v":"p"}', '{"role":"bot","v":"a"}'],
        "a",
    ),
    ("a field called event", f'{V}\nwhere = {{ event = "e" }}', ['{"event":"e","v":"a"}', '{"v":"no"}'], "a"),
    ("a page", '"@"', ["<!doctype html>"], "<!doctype html>"),
    ("not JSON", V, ["hello"], UnexpectedReply),
    ("half a document", V, ['{"v": "a'], UnexpectedReply),
    ("an error", f'{V}\nerror = "e"', ['{"e": "full"}'], SiteFailed),
    ("closed before the end", f"{V}\ndone = {{ t = 1 }}", ['{"v": "a"}'], ReplyCutShort),
    ("closed before anything", V, [], UnexpectedReply),
    ("no text", V, ["{}"], UnexpectedReply),
]


@pytest.mark.parametrize(("rule", "frames", "outcome"), [row[1:] for row in FRAMES], ids=[row[0] for row in FRAMES])
def test_each_frame_is_a_record(rule: str, frames: list[str], outcome: object) -> None:
    """By the rules of records; the connection that closes is the end, where none is declared."""
    assert _outcome("websocket", rule, frames) == outcome


TOKEN = f'{V}\nwhere = {{ event = "token" }}\ndone = {{ event = "end" }}'
EVENTS = [
    ("named events", TOKEN, ['42["echo",{"v":"p"}]', '42["token",{"v":"a"}]', '42["end",{}]'], "a"),
    ("an end without data", TOKEN, ['42["token",{"v":"a"}]', '42["end"]'], "a"),
    (
        "text is the data",
        '"@"\nwhere = { event = "t" }',
        ['42["t","Good "]', '42["t","day"]', '42["x","no"]'],
        "Good day",
    ),
    ("JSON in a text", V, ['42["t","{\\"v\\": \\"a\\"}"]'], "a"),
    ("several arguments", '"[1]"', ['42["t",7,"a"]'], "a"),
    ("an end by string", '"@"\ndone = "[end]"', ['42["t","a"]', '42["t","[end]"]'], "a"),
    ("packets between them", V, ["2", "6", '40{"sid":"x"}', '42["t",{"v":"a"}]', "2"], "a"),
    ("the site ends it", V, ['42["t",{"v":"a"}]', "41", '42["t",{"v":"no"}]'], "a"),
    ("the site ends it too soon", TOKEN, ['42["token",{"v":"a"}]', "41"], ReplyCutShort),
    ("closed too soon", TOKEN, ['42["token",{"v":"a"}]'], ReplyCutShort),
    ("refused", V, ['44{"message":"no"}'], SiteFailed),
    ("binary", V, ['451-["t",{"_placeholder":true,"num":0}]'], UnexpectedReply),
    ("no packet", V, ["hello"], UnexpectedReply),
    ("half a packet", V, ['42["t",{"v":"a'], UnexpectedReply),
]


@pytest.mark.parametrize(("rule", "frames", "outcome"), [row[1:] for row in EVENTS], ids=[row[0] for row in EVENTS])
def test_each_event_is_a_named_record(rule: str, frames: list[str], outcome: object) -> None:
    """The name as in event streams, the argument as the data; other packets say nothing of the reply."""
    assert _outcome("socketio", rule, frames) == outcome


@given(st.sampled_from(["websocket", "socketio"]), st.lists(st.text(max_size=10), max_size=4))
def test_no_frames_raise_anything_else(form: Format, frames: list[str]) -> None:
    """A text, or an error of ours; and the evidence is bounded."""
    assert isinstance(
        _outcome(form, '"@"', [frame.encode("utf-8", "replace").decode() for frame in frames]), str | type
    )
    decoder = _decoder("websocket", '"@"')
    decoder.feed(b"x" * 100_000)
    assert len(decoder.evidence) <= PAGE_EVIDENCE
