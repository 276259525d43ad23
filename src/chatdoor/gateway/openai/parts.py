"""Messages on their way to a site: text stays, what is not text is left out and named."""

from collections.abc import Sequence
from typing import Any, Final, Literal

from chatdoor.gateway.problem import Problem
from chatdoor.messages import TEXT_PARTS, CheckedMessages, Message, parse_messages

TOOL_ROLES: Final = frozenset({"tool", "function"})
NO_CONTENT: Final = ("tool_calls", "function_call", "refusal", "audio")
"""What a reply may have besides its content, or in its place."""


class PlainMessage(Message, frozen=True, forbid_unknown_fields=True):
    """A message that is text alone, as most are: read from JSON as it goes to the site."""

    role: Literal["system", "developer", "user", "assistant"]


def plain_messages(messages: Sequence[dict[str, Any]]) -> tuple[CheckedMessages, list[str]]:
    """The messages with their text alone, and the names of what was left out (`image_url`, `tool_calls` ...).

    Raises Problem for a message of the user with no text left, ArgumentError for what is no message.
    """
    left: dict[str, None] = {}
    plain = [_plain(message, index, left) for index, message in enumerate(messages)]
    return parse_messages(plain), list(left)


def _plain(message: dict[str, Any], index: int, left: dict[str, None]) -> dict[str, Any]:
    """The message with its text; `left` gets the names of what it does not hold."""
    for name in NO_CONTENT:
        if message.get(name):
            left[name] = None
    role = message.get("role")
    if isinstance(role, str) and role in TOOL_ROLES:
        left[role] = None
    content = message.get("content")
    if not isinstance(content, list):
        return message
    texts = [part for part in content if is_text(part)]
    if len(texts) == len(content) and texts:
        return message
    for part in content:
        if not is_text(part):
            left[kind_of(part, f"messages[{index}].content")] = None
    if not texts and message.get("role") != "assistant":
        raise no_text(f"messages[{index}].content")
    return {**message, "content": texts}


def is_text(part: object) -> bool:
    """True for a part that is text, or is a text itself."""
    return isinstance(part, str) or (isinstance(part, dict) and part.get("type") in TEXT_PARTS)


def kind_of(part: object, param: str) -> str:
    """The type of a part that is no text: a word that can be told back. Raises Problem."""
    kind = part.get("type") if isinstance(part, dict) else None
    if not isinstance(kind, str) or not kind.isidentifier() or not kind.isascii() or len(kind) > 64:
        raise Problem(400, f"{param}: expected parts with a type, such as text.", param=param, code="invalid_type")
    return kind


def no_text(param: str) -> Problem:
    """What is told of a message with parts, none of them text."""
    return Problem(400, f"{param}: there is no text in it, and a web chatbot takes text alone.", param=param,
                   code="unsupported_content")  # fmt: skip
