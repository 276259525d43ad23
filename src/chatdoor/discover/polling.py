"""When a request that is repeated has its answer: what the last one says and those before it did not.

Follows from queues of jobs (`state: done`), and from lists of messages (Botpress, Direct Line), whose last one is the
bot's when the answer is there.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from chatdoor.discover.recording import Exchange
from chatdoor.discover.replies import form_of, path_of
from chatdoor.discover.sends import parse_json
from chatdoor.discover.turns import Turn

_READY: Final = frozenset({"ready", "done", "complete", "completed", "finished", "succeeded", "success"})
_LONGEST: Final = 20
_DEEPEST: Final = 6


def until(turns: Sequence[Turn]) -> dict[str, object] | None:
    """The match that ends the polling; None where none was seen, or the recording does not show what ends it."""
    if form_of(turns[-1].answered) != "json":
        return None
    done = [dict(_states(turn.answered)) for turn in turns]
    waiting = [dict(_states(each)) for turn in turns for each in turn.polled]
    common = {path: value for path, value in done[0].items() if all(each.get(path) == value for each in done)}
    named = [
        (path, value)
        for path, value in common.items()
        if (waiting or str(value).lower() in _READY) and all(each.get(path) != value for each in waiting)
    ]
    best = min(named, key=lambda pair: (str(pair[1]).lower() not in _READY, len(pair[0])), default=None)
    return {"json": dict([best])} if best else None


def _states(exchange: Exchange) -> Iterator[tuple[str, str | bool]]:
    """The short texts and truths of an answer, of lists those of the last entry."""
    waiting: list[tuple[tuple[str | int, ...], object]] = [((), parse_json(exchange.answer.body.text))]
    while waiting:
        place, value = waiting.pop(0)
        if isinstance(value, dict) and len(place) < _DEEPEST:
            waiting += [((*place, str(key)), below) for key, below in value.items()]
        elif isinstance(value, list) and value:
            waiting.append(((*place, -1), value[-1]))
        elif isinstance(value, bool) or (isinstance(value, str) and 0 < len(value) < _LONGEST):
            yield path_of(place), value
