"""What a visitor says, read from a request."""

from collections.abc import Callable, Mapping

import msgspec
from msgspec import Struct

from chatdoor.errors import ArgumentError
from chatdoor.messages import parse_messages
from chatdoor.practice.behaviour import Behaviour, Body, History
from chatdoor.practice.forms import FORM, MULTIPART, read_form, read_query
from chatdoor.practice.wire import JSON, Request

TEXT = "text/plain"

Fields = Mapping[str, object]


class Prompt(Struct, frozen=True):
    """What is said: the user's turns that the request holds, at least one, and the conversation that it names."""

    said: list[str]
    conversation: str = ""


def read_prompt(request: Request, behaviour: Behaviour) -> Prompt:
    """The prompt of a request.

    Raises ArgumentError, in words for the one who posted it, where the request is not as the behaviour wants it.
    """
    fields = _FIELDS[behaviour.body](request, "messages" if behaviour.history == "client" else "prompt")
    said = _all_turns(fields) if behaviour.history == "client" else _last_turn(fields)
    return Prompt(said, _conversation(fields) if behaviour.history in NAMED else "")


NAMED: tuple[History, ...] = ("id", "start")
"""Who remembers, where the request names its conversation."""


def read_object(body: bytes) -> dict[str, object]:
    """The JSON object that a body holds. Raises ArgumentError where it holds none."""
    value = _decode(body, "the body")
    if not isinstance(value, dict):
        raise ArgumentError("the body must be a JSON object")
    return value


def read_json(request: Request) -> dict[str, object]:
    """The JSON object that a request holds. Raises ArgumentError where it holds none, or says something else."""
    _check_type(request, JSON)
    return read_object(request.body)


def _decode(text: bytes | str, what: str) -> object:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):  # the last: nested too deep
        raise ArgumentError(f"{what} is not JSON") from None


def _check_type(request: Request, wanted: str) -> None:
    if request.media_type != wanted:
        raise ArgumentError(f"Content-Type must be {wanted}")


def _in_json(request: Request, _what: str) -> Fields:
    return read_json(request)


def _in_form(request: Request, _what: str) -> Fields:
    _check_type(request, FORM)
    return _with_list(read_form(request))


def _in_parts(request: Request, _what: str) -> Fields:
    _check_type(request, MULTIPART)
    return _with_list(read_form(request))


def _in_text(request: Request, what: str) -> Fields:
    """The body is what is said; the query says which conversation is meant."""
    _check_type(request, TEXT)
    try:
        return _with_list({**read_query(request), what: request.body.decode()})
    except UnicodeDecodeError:
        raise ArgumentError("the body is not UTF-8") from None


def _in_query(request: Request, _what: str) -> Fields:
    return _with_list(read_query(request))


def _with_list(texts: Mapping[str, str]) -> Fields:
    """The fields, where a field can hold text only: the list of messages is JSON in it."""
    return {**texts, "messages": _decode(texts["messages"], "messages")} if "messages" in texts else texts


def _all_turns(fields: Fields) -> list[str]:
    messages = fields.get("messages")
    if not isinstance(messages, list):
        raise ArgumentError("messages must be a list")
    said = [message.text for message in parse_messages(messages) if message.role == "user"]
    if not said:
        raise ArgumentError("messages must hold one of the user")
    return said


def _last_turn(fields: Fields) -> list[str]:
    prompt = fields.get("prompt")
    if not isinstance(prompt, str):
        raise ArgumentError("prompt must be a text")
    return [prompt]


def _conversation(fields: Fields) -> str:
    key = fields.get("conversation") or ""
    if not isinstance(key, str):
        raise ArgumentError("conversation must be a text")
    return key


_FIELDS: Mapping[Body, Callable[[Request, str], Fields]] = {
    "json": _in_json,
    "form": _in_form,
    "multipart": _in_parts,
    "text": _in_text,
    "query": _in_query,
}
