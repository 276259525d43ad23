"""Why a reply ended and how many tokens it took, where the site says so in every turn.

Names follow from OpenAI and what speaks like it, Anthropic, Gemini, Ollama, Vercel, LangChain.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias

from chatdoor.discover.recording import Exchange
from chatdoor.discover.replies import STREAMS, form_of, path_of, records_of
from chatdoor.discover.sends import parse_json
from chatdoor.discover.turns import Turn

Place: TypeAlias = tuple[str | int, ...]

_FINISH: Final = re.compile(r"^(?:(?:finish|stop|done|end)_?reason|reason)$", re.IGNORECASE)
_REASONS: Final = re.compile(
    r"^(?:stop|stopped|end|end_?turn|length|max_?(?:output_?)?tokens|complete[d]?|content_?filter|tool_?calls?|"
    r"stop_?sequence|eos|load|unload)$",
    re.IGNORECASE,
)
_INPUT: Final = re.compile(r"^(?:(?:input|prompt)_?tokens?(?:_?count)?|tokens_?in|prompt_?eval_?count)$", re.IGNORECASE)
_OUTPUT: Final = re.compile(
    r"^(?:(?:output|completion|generated|candidates)_?tokens?(?:_?count)?|tokens_?out|eval_?count)$", re.IGNORECASE
)
_DEEPEST: Final = 6


def with_counts(table: dict[str, object], turns: Sequence[Turn]) -> dict[str, object]:
    """The table `[reply]` with `finish` and `usage`, as far as every turn has them."""
    seen = [list(_leaves(turn.answered, turn.asked.sent.frame)) for turn in turns]
    finish = _common(seen, _FINISH, str)
    usage = {
        name: path for name, names in (("input", _INPUT), ("output", _OUTPUT)) if (path := _common(seen, names, int))
    }
    return table | ({"finish": finish} if finish else {}) | ({"usage": usage} if usage else {})


def _common(seen: Sequence[Sequence[tuple[Place, object]]], names: "re.Pattern[str]", kind: type) -> str:
    """The path that every turn has, whose last part is such a name; empty where there is none."""
    meant = ([place for place, value in leaves if _is_meant(place, value, names, kind)] for leaves in seen)
    paths = [dict.fromkeys(map(path_of, places)) for places in meant]
    return next((path for path in paths[0] if all(path in each for each in paths)), "")


def _is_meant(place: Place, value: object, names: "re.Pattern[str]", kind: type) -> bool:
    if isinstance(value, bool) or not isinstance(value, kind) or not names.match(str(place[-1])):
        return False
    return not isinstance(value, str) or bool(_REASONS.match(value))


def _leaves(exchange: Exchange, frame: int) -> Iterator[tuple[Place, object]]:
    form = form_of(exchange, frame)
    if form == "json":
        yield from _walk(parse_json(exchange.answer.body.text))
    elif form in STREAMS:
        for record in reversed(records_of(exchange, frame, form)):
            yield from _walk(record.data)


def _walk(value: object) -> Iterator[tuple[Place, object]]:
    """Texts and numbers in tables, and in the first entries of lists."""
    waiting: list[tuple[Place, object]] = [((), value)]
    while waiting:
        place, each = waiting.pop(0)
        if isinstance(each, dict) and len(place) < _DEEPEST:
            waiting += [((*place, str(key)), below) for key, below in each.items()]
        elif isinstance(each, list) and each and place:
            waiting.append(((*place, 0), each[0]))
        elif place and isinstance(each, str | int):
            yield place, each
