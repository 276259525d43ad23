"""Proving a site file against the live site."""

import secrets
import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Final, TypeAlias, Unpack

import msgspec

from chatdoor.discover.check_finding import Finding, Proof
from chatdoor.discover.check_plan import CHECKS, plan_check
from chatdoor.discover.check_stages import Checkup
from chatdoor.discover.check_words import ASK, SAY, words_for
from chatdoor.drive.client import Client
from chatdoor.drive.visitor import Options
from chatdoor.site.load import load_site
from chatdoor.site.model import Site

WORD_SYLLABLES: Final = 4
"""Of a planted word: 24 million of them are possible, and none is in a language."""

Tell: TypeAlias = Callable[[Finding], None]


def run_check(
    site: Site | str | Path,
    *,
    only: Collection[str] = (),
    skip: Collection[str] = (),
    say: str = SAY,
    ask: str = ASK,
    word: str | None = None,
    model: str | None = None,
    system: str | None = None,
    tell: Tell | None = None,
    most: int | None = None,
    **options: Unpack[Options],
) -> Proof:
    """Proves a site file against the live site.

    `say` plants the word, which stands in it as `{word}`, and `ask` asks for it; default is a new word each time.
    `tell` hears each finding as it comes; `most` are the requests that may be sent, where the plan allows more;
    `options` are those of a client. A failure is a finding, and no error. After
    a message that failed no other one is sent. Raises ArgumentError for arguments that can not be used.
    """
    found = site if isinstance(site, Site) else load_site(site)
    plan = plan_check(found, only=only, skip=skip)
    if most is not None:
        plan = msgspec.structs.replace(plan, requests=min(plan.requests, most))
    words = words_for(say, ask, make_word() if word is None else word, model=model, system=system)
    began = time.monotonic()
    with Client(found, **options) as client:
        checkup = Checkup(client, plan, words)
        findings = []
        for finding in checkup.findings():
            findings.append(finding)
            if tell:
                tell(finding)
    names = list(CHECKS)
    return Proof(
        site=found.name,
        url=found.url,
        findings=tuple(sorted(findings, key=lambda finding: names.index(finding.check))),
        requests=checkup.ledger.sent,
        most_requests=plan.requests,
        seconds=time.monotonic() - began,
    )


def make_word() -> str:
    """A word that nobody has said before, as a name begins: with a capital letter."""
    syllables = (secrets.choice("bdfgklmnprstvz") + secrets.choice("aeiou") for _ in range(WORD_SYLLABLES))
    return "".join(syllables).capitalize()
