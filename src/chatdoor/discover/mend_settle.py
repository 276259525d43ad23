"""Making a draft work that its site refuses, one missing value after the other."""

from collections.abc import Callable, Generator
from typing import Final, TypeAlias

from chatdoor.discover.clues import Clues
from chatdoor.discover.mend_bench import Bench
from chatdoor.discover.mend_repairs import (
    Look,
    Repair,
    of_bearers,
    of_pages,
    of_renewals,
    of_seen_bearers,
    of_sources,
    witnessed,
)
from chatdoor.discover.mend_sources import look_tables, pages_beside
from chatdoor.discover.mend_tables import (
    Tables,
    bare,
    expanded,
    headers,
    suspects,
    tokens,
    without_headers,
    without_value,
)
from chatdoor.discover.mend_trial import Outcome, Trial, Trials
from chatdoor.errors import ArgumentError, LoginFailed, TokenNotFound

UNKNOWN_VISITOR: Final = 401
"""The status that asks who we are (RFC 9110, section 15.5.2)."""

ROUNDS: Final = 4
"""Values that can be missing at once: a token of the login, a bearer, a token of the chat, its renewal."""

LOGINS: Final = 2
"""Logins that may fail: sites lock an account after a few."""

_OF_TOKENS: Final = frozenset({403, 419, 422})
"""Statuses by which frameworks refuse a form for its token: Django and others, Laravel, Rails."""

Stage: TypeAlias = Callable[[Tables, Clues], list[Repair]] | None
"""What may be repaired, None for what a look at the live pages offers."""


def _stages(before: Outcome) -> tuple[Stage, ...]:
    """What is tried, in order: a 401 asks who we are (RFC 9110, section 15.5.2), other refusals for a token.

    Where only the second turn was refused, it asks for a new one.
    """
    if before.turns:
        return (of_renewals, None, of_pages, of_bearers)
    return (
        (of_bearers, None, of_pages) if before.status == UNKNOWN_VISITOR else (None, of_pages, of_bearers, of_renewals)
    )


class Settling:
    """The trials that make a draft work. `held` are the environment variables that hold something."""

    def __init__(self, bench: Bench, clues: Clues, held: frozenset[str]) -> None:
        self._bench = bench
        self._clues = clues
        self._held = held
        self._signs: set[object] = set()
        self._logins = 0

    def trials(self) -> Trials:
        """The draft as it is; then repairs of it, for as long as each makes a difference."""
        bench, made = self._bench, list[tuple[Repair, Outcome]]()
        base = bench.tables
        outcome = yield Trial("recall", self._sendable(base))
        while not outcome.answered and len(made) < ROUNDS and not self._is_locked_out(outcome):
            base = base if made else expanded(base, self._clues.headers)
            self._signs.add(outcome.sign)
            found = yield from self._round(base, outcome)
            if found is None:
                break
            repair, after = found
            made.append((repair, outcome))
            base, outcome = witnessed(repair.tables, outcome.told), after
        if outcome.turns and not outcome.answered:
            outcome = yield Trial("recall", self._sendable(base), patient=True)
        bench.failure = outcome.error
        if outcome.answered:
            self._adopt(base, outcome, made)

    def _adopt(self, tables: Tables, outcome: Outcome, made: list[tuple[Repair, Outcome]]) -> None:
        """Goes on from a draft that works, and says what made it work."""
        bench = self._bench
        for repair, before in made:
            bench.replaced |= {repair.name}
            bench.note("proven", f"{repair.told}: {before.told} without it", *repair.asked)
        for name in self._hidden(tables):
            bench.note("proven", f"{suspects(tables)[name]}: not needed, left out", name.removeprefix("env:"))
        bench.adopt(self._sendable(tables), outcome)
        if made:
            bench.learn_refusal(made[-1][1])

    def _round(self, base: Tables, before: Outcome) -> Generator[Trial, Outcome, tuple[Repair, Outcome] | None]:
        """The first repair that makes a difference; None where none does."""
        for stage in _stages(before):
            repairs = stage(base, self._clues) if stage else (yield from self._look(base, before))
            for repair in repairs:
                outcome = yield Trial("recall", self._sendable(repair.tables))
                if self._is_locked_out(outcome):
                    return None
                if self._is_better(outcome):
                    return repair, outcome
        return None

    def _look(self, base: Tables, before: Outcome) -> Generator[Trial, Outcome, list[Repair]]:
        """Sources that the live pages offer: those of the session, and beside them those that were open."""
        outside = isinstance(before.error, LoginFailed | TokenNotFound)
        doubted = suspects(base) if outside else tokens(base)
        for tables in [bare(base)] if outside else [base, without_headers(base, list(headers(base)))]:
            pages = pages_beside(tables, self._clues.pages)
            outcome = yield Trial("look", look_tables(tables, pages))
            if outcome.seen is not None:
                look = Look(tables, pages, outcome.seen)
                sources, bearers = (
                    of_sources(base, look, self._clues, doubted),
                    of_seen_bearers(base, look, self._clues),
                )
                return [*bearers, *sources] if before.status == UNKNOWN_VISITOR else [*sources, *bearers]
        return []

    def _is_locked_out(self, outcome: Outcome) -> bool:
        """Whether the credentials were looked at too often and were not good. A token that was not is no such case."""
        self._logins += isinstance(outcome.error, LoginFailed) and outcome.status not in _OF_TOKENS
        return self._logins >= LOGINS

    def _is_better(self, outcome: Outcome) -> bool:
        """Whether the site went along, or refused something else. A value that is not there is no progress."""
        if outcome.answered:
            return True
        return outcome.sign not in self._signs and not isinstance(
            outcome.error, TokenNotFound | LoginFailed | ArgumentError
        )

    def _hidden(self, tables: Tables) -> list[str]:
        """References that hold nothing, where nobody knows what they should hold."""
        known = {f"env:{name}" for name in (*self._clues.variables, *self._held)}
        return [name for name in suspects(tables) if name.startswith("env:") and name not in known]

    def _sendable(self, tables: Tables) -> Tables:
        for name in self._hidden(tables):
            tables = without_value(tables, name, everywhere=True)
        return tables
