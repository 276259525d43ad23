"""What a visitor says, read from the body of a post."""

from collections.abc import Callable, Mapping
from urllib.parse import parse_qs

import msgspec

from chatdoor.errors import ArgumentError
from chatdoor.messages import parse_messages
from chatdoor.practice.behaviour import Behaviour, Body, History
from chatdoor.practice.tokens import FORM_FIELDS_MOST
from chatdoor.practice.wire import JSON, Request

FORM = "application/x-www-form-urlencoded"


def read_said(request: Request, behaviour: Behaviour) -> list[str]:
    """What the visitor said, oldest first; at least one text.

    Raises ArgumentError, in words for the one who posted it, where the body is not as the behaviour wants it.
    """
    return _SAID[behaviour.history](_FIELDS[behaviour.body](request))


def read_object(body: bytes) -> dict[str, object]:
    """The JSON object that a body holds. Raises ArgumentError where it holds none."""
    value = _decode(body, "the body")
    if not isinstance(value, dict):
        raise ArgumentError("the body must be a JSON object")
    return value


def _decode(text: bytes | str, what: str) -> object:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):  # the last: nested too deep
        raise ArgumentError(f"{what} is not JSON") from None


def _read_json(request: Request) -> Mapping[str, object]:
    if request.media_type != JSON:
        raise ArgumentError(f"Content-Type must be {JSON}")
    return read_object(request.body)


def _read_form(request: Request) -> Mapping[str, object]:
    if request.media_type != FORM:
        raise ArgumentError(f"Content-Type must be {FORM}")
    try:
        fields = parse_qs(
            request.body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=FORM_FIELDS_MOST
        )
    except ValueError:  # not ASCII, not UTF-8 below the percent signs, or too many fields
        raise ArgumentError("the body is not a form") from None
    found: dict[str, object] = {name: values[0] for name, values in fields.items()}
    if isinstance(text := found.get("messages"), str):
        found["messages"] = _decode(text, "messages")
    return found


def _all_turns(fields: Mapping[str, object]) -> list[str]:
    messages = fields.get("messages")
    if not isinstance(messages, list):
        raise ArgumentError("messages must be a list")
    said = [message.text for message in parse_messages(messages) if message.role == "user"]
    if not said:
        raise ArgumentError("messages must hold one of the user")
    return said


def _last_turn(fields: Mapping[str, object]) -> list[str]:
    prompt = fields.get("prompt")
    if not isinstance(prompt, str):
        raise ArgumentError("prompt must be a text")
    return [prompt]


_FIELDS: Mapping[Body, Callable[[Request], Mapping[str, object]]] = {"json": _read_json, "form": _read_form}
_SAID: Mapping[History, Callable[[Mapping[str, object]], list[str]]] = {"client": _all_turns, "none": _last_turn}
