"""What a person reads beside the site file: what is sure, guessed and not known."""

from collections.abc import Iterable, Mapping
from typing import Final

from chatdoor.discover.draft import Finding, Sureness

_HEADINGS: Final[Mapping[Sureness, str]] = {
    "sure": "Sure, the recording shows it:",
    "proven": "Proven, the site answered so:",
    "guessed": "Guessed, please look:",
    "unknown": "Not known:",
}


def report(findings: Iterable[Finding]) -> str:
    """The findings under their headings, in order. Nothing for a heading without any."""
    found = list(findings)
    parts = [
        _part(heading, [each.text for each in found if each.sureness == sureness])
        for sureness, heading in _HEADINGS.items()
    ]
    return "".join(part for part in parts if part)


def _part(heading: str, texts: list[str]) -> str:
    return "\n".join([heading, *(f"  {text}" for text in texts), ""]) if texts else ""
