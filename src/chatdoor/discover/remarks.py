"""What a site file reads of a reply, and a person may not expect: markup, one text of several, no end."""

import re
from typing import Final

from chatdoor.discover.plan import Plan
from chatdoor.discover.sends import parse_json

_MARKUP: Final = re.compile(r"</(?:p|div|span|ul|ol|li|a|b|strong|em|table|h[1-6])>|<br\s?/?>", re.IGNORECASE)
_OPEN: Final = frozenset({"websocket", "socketio"})
_FIRST: Final = re.compile(r"\[0\]\.(\w+)")


def remark(plan: Plan, table: dict[str, object]) -> None:
    """Adds to the report what is to be known of `[reply]`, a table with its end.

    HTML inside JSON follows from Drupal, WordPress and Botpress; several texts in one list from Rasa's REST channel.
    """
    if "html" not in table and any(_MARKUP.search(turn.reply.text) for turn in plan.chat.turns):
        plan.note("guessed", "reply: it holds HTML, which is handed on as it came; do you want it so?")
    if "done" not in table and not _OPEN.isdisjoint(table):
        plan.note("unknown", "reply: nothing marks its end, and the socket stays open; which frame is last (`done`)?")
    first = _FIRST.fullmatch(str(table.get("json", "")))
    lists = [parse_json(turn.answered.answer.body.text) for turn in plan.chat.turns] if first else []
    if first and any(_texts(each, first[1]) > 1 for each in lists):
        plan.note("unknown", f"reply: a list had several texts ({first[1]}), and the first is read; do you want all?")


def _texts(value: object, key: str) -> int:
    items = value if isinstance(value, list) else []
    return sum(isinstance(item, dict) and isinstance(item.get(key), str) for item in items)
