"""How a streamed reply ends: the mark of the record that comes after the last text, or with it.

Follows from OpenAI (`[DONE]`), Anthropic and Vercel (a type of their own), Ollama (`done: true`), Gradio (events).
"""

from chatdoor.discover.records import Record
from chatdoor.discover.replies import STREAMS, form_of, marks_of, records_of
from chatdoor.discover.turns import Turn


def with_end(turns: tuple[Turn, ...]) -> dict[str, object]:
    """The table `[reply]` of these turns, with `done` where their streams have an end of their own."""
    table = dict(turns[-1].reply.table)
    streams = [_records(turn) for turn in turns]
    if not all(streams):
        return table
    if all(records[-1].data == "[DONE]" for records in streams):
        return _without_last(table, [records[:-1] for records in streams]) | {"done": "[DONE]"}
    done = _mark_at(streams, -1) or _single(table, streams)
    return _without_last(table, streams) | ({"done": done} if done else {})


def _records(turn: Turn) -> list[Record]:
    form = form_of(turn.answered, turn.asked.sent.frame)
    return records_of(turn.answered, turn.asked.sent.frame, form) if form in STREAMS else []


def _without_last(table: dict[str, object], streams: list[list[Record]]) -> dict[str, object]:
    """Where the last record with text repeats the whole, `cumulative` is what marks it."""
    if table.get("cumulative") != "last":
        return table
    mark = next((mark for at in (-1, -2, -3) if (mark := _mark_at(streams, at))), None)
    return {**table, "cumulative": mark or False}


def _single(table: dict[str, object], streams: list[list[Record]]) -> dict[str, object] | None:
    """Where each reply is one frame with no mark, its text is the mark: a socket stays open, and is no end."""
    path = table.get("websocket", table.get("socketio", "@"))
    return {f"type({path})": "string"} if path != "@" and all(len(records) == 1 for records in streams) else None


def _mark_at(streams: list[list[Record]], at: int) -> dict[str, object] | None:
    """What the record at that place has in every stream, and no record before it. A field is better than an event."""
    if any(len(records) < -at for records in streams):
        return None
    common = set(_all_marks(streams[0][at]))
    for records in streams:
        common &= set(_all_marks(records[at]))
        for record in records[:at]:
            common -= set(_all_marks(record))
    best = min(sorted(common, key=str), key=lambda mark: (mark[0] == "event", len(mark[0])), default=None)
    return {best[0]: best[1]} if best else None


def _all_marks(record: Record) -> list[tuple[str, object]]:
    found: list[tuple[str, object]] = [mark for mark in marks_of(record) if not _is_opaque(mark)]
    if isinstance(record.data, dict):
        found += [(key, True) for key, value in record.data.items() if value is True and key.isidentifier()]
    return found


def _is_opaque(mark: tuple[str, str]) -> bool:
    return any(each.isdigit() for each in mark[1])
