"""What goes in and what comes out: messages, pieces, replies.

A message list is what standard chat clients send: `[{"role": "user", "content": "Hello"}]`, oldest first.
Content may also be a list of text parts, as in OpenAI's API; their texts are joined.
"""

from collections.abc import Generator, Iterable, Mapping, Sequence
from typing import Final, TypeAlias

import msgspec

from chatdoor.errors import ArgumentError

ROLES: Final = frozenset({"system", "developer", "user", "assistant", "tool", "function"})
"""The roles of OpenAI's API. `developer` is its newer name for `system`."""

MAY_BE_EMPTY: Final = frozenset({"assistant", "function"})
"""Roles of messages without content: a reply that was cut before its first word, one that calls tools alone."""

FIDELITIES: Final = ("native", "replayed", "folded", "dropped")
"""How a message list may have reached the site, from the best to the worst (see Reply)."""

CreateResult: TypeAlias = Generator[str, None, None]
"""What `create_completion` gives: pieces of text. Joined, they are the whole reply."""


class Message(msgspec.Struct, frozen=True, gc=False):
    """One message, checked: a known role and text that can be encoded as UTF-8.

    As JSON it is what nearly all sites take: `{"role": ..., "content": ...}`.
    """

    role: str
    text: str = msgspec.field(name="content")


Messages: TypeAlias = Sequence[Mapping[str, object] | Message]
"""A message list as callers write it."""


class CheckedMessages(tuple[Message, ...]):
    """Messages that can be sent: what `parse_messages` gives, and passes when it gets it again."""

    __slots__ = ()


class Usage(msgspec.Struct, frozen=True, gc=False):
    """Tokens of a call. `estimated` is true where the site gave no numbers of its own."""

    input: int
    output: int
    estimated: bool = True


class Timings(msgspec.Struct, frozen=True, gc=False):
    """Seconds from the call to its first piece and to its end."""

    first_piece: float
    total: float


class Piece(msgspec.Struct, frozen=True, gc=False):
    """One streamed part of a reply. `str(piece)` is its text."""

    text: str

    def __str__(self) -> str:
        """The text."""
        return self.text


class Reply(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A whole reply.

    `fidelity` says how the message list reached the site: `native` (as it is), `replayed` (told again, turn by turn),
    `folded` (told again in one message), `dropped` (a part of it stayed behind). `revised` is true where a site rewrote
    text that had been streamed before.
    """

    text: str
    site: str
    model: str
    usage: Usage
    timings: Timings
    finish: str = "stop"
    conversation: str | None = None
    fidelity: str = "native"
    revised: bool = False

    def __str__(self) -> str:
        """The text."""
        return self.text


TEXT_PARTS: Final = frozenset({"text", "input_text", "output_text"})
"""Types of parts that are text: Chat Completions has the first, Responses the other two."""


def parse_messages(messages: Messages) -> CheckedMessages:
    """The messages, checked: dictionaries as in `Messages`, or Message itself.

    Raises ArgumentError naming the first message that can not be sent. It never shows what a message says.
    """
    if type(messages) is CheckedMessages:
        return messages
    if type(messages) is not list and not _is_list(messages):
        raise ArgumentError(
            f"messages: expected a list such as [{{'role': 'user', 'content': 'Hello'}}], got {type(messages).__name__}"
        )
    if not messages:
        raise ArgumentError("messages: the list is empty")
    return CheckedMessages([_parse_message(message, index) for index, message in enumerate(messages)])


def estimate_tokens(text: str) -> int:
    """About how many tokens a text has: four UTF-8 bytes make one, the rule of thumb for English."""
    size = len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
    return (size + 3) // 4


def estimate_tokens_of(messages: Iterable[Message]) -> int:
    """The same, of the texts of all these messages together."""
    return estimate_tokens("".join([message.text for message in messages]))


def _is_list(messages: object) -> bool:
    return isinstance(messages, Sequence) and not isinstance(messages, str | bytes | bytearray)


def _parse_message(message: object, index: int) -> Message:
    if isinstance(message, Message):
        message = {"role": message.role, "content": message.text}
    if not isinstance(message, dict) and not isinstance(message, Mapping):
        raise ArgumentError(f"messages[{index}]: expected a message, got {type(message).__name__}")
    role = message.get("role")
    if not isinstance(role, str) or role not in ROLES:
        raise ArgumentError(f"messages[{index}].role: expected one of {', '.join(sorted(ROLES))}")
    if "content" not in message and role not in MAY_BE_EMPTY:
        raise ArgumentError(f"messages[{index}].content: is missing")
    content = message.get("content")
    text = content if isinstance(content, str) else _parse_content(content, f"messages[{index}].content", role)
    if not text.isascii():
        _check_encodable(text, index)
    return Message(role, text)


def _check_encodable(text: str, index: int) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ArgumentError(f"messages[{index}].content: has half a surrogate pair, which is not text") from None


def _parse_content(content: object, place: str, role: str) -> str:
    if content is None and role in MAY_BE_EMPTY:
        return ""
    if not isinstance(content, Sequence) or isinstance(content, bytes | bytearray):
        raise ArgumentError(f"{place}: expected text or a list of text parts, got {type(content).__name__}")
    return "".join(_parse_part(part, f"{place}[{index}]") for index, part in enumerate(content))


def _parse_part(part: object, place: str) -> str:
    if isinstance(part, str):
        return part
    kind, text = (part.get("type"), part.get("text")) if isinstance(part, Mapping) else (None, None)
    if not isinstance(kind, str) or kind not in TEXT_PARTS or not isinstance(text, str):
        raise ArgumentError(f"{place}: only text parts can be sent to a web chatbot")
    return text
