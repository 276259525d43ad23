"""What a check at the end adds to the report."""

from typing import Final

from chatdoor.discover.check_finding import Proof
from chatdoor.discover.draft import Finding

_SAID_ALREADY: Final = frozenset({"reachable", "session", "token", "turn", "memory"})
"""What the trials have shown, so that only its failure is news."""


def check_findings(proof: Proof) -> list[Finding]:
    """What works as proven, what fails as a question with its advice."""
    found = []
    for each in proof.findings:
        if each.verdict == "works" and each.check not in _SAID_ALREADY:
            found.append(Finding("proven", f"{each.check}: {each.saw}"))
        elif each.verdict == "fails":
            found.append(Finding("unknown", f"{each.check} fails: {each.saw}. {each.advice}".rstrip()))
    return found
