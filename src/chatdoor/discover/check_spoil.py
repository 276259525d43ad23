"""A session that a site that looks at its tokens must refuse."""

from collections.abc import Mapping
from typing import Final

import msgspec

from chatdoor.flow.cookies import Jar
from chatdoor.flow.session import Session
from chatdoor.site.model import Site, Source
from chatdoor.site.template import NULLABLE

_TURNS: Final = ("0123456789", "abcdef", "ghijklmnopqrstuvwxyz", "ABCDEF", "GHIJKLMNOPQRSTUVWXYZ")
"""Characters that stand for each other: a wrong token has the length and the letters of a right one."""

_WRONG: Final = str.maketrans({old: kind[at - 1] for kind in _TURNS for at, old in enumerate(kind)})


def tokens_of(site: Site) -> Mapping[str, Source]:
    """The values of a session that go out with a message or before it, and where each is from. An id is no token."""
    taken = {**site.take, **{name: source for step in site.session for name, source in step.take.items()}}
    return {name: source for name, source in taken.items() if name in site.names and name != NULLABLE}


def spoil(site: Site, session: Session, *, given: bool = False) -> Session | None:
    """The session with wrong tokens; without cookies, where it has no tokens. None where it has neither.

    The cookies stay where there are tokens: a site that compares both would take two that are wrong alike. `given`
    makes its refusal final, as that of a token from the caller is.
    """
    values = {
        name: wrong(value)
        for name in tokens_of(site)
        if isinstance(value := session.values.get(name), str) and value != wrong(value)
    }
    if values:
        return msgspec.structs.replace(session, values={**session.values, **values}, given=given)
    return msgspec.structs.replace(session, jar=Jar(), given=given) if session.jar.cookies else None


def wrong(token: str) -> str:
    """A text like the token, and another one."""
    return token.translate(_WRONG)
