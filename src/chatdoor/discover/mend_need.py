"""What a draft that works can do without, and who remembers: each header, each token, the conversation's id."""

from collections.abc import Generator

from chatdoor.discover.clues import Clues
from chatdoor.discover.draft import Line
from chatdoor.discover.mend_bench import Bench
from chatdoor.discover.mend_tables import (
    Header,
    Tables,
    cut,
    expanded,
    noted,
    plain_headers,
    put,
    tokens,
    value_of,
    without_headers,
    without_value,
)
from chatdoor.discover.mend_trial import Outcome, Trial, Trials
from chatdoor.errors import ConversationLost


class Needs:
    """The trials that leave something out of a draft that works."""

    def __init__(self, bench: Bench, clues: Clues) -> None:
        self._bench = bench
        self._clues = clues

    def trials(self) -> Trials:
        """Without its headers, without each token, from another session."""
        yield from self._shorten(plain_headers(self._bench.tables))
        for name, key in tokens(expanded(self._bench.tables, self._clues.headers)).items():
            yield from self._try_without(name, key)
        yield from self._try_apart()

    def _try(self, tables: Tables) -> Generator[Trial, Outcome, Outcome]:
        """What comes of a message, and where the site remembered before, of a talk: what carries it is needed too."""
        outcome = yield Trial("say", tables)
        if outcome.answered and self._bench.remembers:
            outcome = yield Trial("recall", tables)
            if outcome.answered and not outcome.remembered:
                return Outcome(ConversationLost("the second turn did not know the first"), status=outcome.status)
        return outcome

    def _shorten(self, headers: list[Header]) -> Trials:
        """Leaves out the headers that nothing depends on: all at once, else by halves."""
        if not headers:
            return
        names = ", ".join(header.name for header in headers)
        shorter = without_headers(self._bench.tables, headers)
        outcome = yield from self._try(shorter)
        if outcome.answered:
            self._bench.tables = shorter
            self._bench.note("proven", f"{names}: not needed, left out")
        elif len(headers) == 1:
            why = f"{names}: proven needed, {outcome.told} without it"
            self._bench.tables = noted(self._bench.tables, headers[0], why)
            self._bench.note("proven", why)
        else:
            middle = len(headers) // 2
            yield from self._shorten(headers[:middle])
            yield from self._shorten(headers[middle:])

    def _try_without(self, name: str, key: str) -> Trials:
        """Leaves a token out where the site answers without it; else notes that, and how the site refuses."""
        if name.startswith("env:") or name in self._bench.replaced:
            return
        shorter = without_value(expanded(self._bench.tables, self._clues.headers), name)
        outcome = yield from self._try(shorter)
        if outcome.answered:
            self._bench.tables = shorter
            self._bench.replaced.add(name)
            self._bench.note("proven", f"{name}: not needed, left out", f"{key} comes from")
            return
        why = f"{name}: proven needed, {outcome.told} without it"
        self._bench.tables = self._with_evidence(name, why)
        self._bench.note("proven", why, f"{key} comes from", f"{name}: ")
        self._bench.learn_refusal(outcome)

    def _with_evidence(self, name: str, why: str) -> Tables:
        """The draft with what was proven beside the value's source, or beside the preset that has it."""
        source = value_of(self._bench.tables, "[take]", name)
        if source is not None:
            return put(self._bench.tables, "[take]", Line(name, source, why))
        preset = value_of(self._bench.tables, "", "extends")
        return put(self._bench.tables, "", Line("extends", preset, why)) if preset else self._bench.tables

    def _try_apart(self) -> Trials:
        """Whether the id alone finds the conversation, where that was guessed."""
        if value_of(self._bench.tables, "[conversation]", "history") != "id" or not self._bench.remembers:
            return
        outcome = yield Trial("apart", self._bench.tables)
        if outcome.answered and outcome.remembered:
            self._keep_history("proven: another session found the conversation by its id")
            return
        kept = cut(self._bench.tables, "[conversation]", "history")
        again = yield Trial("recall", kept)
        if again.answered and again.remembered:
            self._bench.tables = kept
            self._bench.note(
                "proven", "history: with the session; from another one the id did not find it", "history: "
            )

    def _keep_history(self, why: str) -> None:
        self._bench.tables = put(self._bench.tables, "[conversation]", Line("history", "id", why))
        self._bench.note("proven", f"history: {why.removeprefix('proven: ')}", "history: the site keeps it")
