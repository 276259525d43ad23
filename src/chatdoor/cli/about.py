"""What a site file says about itself, in the comment that it begins with."""

import re
from itertools import takewhile

import msgspec

_EVIDENCE = re.compile(r"\b(?P<kind>[Vv]erified|[Ff]rom documentation:) (?P<what>.+?)\.?(?=\s*$|(?<=\.)\s)")


class About(msgspec.Struct, frozen=True):
    """A file's `summary`, one sentence, and its `evidence`, empty where it does not say.

    That is `verified against Django 5.2`, where a test speaks to the real thing, or `from documentation: Laravel 11`.
    """

    summary: str
    evidence: str


def about(text: str) -> About:
    """What the TOML text of a site or preset says about itself: `Verified against Django 5.2.` is its evidence."""
    lines = takewhile(lambda line: line.startswith("#"), text.splitlines())
    comment = " ".join(line.removeprefix("#").strip() for line in lines)
    found = _EVIDENCE.search(comment)
    return About(_first_sentence(comment), f"{found['kind'].lower()} {found['what']}" if found else "")


def _first_sentence(comment: str) -> str:
    end = re.search(r"[.:](?=\s|$)", comment)
    return f"{comment[: end.start()]}." if end else comment or "It does not say."
