"""What each value of a request is: a constant, a token, an id, made by the client. Told by how it changes.

The same in every turn and given by an earlier answer: the session's. Other in every turn: the request's. Absent in the
first turn and given by its answer: the conversation's id. Given by no answer: the client made it.
"""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final, Literal, TypeAlias

import msgspec

from chatdoor.discover import words
from chatdoor.discover.opaque import is_marked, opaque_runs, shape_of
from chatdoor.discover.origins import Origin, lookalike, trace
from chatdoor.discover.recording import Recording
from chatdoor.discover.sends import Place, Sent, value_at
from chatdoor.discover.stacks import hidden_stack

What: TypeAlias = Literal["constant", "counted", "given", "conversation", "turn", "made", "secret", "left out"]
"""What a value is. `given`: by an answer, for the session. `turn`: by the answer of the turn before. `counted`: it
grows with each. `secret`: nobody knows where it comes from, and it may not be written down."""

_MILLISECONDS: Final = re.compile(r"1[5-9]\d{11}|2\d{12}")
_COUNTED: Final = re.compile(r"[0-9]{1,6}|1[5-9][0-9]{8}")
"""Numbers of what was sent, and seconds since 1970: `make` has a kind for milliseconds alone."""

_ISO: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)")
_MAKERS: Final = (
    (re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE), "uuid4"),
    (_MILLISECONDS, "unix_ms"),
    (_ISO, "iso8601"),
    (re.compile(r"(?=[0-9]*[a-f])[0-9a-f]{8,15}|[0-9a-f]{16,128}"), "hex"),
    (re.compile(r"(?=[0-9]*[A-Za-z])[A-Za-z0-9]{6,64}"), "alnum"),
)
"""What clients make: crypto.randomUUID(), random bytes in hex, Date.now(), toISOString(), nanoid and Math.random().

Few digits alone are a number, and neither hex nor letters.
"""

_WORD: Final = re.compile(r"[a-z_.-]*|[A-Z]?[a-z]+|v\d+", re.ASCII)
_LONGEST_NUMBER: Final = 6
"""Digits from which a number could be an id that somebody gave. Shorter ones count parts of a page (Gradio, GWT)."""

ABSENT: Final = (msgspec.UNSET, None, "")


class Fill(msgspec.Struct, frozen=True):
    """What a value is, and where it comes from.

    `value` is the constant; `pieces` are what was found inside a longer text (`Bearer ...`), with their origins;
    `maker` is the kind of what the client makes.

    `null_first`: the first turn sent null for it, not nothing.
    """

    what: What
    place: Place
    value: object = None
    pieces: tuple[tuple[str, Origin], ...] = ()
    maker: str = ""
    sure: bool = True
    null_first: bool = False


def classify(place: Place, sents: list[Sent], recording: Recording, elsewhere: Sequence[Sent] = ()) -> Fill:
    """What the value at a place is, seen over all turns.

    `elsewhere` is the same request in other recordings: what differs there can be no constant.
    """
    found = [value_at(sent, place) for sent in sents]
    present = [(sent, value) for sent, value in zip(sents, found, strict=True) if value not in ABSENT]
    if not present:
        return Fill("left out" if found[-1] is None else "constant", place, found[-1])
    value = present[-1][1]
    if found[0] in ABSENT and isinstance(value, str | int) and not isinstance(value, bool):
        return _late(place, present, recording, null_first=found[0] is None)
    if len({str(each) for _, each in present}) > 1:
        return _varying(place, present, recording)
    return _steady(place, present[0], recording, differs=_differs(place, value, elsewhere))


def _differs(place: Place, value: object, elsewhere: Sequence[Sent]) -> bool:
    others = [value_at(sent, place) for sent in elsewhere]
    return any(other not in ABSENT and other != value for other in others)


def _late(place: Place, present: list[tuple[Sent, object]], recording: Recording, *, null_first: bool) -> Fill:
    """What the first turn did not have: the conversation's id, or the id of the message before."""
    sent, value = present[-1]
    stays = len({str(each) for _, each in present}) == 1
    origin = trace(str(value), sent, recording)
    if origin is None:
        return Fill("left out", place, value, sure=False)
    key = words.key_of(place)
    is_before = words.BEFORE.search(key) and not words.CONVERSATION.search(key)
    what: What = "conversation" if stays and not (is_before and len(present) == 1) else "turn"
    return Fill(what, place, value, ((str(value), origin),), null_first=null_first)


def _steady(place: Place, only: tuple[Sent, object], recording: Recording, *, differs: bool) -> Fill:
    sent, value = only
    key = words.key_of(place) if place[0] != "path" else ""
    text = str(value)
    if isinstance(value, bool | float) or not (differs or may_be_given(text, key, place)):
        led = _led_to(text, sent, recording) if place[0] == "path" else ()
        return Fill("given" if led else "constant", place, value, led)
    pieces = _pieces(text, sent, recording)
    if pieces:
        return Fill("given", place, value, pieces)
    return _unfound(place, text, key, sent, recording)


def _led_to(text: str, sent: Sent, recording: Recording) -> tuple[tuple[str, Origin], ...]:
    """The part of a path that only a redirect gave, however short: the page of a new talk (Pyramid, Rails, Django).

    Not a plain word, and not where one lands after a login.
    """
    origin = None if _WORD.fullmatch(text) else trace(text, sent, recording)
    if origin is None or origin.kind != "url" or origin.exchange.request.method == "GET":
        return ()
    return () if any(words.PASSWORD.search(name) for name, _ in origin.exchange.request.fields) else ((text, origin),)


def may_be_given(text: str, key: str, place: Place) -> bool:
    """Whether a value looks as if a machine gave it: random, or named as a token, a key or a conversation's id."""
    if len(text) > 16_384 or text.isspace():
        return False
    if shape_of(text) or any(True for _ in opaque_runs(text)):
        return True
    if place == ("header", "authorization") or (place[0] == "path" and text.isdigit()):
        return True
    named = words.TOKEN.search(key) or words.CONVERSATION.search(key) or re.search(r"key|_?id$|Id$|hash", key)
    return bool(named) and (is_marked(text) or text.isdigit() or bool(words.TOKEN.search(key)))


def _pieces(text: str, sent: Sent, recording: Recording) -> tuple[tuple[str, Origin], ...]:
    """The whole text's origin, or those of the random parts inside it: `Bearer` and the token after it."""
    whole = trace(text, sent, recording)
    if whole:
        return ((text, whole),)
    parts = [part for part in dict.fromkeys([*text.split(), *opaque_runs(text)]) if part != text and len(part) >= 8]
    traced = [(part, origin) for part in parts if (origin := trace(part, sent, recording))]
    kept = [pair for pair in traced if not any(pair[0] != other[0] and pair[0] in other[0] for other in traced)]
    left = text
    for part, _ in kept:
        left = left.replace(part, "")
    return tuple(kept) if kept and not shape_of(left.strip()) else ()


def _unfound(place: Place, text: str, key: str, sent: Sent, recording: Recording) -> Fill:
    """What no answer gave: hidden by the recorder, of a page that was not kept, made by the client, or a secret."""
    if place[0] == "header" and hidden_stack(str(place[1]), recording):
        return Fill("given", place, text, sure=False)
    alike = lookalike(text, key, sent.exchange, recording)
    if alike:
        return Fill("given", place, text, ((text, alike),), sure=False)
    if text.isdigit() and len(text) < _LONGEST_NUMBER and not words.TOKEN.search(key):
        return Fill("constant", place, value_at(sent, place))
    maker = maker_of(text)
    if place[0] != "header" and maker and not words.TOKEN.search(key) and not words.KEY.search(key):
        return Fill("made", place, text, maker=maker, sure=False)
    return Fill("secret", place, text, sure=False)


def _renewed(place: Place, present: list[tuple[Sent, object]], recording: Recording) -> Fill | None:
    """The session's, where each came inside a text from the same request, sent again: a bearer token that ran out."""
    found = [_pieces(str(value), sent, recording) for sent, value in present]
    origins = [origin for pieces in found for _, origin in pieces]
    kinds = {(str(each.source), each.exchange.request.method, each.exchange.request.parts.path) for each in origins}
    if len(kinds) != 1 or any(len(pieces) != 1 for pieces in found):
        return None
    return Fill("given", place, present[0][1], found[0])


def _counts(found: Sequence[object]) -> bool:
    """Whether these are short numbers that grow, as pages count what they send (JSON-RPC, DDP, Phoenix), or seconds."""
    numbers = [int(str(each)) for each in found if _COUNTED.fullmatch(str(each))]
    return len(numbers) == len(found) and all(before < after for before, after in pairwise(numbers))


def maker_of(text: str) -> str:
    """The kind of `make` that gives such values, empty where none does."""
    for pattern, kind in _MAKERS:
        if pattern.fullmatch(text):
            return f"{kind}{len(text)}" if kind in {"hex", "alnum"} else kind
    return ""


def _varying(place: Place, present: list[tuple[Sent, object]], recording: Recording) -> Fill:
    """Other in each turn: each given by an answer, or made by the client, or not known."""
    origins = [(str(value), trace(str(value), sent, recording)) for sent, value in present]
    value = present[-1][1]
    if all(origin for _, origin in origins):
        return Fill("turn", place, value, tuple((text, origin) for text, origin in origins if origin))
    renewed = _renewed(place, present, recording)
    if renewed is not None:
        return renewed
    if _counts([each for _, each in present]):
        return Fill("counted", place, present[0][1], sure=False)
    makers = {maker_of(str(each)) for _, each in present}
    if len(makers) == 1 and (maker := makers.pop()):
        return Fill("made", place, value, maker=maker)
    return _unexplained(place, present[-1], recording)


def _unexplained(place: Place, last: tuple[Sent, object], recording: Recording) -> Fill:
    """What nothing in the recording gives: what the stack does with it, or a question."""
    sent, value = last
    if place[0] == "header" and hidden_stack(str(place[1]), recording):
        return Fill("given", place, value, sure=False)
    alike = lookalike(str(value), words.key_of(place), sent.exchange, recording)
    if alike:
        return Fill("given", place, value, ((str(value), alike),), sure=False)
    opaque = may_be_given(str(value), words.key_of(place), place)
    return Fill("secret" if opaque else "left out", place, value, sure=False)
