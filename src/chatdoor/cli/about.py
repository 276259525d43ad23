"""What a site file says about itself, in the comment that it begins with."""

import re
from itertools import takewhile

import msgspec

_VERIFIED = re.compile(r"\bverified (?P<how>[^.\n]+(?:\.\d+)*)", re.IGNORECASE)


class About(msgspec.Struct, frozen=True):
    """A file's `summary`, one sentence, and how it was `verified`, empty where it does not say."""

    summary: str
    verified: str


def about(text: str) -> About:
    """What the TOML text of a site or preset says about itself: `Verified against Django 5.2.` tells that it was."""
    lines = takewhile(lambda line: line.startswith("#"), text.splitlines())
    comment = " ".join(line.removeprefix("#").strip() for line in lines)
    found = _VERIFIED.search(comment)
    return About(_first_sentence(comment), found["how"] if found else "")


def _first_sentence(comment: str) -> str:
    end = re.search(r"[.:](?=\s|$)", comment)
    return f"{comment[: end.start()]}." if end else comment or "It does not say."
