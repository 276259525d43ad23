"""The body of a request: read within a limit, decoded once, and what is wrong with it said in the API's words."""

import json
import re
from collections import Counter
from itertools import islice
from typing import Final, Generic, TypeVar

import msgspec

from chatdoor.gateway.exchange import Exchange
from chatdoor.gateway.problem import Problem

T = TypeVar("T", bound=msgspec.Struct)

DECISIVE: Final = ("model", "messages", "input", "prompt", "stream")
"""Keys that stand in a request once."""

TOKENS_MOST: Final = 300_000
"""The most texts, brackets and commas in a body: tiny values take thirty times their bytes of memory."""

_PLACE: Final = re.compile(r" - at `(?:key in )?\$\.?(?P<param>[^`]*)`\Z")
_TOKEN: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[{\[,]', re.DOTALL)
_MISSING: Final = re.compile(r"Object missing required field `(?P<name>\w+)`")

_TYPE: Final = re.compile("Expected .*, got ")
"""What is said of a wrong type. A value out of its bounds is `Expected ... <= 2.0`."""


class Form(Generic[T]):
    """What a body is to be: a `kind` of struct, or its `quick` subclass, which takes less time where the body fits."""

    def __init__(self, kind: type[T], quick: type[T] | None = None) -> None:
        self.whole = msgspec.json.Decoder(kind)
        self.quick = msgspec.json.Decoder(quick or kind)
        self.decisive = [f'"{name}"'.encode() for name in DECISIVE if name in kind.__struct_fields__]
        """Those of its keys that stand there once. In a text a quote has a backslash, so these are keys, or texts."""


async def read_body(exchange: Exchange, most: int) -> bytes:
    """The whole body. Raises Problem: 413 for one of more than `most` bytes, 503 where there is no room; Gone.

    One that never ends is the connection's affair (see `connection`).
    """
    length = exchange.headers.get(b"content-length")
    if length is not None and (len(length) > 18 or int(length) > most):
        raise _too_large(most)
    body = exchange.carrier.take()
    if body is None:
        body = await _gather(exchange, most)
    else:
        exchange.take_room(len(body))
    if len(body) > most:
        raise _too_large(most)
    return body


async def _gather(exchange: Exchange, most: int) -> bytes:
    """The body as it comes, or so much of it as shows that it is too large."""
    chunks: list[bytes] = []
    size = 0
    while size <= most and (chunk := await exchange.carrier.read()):
        exchange.take_room(len(chunk))
        chunks.append(chunk)
        size += len(chunk)
    return b"".join(chunks)


def decode(body: bytes, form: Form[T]) -> T:
    """The request that the JSON holds. Raises Problem (400) that names the parameter."""
    if len(body) > TOKENS_MOST:
        _check_tokens(body)
    try:
        if not body.isascii():
            body.decode()  # what is not asked for is not looked at by the decoder
        try:
            request = form.quick.decode(body)
        except msgspec.ValidationError:
            request = form.whole.decode(body)
    except msgspec.ValidationError as error:
        raise wrong_value(str(error)) from None
    except (ValueError, RecursionError):  # not JSON, not UTF-8, or nested too deeply
        raise _malformed(
            "We could not parse the JSON body of your request: expected one JSON object in UTF-8."
        ) from None
    for key in form.decisive:
        if body.count(key) > 1:
            _check_once(body)
            break
    return request


def _check_tokens(body: bytes) -> None:
    """Raises Problem where there are too many. What stands in a text does not count."""
    signs = body.count(b"{") + body.count(b"[") + body.count(b",")
    if 3 * signs > TOKENS_MOST and next(islice(_TOKEN.finditer(body), TOKENS_MOST, None), None):  # a sign has two texts
        raise Problem(400, "The JSON body of your request has too many values.", code="too_many_values")


def _check_once(body: bytes) -> None:
    """Raises Problem where a key stands twice in an object: which one counts would be anybody's guess."""
    try:
        json.loads(body, object_pairs_hook=_each_once, parse_int=len, parse_float=len)
    except RecursionError:
        raise _malformed("The JSON body of your request is nested too deeply.") from None


def _each_once(pairs: list[tuple[str, object]]) -> None:
    if len(dict(pairs)) < len(pairs):
        name, _ = Counter(name for name, _ in pairs).most_common(1)[0]
        raise _malformed(f"The JSON body of your request has the key {name[:64]!r} twice in one object.")


def wrong_value(said: str) -> Problem:
    """What is told of a value that is none, in the words of the API; `said` is msgspec's."""
    place = _PLACE.search(said)
    param = place["param"] if place else ""
    what = said[: place.start()] if place else said
    if missing := _MISSING.match(what):
        param = f"{param}.{missing['name']}".removeprefix(".")
        return Problem(400, f"Missing required parameter: '{param}'.", param=param, code="missing_required_parameter")
    what = what.replace("`", "'")
    return Problem(
        400,
        f"Invalid value for '{param or 'body'}': {what[0].lower()}{what[1:]}.",
        param=param or None,
        code="invalid_type" if _TYPE.match(what) else "invalid_value",
    )


def _malformed(message: str) -> Problem:
    return Problem(400, message, code="invalid_json")


def _too_large(most: int) -> Problem:
    return Problem(413, f"The body of your request is larger than {most} bytes.", code="request_too_large")
