"""The answers to what was typed: its own, after redirects, or that of a later request."""

from typing import TypeAlias
from urllib.parse import urljoin, urlsplit

from chatdoor.discover.leaves import answer_leaves
from chatdoor.discover.prose import normal
from chatdoor.discover.recording import Exchange, Recording
from chatdoor.discover.sends import Sent, path_shape, sent_by, values
from chatdoor.discover.typed import Asked

Answers: TypeAlias = list[tuple[Exchange, ...]]
"""For each turn the exchange that may hold the reply, after those of its kind before it."""


def own_answers(group: list[Asked], recording: Recording) -> tuple[float, Answers]:
    """What came back on each request itself, with the points that this costs: none."""
    return 0.0, [(landing(asked.sent.exchange, recording),) for asked in group]


def landing(exchange: Exchange, recording: Recording) -> Exchange:
    """Where the redirects of an exchange end."""
    for _ in range(10):
        if not exchange.answer.redirect:
            return exchange
        target = urlsplit(urljoin(exchange.request.url, exchange.answer.redirect))
        at = recording.exchanges.index(exchange)
        after = (each for each in recording.exchanges[at + 1 :] if each.request.parts[:4] == target[:4])
        found = next(after, None)
        if found is None:
            return exchange
        exchange = found
    return exchange


def later_answers(group: list[Asked], recording: Recording) -> list[tuple[float, Answers]]:
    """Other requests after the prompt, until the next one: where the reply may be read from instead."""
    if group[0].sent.is_frame:
        return []
    at = [recording.exchanges.index(asked.sent.exchange) for asked in group] + [len(recording.exchanges)]
    found: dict[tuple[str, str], list[list[Exchange]]] = {}
    for turn, asked in enumerate(group):
        for exchange in recording.exchanges[at[turn] + 1 : at[turn + 1]]:
            if not exchange.is_asset and not exchange.frames and exchange.request.parts.netloc == asked.sent.host:
                key = (exchange.request.method, path_shape(exchange.request.parts.path))
                found.setdefault(key, [[] for _ in group])[turn].append(exchange)
    complete = [rows for rows in found.values() if all(rows)]
    return [(_distance(group, rows), [tuple(row) for row in rows]) for rows in complete]


def _distance(group: list[Asked], rows: list[list[Exchange]]) -> float:
    """Nothing where the later request sends back what the first one got; much where it carries the prompt itself."""
    linked = all(_is_linked(asked.sent.exchange, row[-1]) for asked, row in zip(group, rows, strict=True))
    carries = any(normal(asked.prompt) in _all_text(row[-1]) for asked, row in zip(group, rows, strict=True))
    return (0.0 if linked else 4.0) + (8.0 if carries else 0.0)


def _is_linked(first: Exchange, later: Exchange) -> bool:
    given = {leaf.value for leaf in answer_leaves(first.answer) if len(leaf.value) >= 4}
    sent = {str(value) for each in sent_by_one(later) for place, value in values(each) if place[0] != "header"}
    return bool(given & sent)


def sent_by_one(exchange: Exchange) -> list[Sent]:
    """What one exchange sent."""
    return sent_by(Recording("", (), (exchange,), shows_cookies=True))


def _all_text(exchange: Exchange) -> str:
    return normal(" ".join(str(value) for each in sent_by_one(exchange) for _, value in values(each)))
