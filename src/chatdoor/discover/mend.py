"""Mending a draft by what the live site answers: which trial comes next, and what its outcome means. All of it is pure.

First the draft is made to work: tokens that the recording hides get a source. Then it is made short: headers and tokens
that nothing depends on go. Then it is asked who remembers. Each change rests on an answer, which its line names.
"""

from collections.abc import Callable, Generator, Iterable
from typing import Final, TypeAlias

from chatdoor.discover.clues import Clues
from chatdoor.discover.draft import Finding, Line, Sureness
from chatdoor.discover.mend_repairs import Look, Repair, of_bearers, of_pages, of_renewals, of_sources, witnessed
from chatdoor.discover.mend_sources import look_tables, pages_beside
from chatdoor.discover.mend_tables import (
    Header,
    Tables,
    bare,
    cut,
    expanded,
    headers,
    noted,
    plain_headers,
    put,
    suspects,
    tokens,
    value_of,
    without_headers,
    without_value,
)
from chatdoor.discover.mend_trial import Outcome, Trial
from chatdoor.errors import ArgumentError, ChatdoorError, LoginFailed, SessionRefused, TokenNotFound

ROUNDS: Final = 4
"""Values that can be missing at once: a token, a bearer, a page."""

LOGINS: Final = 2
"""Logins that may fail: sites lock an account after a few."""

USUAL: Final = (401, 403, 419, 440)
"""Statuses that a site file knows as refusals without being told."""

_OF_TOKENS: Final = frozenset({403, 419, 422})
"""Statuses by which frameworks refuse a form for its token: Django and others, Laravel, Rails."""

Trials: TypeAlias = Generator[Trial, Outcome, None]
Found: TypeAlias = Generator[Trial, Outcome, tuple[Repair, Outcome] | None]

Stage: TypeAlias = Callable[[Tables, Clues], list[Repair]] | None
"""What may be repaired, None for what a look at the live pages offers."""


def _stages(before: Outcome) -> tuple[Stage, ...]:
    """What is tried, in order: a 401 asks who we are (RFC 9110, section 15.5.2), other refusals for a token.

    Where only the second turn was refused, it asks for a new one.
    """
    if before.turns:
        return (of_renewals, None, of_pages, of_bearers)
    return (of_bearers, None, of_pages) if before.status == 401 else (None, of_pages, of_bearers, of_renewals)


class Mender:
    """One draft under repair. `tables` is the best that was proven, or the draft; `works` says which.

    `held` are the environment variables that hold something. `findings` are what the trials have shown, `failure` why
    it does not work.
    """

    def __init__(self, tables: Tables, clues: Clues, held: frozenset[str] = frozenset()) -> None:
        self.tables = tables
        self.works = False
        self.findings: list[Finding] = []
        self.failure: ChatdoorError | None = None
        self._settled: list[str] = []
        self._clues = clues
        self._held = held
        self._signs: set[object] = set()
        self._replaced: set[str] = set()
        self._logins = 0
        self._remembers = False

    def trials(self) -> Trials:
        """The trials, one by one. What they have shown so far holds, wherever they are ended."""
        yield from self._settle()
        if self.works:
            yield from self._shorten(plain_headers(self.tables))
            for name, key in tokens(expanded(self.tables, self._clues.headers)).items():
                yield from self._try_without(name, key)
            yield from self._try_apart()

    def _settle(self) -> Trials:
        """Makes the draft work, one missing value after the other."""
        base = expanded(self.tables, self._clues.headers)
        outcome = yield Trial("recall", self._sendable(self.tables))
        if outcome.answered:
            self._adopt(self.tables, outcome)
        for _ in range(ROUNDS):
            if outcome.answered or self._is_locked_out(outcome):
                break
            self._signs.add(outcome.sign)
            found = yield from self._round(base, outcome)
            if found is None:
                break
            repair, after = found
            self._note("proven", f"{repair.told}: {outcome.told} without it", *repair.asked)
            self._replaced |= {repair.name}
            refused, base, outcome = outcome, witnessed(repair.tables, outcome.told), after
            if outcome.answered:
                self._adopt(base, outcome)
                self._learn_refusal(refused)
        if outcome.turns and not outcome.answered:
            outcome = yield Trial("recall", self._sendable(base), patient=True)
            if outcome.answered:
                self._note("proven", "session: the second turn is refused and told again in a new one")
                self._adopt(base, outcome)
        self.failure = outcome.error

    def _round(self, base: Tables, before: Outcome) -> Found:
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
                return of_sources(base, Look(tables, pages, outcome.seen), self._clues, doubted)
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

    def _adopt(self, tables: Tables, outcome: Outcome) -> None:
        """Goes on from a draft that works."""
        for name in self._hidden(tables):
            self._note("proven", f"{suspects(tables)[name]}: not needed, left out", name.removeprefix("env:"))
        self.tables, self.works, self.failure = self._sendable(tables), True, None
        self._remembers = outcome.remembered
        self._note("proven", "turn: two messages were answered", "hides; is that so?")
        if outcome.remembered:
            self._note("proven", "memory: the second turn knew what the first had said", "history: kept by the site")
        else:
            self._note("unknown", "memory: the reply did not have the word of the first turn; does the site remember?")

    def _note(self, sureness: Sureness, text: str, *settled: str) -> None:
        finding = Finding(sureness, text)
        self.findings += [finding] if finding not in self.findings else []
        self._settled += filter(None, settled)

    def _shorten(self, headers: list[Header]) -> Trials:
        """Leaves out the headers that nothing depends on: all at once, else by halves."""
        if not headers:
            return
        names = ", ".join(header.name for header in headers)
        shorter = without_headers(self.tables, headers)
        outcome = yield Trial("say", shorter)
        if outcome.answered:
            self.tables = shorter
            self._note("proven", f"{names}: not needed, left out")
        elif len(headers) == 1:
            why = f"{names}: proven needed, {outcome.told} without it"
            self.tables = noted(self.tables, headers[0], why)
            self._note("proven", why)
        else:
            middle = len(headers) // 2
            yield from self._shorten(headers[:middle])
            yield from self._shorten(headers[middle:])

    def _try_without(self, name: str, key: str) -> Trials:
        """Leaves a token out where the site answers without it; else notes that, and how the site refuses."""
        if name.startswith("env:") or name in self._replaced:
            return
        shorter = without_value(expanded(self.tables, self._clues.headers), name)
        outcome = yield Trial("say", shorter)
        if outcome.answered:
            self.tables = shorter
            self._replaced.add(name)
            self._note("proven", f"{name}: not needed, left out", f"{key} comes from")
            return
        why = f"{name}: proven needed, {outcome.told} without it"
        self.tables = self._with_evidence(name, why)
        self._note("proven", why, f"{key} comes from", f"{name}: ")
        self._learn_refusal(outcome)

    def _with_evidence(self, name: str, why: str) -> Tables:
        """The draft with what was proven beside the value's source, or beside the preset that has it."""
        source = value_of(self.tables, "[take]", name)
        if source is not None:
            return put(self.tables, "[take]", Line(name, source, why))
        preset = value_of(self.tables, "", "extends")
        return put(self.tables, "", Line("extends", preset, why)) if preset else self.tables

    def _learn_refusal(self, outcome: Outcome) -> None:
        """A status that means a refusal here and is not known as one."""
        declared = any(value_of(self.tables, "", key) for key in ("extends", "refused"))
        is_known = isinstance(outcome.error, SessionRefused) or outcome.status in USUAL
        if not declared and not is_known and 400 <= outcome.status < 500 and outcome.status != 429:
            why = f"proven: HTTP {outcome.status} without the token"
            statuses = sorted({*USUAL, outcome.status})
            self.tables = put(self.tables, "", Line("refused", {"status": statuses}, why))
            self._note("proven", f"refused: HTTP {outcome.status} means that the token was not good")

    def _try_apart(self) -> Trials:
        """Whether the id alone finds the conversation, where that was guessed."""
        if value_of(self.tables, "[conversation]", "history") != "id" or not self._remembers:
            return
        outcome = yield Trial("apart", self.tables)
        if outcome.answered and outcome.remembered:
            self._keep_history("proven: another session found the conversation by its id")
            return
        kept = cut(self.tables, "[conversation]", "history")
        again = yield Trial("recall", kept)
        if again.answered and again.remembered:
            self.tables = kept
            self._note("proven", "history: with the session; from another one the id did not find it", "history: ")

    def _keep_history(self, why: str) -> None:
        self.tables = put(self.tables, "[conversation]", Line("history", "id", why))
        self._note("proven", f"history: {why.removeprefix('proven: ')}", "history: the site keeps it")

    def still_true(self, findings: Iterable[Finding]) -> list[Finding]:
        """The findings of a recording, without what was answered since, or was shown to be otherwise."""
        return [each for each in findings if not self._is_settled(each)]

    def _is_settled(self, finding: Finding) -> bool:
        if any(finding.text.startswith(f"{name}: ") for name in self._replaced):
            return True
        text = finding.text.lower()
        return finding.sureness != "sure" and any(words.lower() in text for words in self._settled)
