"""What a check of a site is made of, what each part needs, and how many requests that can take. All of it is pure."""

from collections.abc import Collection, Mapping
from math import ceil
from typing import Final

import msgspec

from chatdoor.errors import ArgumentError
from chatdoor.site.model import Site, Step
from chatdoor.site.nearest import nearest

CHECKS: Final[Mapping[str, str]] = {
    "reachable": "the site answers at all",
    "session": "its session steps get a visitor in",
    "token": "what it takes from its pages is there",
    "turn": "one message gets a reply",
    "streaming": "pieces come before the end of the reply",
    "memory": "the second turn remembers the first",
    "isolation": "a second conversation does not hear of the first",
    "refusal": "a message with a wrong token is refused",
    "refresh": "after a refusal one refresh lets the message through",
}
"""Name -> what is proven, in the order in which it is done."""

NEEDS: Final[Mapping[str, tuple[str, ...]]] = {
    "reachable": (),
    "session": ("reachable",),
    "token": ("session",),
    "turn": ("token",),
    "streaming": ("turn",),
    "memory": ("turn",),
    "isolation": ("memory",),
    "refusal": ("turn",),
    "refresh": ("refusal",),
}
"""Name -> what has to hold before. It is made too, and told of where it fails."""

MESSAGES: Final = ("turn", "memory", "isolation", "refusal", "refresh")
"""The checks that send a message each. The others look at what those bring."""

HOPS: Final = 2
"""Requests that are allowed for one step: itself, and a redirect or a repetition."""

POLLS_MOST: Final = 60
"""Requests that are allowed for one step that is repeated until the reply is there."""

POLLED_SECONDS: Final = 10.0
"""How long such a step is thought to be repeated. A longer wait uses what other messages leave."""

PAUSE_SECONDS: Final = 1.0
"""Between two messages, except to one's own machine. The site's own pace holds too."""


class Plan(msgspec.Struct, frozen=True):
    """What a check does. `told` are the checks that were asked for, `made` those with what they need.

    `messages` and `requests` are the most that it sends; a message that is refused is sent again, as in any call.
    """

    told: frozenset[str]
    made: frozenset[str]
    messages: int
    requests: int


def plan_check(site: Site, *, only: Collection[str] = (), skip: Collection[str] = ()) -> Plan:
    """The plan for a site: all checks, or some of them by name. Raises ArgumentError for a name that is none."""
    for name in (*only, *skip):
        if name not in CHECKS:
            raise ArgumentError(f"there is no check {name!r:.40}{nearest(name, CHECKS)}; there are {', '.join(CHECKS)}")
    told = frozenset(only or CHECKS) - frozenset(skip)
    if not told:
        raise ArgumentError("only, skip: no check is left")
    made = _with_needs(site, told)
    messages = [name for name in MESSAGES if name in made]
    return Plan(told, made, len(messages), _cost(site.session) + sum(_message_cost(site, name) for name in messages))


def pause_before(site: Site) -> float:
    """Seconds to wait before a message that is not the first."""
    return 0.0 if site.local else PAUSE_SECONDS


def credentials(site: Site) -> tuple[str, ...]:
    """The secrets that a site asks for, as its file names them: `env:BOT_USER`."""
    steps = (*site.session, *site.conversation.start, *site.chat)
    return tuple(dict.fromkeys((*(name for step in steps for name in step.references), *site.references)))


def _with_needs(site: Site, told: frozenset[str]) -> frozenset[str]:
    """The checks with all that they need. Without session steps, the first message shows whether the site answers."""
    made: set[str] = set()
    pending = [*told, *(() if site.session else ("turn",))]
    while pending:
        name = pending.pop()
        if name not in made:
            made.add(name)
            pending += NEEDS[name]
    return frozenset(made)


def _message_cost(site: Site, name: str) -> int:
    """Requests for one message, told anew in a fresh session where the first attempt is refused."""
    start, chat = _cost(site.conversation.start), _cost(site.chat)
    refused = HOPS * len((*site.conversation.start, *site.chat))
    if name == "refusal":  # where it is not refused, it is answered
        return start + chat
    opened = _cost(site.session) * (2 if name == "isolation" and site.in_sessions else 1)
    before = chat if name == "memory" else 0
    return refused + opened + start + before + chat


def _cost(steps: tuple[Step, ...]) -> int:
    return sum(map(_step_cost, steps))


def _step_cost(step: Step) -> int:
    if step.until and not step.is_socket:
        return min(POLLS_MOST, HOPS + ceil(POLLED_SECONDS / step.every))
    return HOPS
