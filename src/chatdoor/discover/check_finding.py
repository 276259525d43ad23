"""What a check has found: one finding for each of its parts, and all of them as a proof."""

from typing import Literal, TypeAlias

import msgspec

from chatdoor.errors import ChatdoorError

Verdict: TypeAlias = Literal["works", "fails", "not shown", "skipped"]
"""`not shown`: nothing speaks against it, and nothing proves it. `skipped`: there was nothing to prove, or no way."""


class Finding(msgspec.Struct, frozen=True):
    """What became of one check.

    `saw` says what happened, `advice` what to do, empty where nothing is to be done. Of a failure, `kind` is the name
    of its error and `exit_code` that of the command line; else they are empty and 0.
    """

    check: str
    verdict: Verdict
    saw: str
    advice: str = ""
    kind: str = ""
    exit_code: int = 0


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """What a check has found out about a site, with the number of requests it took, and their most, and seconds."""

    site: str
    url: str
    findings: tuple[Finding, ...]
    requests: int
    most_requests: int
    seconds: float

    @property
    def works(self) -> bool:
        """True where nothing fails. What is not shown, or was skipped, is no failure."""
        return not self.failures

    @property
    def failures(self) -> tuple[Finding, ...]:
        """The findings that are failures."""
        return tuple(finding for finding in self.findings if finding.verdict == "fails")

    @property
    def exit_code(self) -> int:
        """That of the first failure; 0 where it works."""
        return self.failures[0].exit_code if self.failures else 0


def failed(check: str, error: ChatdoorError, advice: str) -> Finding:
    """The finding for an error. Its own words say the step, what was expected and what came."""
    where = f"{error.step}: " if error.step else ""
    return Finding(check, "fails", f"{where}{error.problem}", advice, type(error).__name__, error.exit_code)
