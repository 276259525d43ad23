"""What records mean: where the text is, which ones hold it, how they end, what they tell besides."""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatdoor.errors import ReplyCutShort, ReplyError, SiteFailed, UnexpectedReply
from tests.flow.replies.splits import decoder_of, feed, outcome_of, splits

A, B, NO = '{"v": "a"}', '{"v": "b"}', '{"v": "no"}'
V = 'sse = "v"'
EVENT_E = f'{V}\nwhere = {{ event = "e" }}'
FIELD = f'{V}\nwhere = {{ "@.event" = "e" }}'
END = f'{V}\ndone = {{ event = "end" }}'

TEXT_CASES = [
    ("the text at a path", 'sse = "c[0].d"', ['{"c": [{"d": "a"}]}'], "a"),
    ("no text there", V, ['{"v": null}', "{}", A], "a"),
    ("a number there", V, ['{"v": 1}'], UnexpectedReply),
    ("a list", 'sse = "[1]"', ['[0, "a"]'], "a"),
    ("plain text", 'sse = "@"', ['{"v": 1}', "7", "b"], '{"v": 1}7b'),
    ("not JSON", V, ["hello"], UnexpectedReply),
    ("nested too deeply", V, ["[" * 10_000], UnexpectedReply),
    ("half a pair", V, ['{"v": "\\ud83d"}'], UnexpectedReply),
    ("a pair in two records", V, ['{"v": "a\\ud83d"}', "{}", '{"v": ""}', '{"v": "\\ude00b"}'], "a😀b"),
    ("the other half of none", V, ['{"v": "\\ude00"}'], UnexpectedReply),
    ("two first halves", V, ['{"v": "\\ud83d"}', '{"v": "\\ud83d\\ude00"}'], UnexpectedReply),
    ("half a pair, and the end", V, ['{"v": "a\\ud83d"}', "[DONE]"], UnexpectedReply),
    ("half a pair elsewhere", V, ['{"v": "a", "w": "\\ud83d"}'], "a"),
    ("no data keeps the connection open", V, ["", " ", A], "a"),
]
WHERE_CASES = [
    ("by a field", f'{V}\nwhere = {{ t = "x" }}', ['{"t": "y", "v": "no"}', '{"t": "x", "v": "a"}'], "a"),
    ("by the name of the event", EVENT_E, [("f", NO), ("e", A)], "a"),
    ("by one of two", f'{V}\nwhere = {{ event = ["e", "f"] }}', [("e", A), ("f", B), ("g", NO)], "ab"),
    ("an event without a name", f'{V}\nwhere = {{ event = "message" }}', [A, ("e", NO)], "a"),
    ("a name in the data", EVENT_E, ['{"event": "e", "v": "a"}', ("f", '{"event": "e", "v": "no"}')], "a"),
    (
        "a field beside the name",
        FIELD,
        [("f", '{"event": "e", "v": "a"}'), ("e", NO), '{"event": "e", "v": "b"}'],
        "ab",
    ),
    ("a field of what is no JSON", FIELD, [("e", "hello"), ("f", '{"event": "e", "v": "a"}')], "a"),
    ("other events may be no JSON", EVENT_E, [("f", "hello"), ("e", A)], "a"),
    ("these may not", EVENT_E, [("e", "hello")], UnexpectedReply),
    ("plain text", 'sse = "@"\nwhere = { event = "e" }', [("f", "no"), ("e", "hello")], "hello"),
    ("true is no number", f"{V}\nwhere = {{ n = 1 }}", ['{"n": true, "v": "no"}', '{"n": 1, "v": "a"}'], "a"),
]
DONE_CASES = [
    ("by a string", f'{V}\ndone = "bye"', [A, "bye", "?"], "a"),
    ("[DONE] always", f'{V}\ndone = "bye"', [A, "[DONE]"], "a"),
    ("by a field", f"{V}\ndone = {{ last = true }}", ['{"v": "a", "last": true}', B], "a"),
    ("by the name of the event", END, [A, ("end", B)], "ab"),
    ("it is no JSON", END, [A, ("end", "bye")], "a"),
    ("it has no data", END, [A, ("end", "")], "a"),
    ("plain text in it", 'sse = "@"\ndone = { event = "end" }', ["a", ("end", "bye")], "abye"),
    ("it need not pass where", f"{V}\nwhere = {{ t = 1 }}\ndone = {{ t = 2 }}", ['{"t": 2, "v": "no"}'], ""),
    ("it does not come", END, [A], ReplyCutShort),
    ("it is not declared", V, [A], "a"),
    ("it is not declared, and no record has text", V, ['{"w": "a"}'], UnexpectedReply),
    ("[DONE], and no record has text", V, ['{"w": "a"}', "[DONE]"], ""),
    ("it is not declared, and a text is empty", V, ['{"v": ""}'], ""),
]
CUMULATIVE_CASES = [
    ("all records", f"{V}\ncumulative = true", ['{"v": "Go"}', '{"v": "Good"}', '{"v": "Good"}'], "Good"),
    ("the last one", f"{V}\ncumulative = {{ l = 1 }}", [A, B, '{"v": "ab!", "l": 1}'], "ab!"),
    ("by the name of the event", f'{V}\ncumulative = {{ event = "all" }}', [A, B, ("all", '{"v": "ab"}')], "ab"),
]
ERROR_CASES = [
    ("by a path", f'{V}\nerror = "e.m"', [A, '{"e": {"m": "full"}}'], SiteFailed),
    ("by the name of the event", f'{V}\nerror = {{ event = "error" }}', [("error", "Overloaded")], SiteFailed),
    ("before where", f'{V}\nwhere = {{ t = 1 }}\nerror = "e"', ['{"e": "full"}'], SiteFailed),
    ("none", f'{V}\nerror = "e"', ['{"v": "a", "e": null}', '{"v": "b", "e": ""}'], "ab"),
    ("after the end", f'{V}\nerror = "e"\ndone = "bye"', ["bye", '{"e": "full"}'], ""),
]
CASES = {
    f"{key}: {name}": row
    for key, rows in {
        "text": TEXT_CASES,
        "where": WHERE_CASES,
        "done": DONE_CASES,
        "cumulative": CUMULATIVE_CASES,
        "error": ERROR_CASES,
    }.items()
    for name, *row in rows
}
Events = list[str | tuple[str, str]]
"""The data of each, or its name and data."""


@pytest.mark.parametrize(("rule", "events", "outcome"), CASES.values(), ids=CASES.keys())
@given(data=st.data())
def test_what_records_mean(rule: str, events: Events, outcome: object, data: st.DataObject) -> None:
    """The text or the error that the language says, the same for every split."""
    found = outcome_of(rule, data.draw(splits(_stream(events))))
    assert found == outcome or type(found) is outcome


def test_a_text_that_is_rewritten() -> None:
    """The stream goes on from the common length; the whole is the newest, and says that it was revised."""
    decoder = decoder_of('sse = "v"\ncumulative = true')
    wholes = ["Good mor", "Good day", "Good", "Good night."]
    assert feed(decoder, [_stream([f'{{"v": "{whole}"}}' for whole in wholes])]) == ["Good mor", "day", " night."]
    assert decoder.text == "Good night."
    assert decoder.revised


WHOLES = [
    (["a\\ud83d", "a\\ud83d\\ude00b"], ["a", "😀b"]),
    (["a\\ud83d", "b\\ud83d", "b\\ud83d\\ude00"], ["a", "b", "😀"]),
    (["e", "e\u0301", "e\u0301!"], ["e", "\u0301", "!"]),
    (["abc", ""], ["abc"]),
    (["", "abc"], ["abc"]),
]


@pytest.mark.parametrize(("wholes", "pieces"), WHOLES)
def test_a_text_that_grows(wholes: list[str], pieces: list[str]) -> None:
    """A character is given once it is whole; an empty text at the end takes nothing back."""
    decoder = decoder_of('sse = "v"\ncumulative = true')
    assert feed(decoder, [_stream([f'{{"v": "{whole}"}}' for whole in wholes])]) == pieces
    assert decoder.text == ("b😀" if "b" in pieces else "".join(pieces))


def test_a_rewritten_text_is_compared_by_halves() -> None:
    """Records that rewrite the end of a long text: no line of ours runs once for each character."""
    decoder = decoder_of('sse = "v"\ncumulative = true')
    whole = "x" * 100_000
    stream = _stream([f'{{"v": "{whole}{number % 10}"}}' for number in range(100)])
    pieces: list[str] = []
    assert _lines_run(lambda: pieces.extend(feed(decoder, [stream]))) < 100 * 300
    assert pieces == [f"{whole}0", *(str(number % 10) for number in range(1, 100))]
    assert decoder.text == f"{whole}9"


def _lines_run(action: Callable[[], None]) -> int:
    """How many lines of Python the action runs."""
    lines = 0

    def note(_frame: FrameType, event: str, _argument: object) -> Any:
        nonlocal lines
        lines += event == "line"
        return note

    before = sys.gettrace()
    sys.settrace(note)
    try:
        action()
    finally:
        sys.settrace(before)
    return lines


@pytest.mark.parametrize(("one", "other", "same"), [("", "a", 0), ("a", "", 0), ("ab", "ac", 1), ("ab", "abc", 2)])
def test_the_common_length(one: str, other: str, same: int) -> None:
    """Of any two texts."""
    decoder = decoder_of('sse = "v"\ncumulative = true')
    pieces = feed(decoder, [_stream([f'{{"v": "{one}"}}', f'{{"v": "{other}"}}'])])
    assert pieces == [piece for piece in (one, other[same:]) if piece]


@given(st.lists(st.text(max_size=20), min_size=1))
def test_cumulative_text_is_the_last_one(wholes: list[str]) -> None:
    """Whatever the site does with its text, the reply is what it said last; saying nothing is not to say."""
    decoder = decoder_of('sse = "v"\ncumulative = true')
    feed(decoder, [b"data: %b\n\n" % msgspec.json.encode({"v": whole}) for whole in wholes])
    assert decoder.text == next(filter(None, reversed(wholes)), "")


def test_what_records_tell_besides() -> None:
    """Why it ended, and the numbers of tokens: the last ones count, wherever they are."""
    decoder = decoder_of('sse = "v"\nwhere = { t = 1 }\nfinish = "why"\nusage = { input = "u.in", output = "u.out" }')
    events = ['{"t": 1, "v": "a", "u": {"in": 1, "out": true}}', '{"why": "length", "u": {"in": 7, "out": 3}}']
    feed(decoder, [_stream([*events, '{"u": "?"}'])])
    assert (decoder.finish_reason, decoder.tokens_in, decoder.tokens_out) == ("length", 7, 3)


def test_the_record_that_reports_an_error_is_the_evidence() -> None:
    """What is shown is the error, not the beginning of the stream."""
    decoder = decoder_of('sse = "v"\nerror = "e"')
    with pytest.raises(SiteFailed):
        feed(decoder, [_stream([A, '{"e": "full"}'])])
    assert decoder.evidence == b'{"e": "full"}'


def test_the_evidence_is_bounded() -> None:
    """Of a stream its beginning is kept, of a page more, so that what it is can be seen."""
    stream, page = decoder_of('sse = "@"'), decoder_of('sse = "@"')
    for _ in range(100):
        stream.feed(b"data: aaaaaaaaaaaaaaaaa\n\n" * 100)
        page.feed(b"<p>aaaaaaaaaaaaaaaaaaaaaaa" * 100)
    assert 2_000 <= len(stream.evidence) <= 5_000
    assert len(page.evidence) == 64_000


@pytest.mark.parametrize("size", [1, 1_000])
def test_the_partial_text_is_in_the_error(size: int) -> None:
    """What came before a stream was cut is the error's, and nobody's reply."""
    error = outcome_of('sse = "v"\ndone = "bye"', [_stream([A] * size)])
    assert isinstance(error, ReplyError)
    assert isinstance(error, ReplyCutShort)
    assert error.partial == "a" * size


def _stream(events: Events) -> bytes:
    pairs = [("", event) if isinstance(event, str) else event for event in events]
    return "".join(f"event: {name}\ndata: {data}\n\n" if name else f"data: {data}\n\n" for name, data in pairs).encode()
