"""A session: one visitor of a site. Cookies, values, the page last seen.

It is a value. Answers give *changes*, which are merged into the shared session under its lock, so that two
answers that come at the same time do not undo each other.
"""

from collections.abc import Mapping
from functools import cached_property

import msgspec

from chatdoor.flow.cookies import Cookie, Jar


class Changes(msgspec.Struct, frozen=True):
    """What an answer changes: cookies set, values taken, the page that is now open, values that are gone.

    `at` is the time of the answer, in seconds since 1970.
    """

    cookies: tuple[Cookie, ...] = ()
    values: Mapping[str, object] = {}
    page: str | None = None
    gone: tuple[str, ...] = ()
    at: float = 0.0


class Session(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """One visitor.

    `generation` grows with each session of the same visitor, so that a refusal of an old one is known as
    such. `refreshed` is the generation of the session that this one is, with a new token; None where its jar
    began empty. `opened` is in seconds since 1970. `given` says that the token came from the caller: it is not
    replaced by what answers bring, and a refusal of it is final.
    """

    generation: int
    opened: float
    jar: Jar = Jar()
    values: Mapping[str, object] = {}
    page: str | None = None
    given: bool = False
    refreshed: int | None = None

    @property
    def root(self) -> int:
        """The generation in which its jar began. Conversations that a site keeps in a session live as long as that."""
        return self.generation if self.refreshed is None else self.refreshed

    @cached_property
    def worked_out(self) -> dict[object, object]:
        """What follows from this session alone, worked out once for many requests. No part of its value."""
        return {}

    def merge(self, changes: Changes) -> "Session":
        """The session after the changes."""
        if self.given:
            changes = self._without_given(changes)
        kept = {name: value for name, value in self.values.items() if name not in changes.gone}
        return msgspec.structs.replace(
            self,
            jar=self.jar.apply(changes.cookies, changes.at) if changes.cookies else self.jar,
            values={**kept, **changes.values},
            page=changes.page or self.page,
        )

    def _without_given(self, changes: Changes) -> Changes:
        own = {cookie.name for cookie in self.jar.cookies if cookie.value in self.values.values()}
        return msgspec.structs.replace(
            changes,
            cookies=tuple(cookie for cookie in changes.cookies if cookie.name not in own),
            values={name: value for name, value in changes.values.items() if name not in self.values},
            gone=(),
        )

    @property
    def secrets(self) -> frozenset[str]:
        """Texts that must not be shown: what the cookies and values hold, however deep."""
        found: set[str] = set()
        pending: list[object] = [*(cookie.value for cookie in self.jar.cookies), *self.values.values()]
        while pending:
            value = pending.pop()
            if isinstance(value, dict):
                pending.extend(value.values())
            elif isinstance(value, list):
                pending.extend(value)
            elif isinstance(value, str | int | float) and value != "":
                found.add(str(value))
        return frozenset(found)
