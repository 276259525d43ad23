"""What a JSON row may look like, and what it asks. Pure; each shape is a row of the table.

    "Hello"                                            a prompt
    ["Hello", "And then?"]                             a script: each turn is sent after the reply to the one before
    [{"role": "user", "content": "Hello"}]             a message list
    {"prompt": ...} {"turns": [...]} {"messages": ...} the same with a `custom_id` or `id`, a `model`, options
    {"custom_id": ..., "method": "POST", "url": "/v1/chat/completions", "body": {...}}   OpenAI's Batch format

Source: https://platform.openai.com/docs/guides/batch
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeAlias, cast

import msgspec

from chatdoor.batch.records import text_of
from chatdoor.batch.row import BadRow, Record, Row
from chatdoor.errors import ArgumentError
from chatdoor.messages import CheckedMessages, Message, parse_messages
from chatdoor.site.names import SAMPLING_NAMES

Table: TypeAlias = Mapping[str, object]

NONE: Final[Table] = {}

CHAT_URL: Final = "/v1/chat/completions"
MOST_TURNS: Final = 1_000
MOST_ID: Final = 512
"""The longest id, in characters."""

CAN_NOT: Final = frozenset({"tools", "functions", "response_format", "audio", "prediction", "web_search_options"})
"""Fields of a body that ask for what no web chatbot can do. Others that nobody knows are passed over."""


class Asked(msgspec.Struct, frozen=True, gc=False):
    """What a row asks, before it has an id."""

    messages: CheckedMessages
    more: tuple[str, ...] = ()
    table: Table = msgspec.field(default_factory=dict)
    """Where `model` and sampling options stand."""


def json_row(record: Record) -> Row:
    """The row that a line of JSON asks. Raises BadRow."""
    value = _decoded(record.data)
    custom_id = _custom_id(value)
    try:
        asked = _asked(value)
        return make_row(record, asked, custom_id)
    except BadRow as bad:
        raise BadRow(bad.problem, custom_id) from bad


def text_row(record: Record) -> Row:
    """The row whose prompt is the line itself. Raises BadRow."""
    return make_row(record, prompt(text_of(record.data)), None)


def make_row(record: Record, asked: Asked, custom_id: str | None) -> Row:
    """The row, checked as far as that is possible without the site. Raises BadRow."""
    model = asked.table.get("model")
    if model is not None and not isinstance(model, str):
        raise BadRow(f"model: expected text, got {_name(model)}")
    return Row(
        line=record.line,
        mark=record.mark,
        custom_id=custom_id if custom_id is not None else line_id(record.line),
        messages=asked.messages,
        more=asked.more,
        model=model,
        options=_options(asked.table) if asked.table else NONE,
        named=custom_id is not None,
    )


def _options(table: Table) -> Table:
    return {name: table[name] for name in SAMPLING_NAMES if table.get(name) is not None}


def line_id(line: int) -> str:
    """The id of a row that has none of its own."""
    return f"line-{line}"


def prompt(text: object, table: Table = NONE) -> Asked:
    """One prompt. Raises BadRow."""
    if not isinstance(text, str) or not text.strip():
        raise BadRow(_wrong_text(text))
    return Asked(_from_user(text), (), table)


def turns(value: object, table: Table = NONE) -> Asked:
    """A script. Raises BadRow."""
    if not isinstance(value, list) or not 0 < len(value) <= MOST_TURNS:
        raise BadRow(f"turns: expected a list of 1 to {MOST_TURNS} texts")
    for text in value:
        if not isinstance(text, str) or not text.strip():
            raise BadRow(_wrong_text(text))
    return Asked(_from_user(value[0]), tuple(value[1:]), table)


def _from_user(text: str) -> CheckedMessages:
    """One message. What was decoded from UTF-8 can be sent."""
    return CheckedMessages((Message("user", text),))


def _wrong_text(text: object) -> str:
    return "the prompt is empty" if isinstance(text, str) else f"expected a prompt, got {_name(text)}"


def _decoded(data: bytes) -> object:
    try:
        return msgspec.json.decode(data)
    except (ValueError, RecursionError) as error:  # broken JSON and broken UTF-8 are both a ValueError
        raise BadRow(f"is no JSON: {error}") from error


def _custom_id(value: object) -> str | None:
    found = value.get("custom_id", value.get("id")) if isinstance(value, dict) else None
    if isinstance(found, int) and not isinstance(found, bool):
        found = str(found)
    if found is None:
        return None
    if not isinstance(found, str) or not 0 < len(found) <= MOST_ID:
        raise BadRow(f"custom_id: expected text of 1 to {MOST_ID} characters")
    return found


def _asked(value: object) -> Asked:
    if isinstance(value, str):
        return prompt(value)
    if isinstance(value, list):
        return turns(value) if value and isinstance(value[0], str) else _from_messages({"messages": value})
    if not isinstance(value, dict):
        raise BadRow(f"expected a prompt, a list or an object, got {_name(value)}")
    for key, read in _SHAPES.items():
        if key in value:
            return read(value)
    raise BadRow(f"expected one of the keys {', '.join(_SHAPES)}")


def _from_batch(value: Table) -> Asked:
    body = value["body"]
    if value.get("url", CHAT_URL) != CHAT_URL:
        raise BadRow(f"url: only {CHAT_URL} can be asked of a web chatbot")
    if value.get("method", "POST") != "POST":
        raise BadRow("method: expected POST")
    if not isinstance(body, dict):
        raise BadRow(f"body: expected an object, got {_name(body)}")
    if wanted := sorted(name for name in CAN_NOT if body.get(name)):
        raise BadRow(f"body.{wanted[0]}: a web chatbot can not do that")
    if body.get("n") not in (None, 1):  # a set could not look for a list
        raise BadRow("body.n: ask for each reply in a row of its own")
    return _from_messages(body)


def _from_messages(value: Table) -> Asked:
    messages = cast(Sequence[Table], value.get("messages"))
    try:
        return Asked(parse_messages(messages), (), value)
    except ArgumentError as error:
        raise BadRow(error.problem) from error


_SHAPES: Final[Mapping[str, Callable[[Table], Asked]]] = {
    "body": _from_batch,
    "messages": _from_messages,
    "turns": lambda value: turns(value["turns"], value),
    "prompt": lambda value: prompt(value["prompt"], value),
}
"""Key -> how an object with it is read. The first that is there counts."""

_NAMES: Final[Mapping[type, str]] = {
    dict: "an object",
    list: "a list",
    str: "text",
    int: "a number",
    float: "a number",
    bool: "true or false",
    type(None): "null",
}


def _name(value: object) -> str:
    return _NAMES.get(type(value), type(value).__name__)
