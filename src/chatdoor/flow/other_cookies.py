"""What is said of a cookie that did not come: the names of those that did. Deployments may call theirs otherwise."""

from collections.abc import Collection, Mapping
from typing import Final

from chatdoor.flow.cookies import Jar
from chatdoor.flow.excerpt import mask, shorten
from chatdoor.site.model import Source

MAX_NAMES: Final = 6
"""Names that are told."""

MAX_CHARS: Final = 40
"""Characters of a name that are told."""

SETTINGS: Final[Mapping[str, str]] = {"csrftoken": ", in Django by CSRF_COOKIE_NAME"}
"""Cookie -> by which setting of its framework it has another name."""


def other_cookies(source: Source, jar: Jar, secrets: Collection[str]) -> str:
    """Which cookies came in place of the one that is missing, in brackets, names only; empty where it is no cookie."""
    names = list(dict.fromkeys(cookie.name for cookie in jar.cookies))
    if source.place != "cookie" or source.name in names:
        return ""
    if not names:
        return " (no cookie came)"
    told = ", ".join(repr(_short(mask(name, secrets))) for name in names[:MAX_NAMES])
    more = f" and {len(names) - MAX_NAMES} more" if len(names) > MAX_NAMES else ""
    return f" (what came is {told}{more}; the name may differ in this deployment{SETTINGS.get(source.name, '')})"


def _short(name: str) -> str:
    line = shorten(name)
    return line if len(line) <= MAX_CHARS else f"{line[: MAX_CHARS - 1]}…"
