"""The draft under repair, and what the trials have shown of it."""

from collections.abc import Iterable
from typing import Final

from chatdoor.discover.draft import Finding, Line, Sureness
from chatdoor.discover.mend_tables import Tables, put, value_of
from chatdoor.discover.mend_trial import Outcome
from chatdoor.errors import ChatdoorError, SessionRefused

USUAL: Final = (401, 403, 419, 440)
"""Statuses that a site file knows as refusals without being told."""

LIMITED: Final = 429
"""Too many requests, which says nothing of a token."""


class Bench:
    """One draft. `tables` is the best that was proven, or the draft of the recording; `works` says which.

    `findings` are what the trials have shown, `failure` why it does not work. `replaced` are values that now come from
    elsewhere, or from nowhere: what was found of them is not true any more.
    """

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self.works = False
        self.remembers = False
        self.findings: list[Finding] = []
        self.failure: ChatdoorError | None = None
        self.replaced: set[str] = set()
        self._answered: list[str] = []

    def note(self, sureness: Sureness, text: str, *answered: str) -> None:
        """One more finding, once, and words of the questions that it answers."""
        finding = Finding(sureness, text)
        self.findings += [finding] if finding not in self.findings else []
        self._answered += filter(None, answered)

    def adopt(self, tables: Tables, outcome: Outcome) -> None:
        """Goes on from a draft of which two messages were answered."""
        self.tables, self.works, self.remembers = tables, True, outcome.remembered
        self.note("proven", "turn: two messages were answered", "hides; is that so?")
        if outcome.remembered:
            self.note("proven", "memory: the second turn knew what the first had said", "history: kept by the site")
        else:
            self.note("unknown", "memory: the reply did not have the word of the first turn; does the site remember?")

    def learn_refusal(self, outcome: Outcome) -> None:
        """A status that means a refusal here and is not known as one."""
        declared = any(value_of(self.tables, "", key) for key in ("extends", "refused"))
        is_known = isinstance(outcome.error, SessionRefused) or outcome.status in USUAL
        if not declared and not is_known and 400 <= outcome.status < 500 and outcome.status != LIMITED:
            why = f"proven: HTTP {outcome.status} without the token"
            statuses = sorted({*USUAL, outcome.status})
            self.tables = put(self.tables, "", Line("refused", {"status": statuses}, why))
            self.note("proven", f"refused: HTTP {outcome.status} means that the token was not good")

    def still_true(self, findings: Iterable[Finding]) -> list[Finding]:
        """The findings of a recording, without what was answered since, or was shown to be otherwise."""
        return [each for each in findings if not self._is_answered(each)]

    def _is_answered(self, finding: Finding) -> bool:
        if any(finding.text.startswith(f"{name}: ") for name in self.replaced):
            return True
        text = finding.text.lower()
        return finding.sureness != "sure" and any(words.lower() in text for words in self._answered)
