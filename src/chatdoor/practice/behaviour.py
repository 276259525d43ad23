"""How a practice site behaves: every option with its default and its line of help, in this one place."""

from collections.abc import Mapping
from typing import Annotated, Literal, get_args

from msgspec import Meta, Struct
from msgspec.structs import fields, replace

from chatdoor.errors import ArgumentError
from chatdoor.practice.option import Option, Value
from chatdoor.site.nearest import nearest

Token = Literal["cookie", "meta", "input", "header", "json", "none"]
"""Where the token stands."""
Body = Literal["json", "form"]
"""What the site reads."""
History = Literal["client", "none"]
"""Who remembers the turns: the client, which sends them all each time, or nobody."""
Shape = Literal["json", "sse-delta", "sse-cumulative"]
"""What a reply looks like."""


def _says(text: str) -> Meta:
    return Meta(description=text, extra={"live": False})


def _fault(text: str) -> Meta:
    return Meta(description=text, extra={"live": True})


class Behaviour(Struct, frozen=True, kw_only=True):
    """What a practice site does. Without arguments it talks as VoiGpt does and makes no trouble.

    Faults count the prompts that carried a good token, from 1; 0 is never. Times are seconds.
    Raises ArgumentError where an option can not be set to its value.
    """

    token: Annotated[Token, _says("Where the token stands.")] = "cookie"
    body: Annotated[Body, _says("What the site reads.")] = "json"
    history: Annotated[History, _says("Who remembers: the client, which sends all turns, or nobody.")] = "client"
    reply: Annotated[Shape, _says("What a reply looks like.")] = "json"
    pause: Annotated[float, _says("Seconds between the words of a streamed reply.")] = 0.0
    rotate: Annotated[bool, _fault("Give a new token with every page and reply; the old one dies.")] = False
    expire_every: Annotated[int, _fault("Let all tokens expire after every N-th accepted prompt.")] = 0
    limit_every: Annotated[int, _fault("Answer every N-th prompt with 429 and Retry-After.")] = 0
    retry_after: Annotated[int, _fault("Seconds that a 429 asks to wait.")] = 1
    fail_every: Annotated[int, _fault("Answer every N-th prompt with 500.")] = 0
    cut_every: Annotated[int, _fault("Cut the reply to every N-th prompt short.")] = 0
    slow: Annotated[float, _fault("Seconds before the answer to a prompt begins.")] = 0.0

    def __post_init__(self) -> None:
        for option in OPTIONS:
            option.check(getattr(self, option.name))

    @classmethod
    def of(cls, options: Mapping[str, object]) -> "Behaviour":
        """The behaviour with these options, others at their defaults. Raises ArgumentError for an unknown one."""
        return _changed(cls(), options, OPTIONS)

    def with_faults(self, changes: Mapping[str, object]) -> "Behaviour":
        """This behaviour, with other faults. Raises ArgumentError for what is not in `FAULTS`."""
        return _changed(self, changes, FAULTS)

    def faults(self) -> dict[str, Value]:
        """What `with_faults` can change, as it is now."""
        return {option.name: getattr(self, option.name) for option in FAULTS}


def _option(name: str, annotated: object, default: Value) -> Option:
    kind, meta = get_args(annotated)
    return Option(name, meta.description, default, choices=get_args(kind), live=meta.extra["live"])


OPTIONS: tuple[Option, ...] = tuple(_option(each.name, each.type, each.default) for each in fields(Behaviour))
"""All options, in the order of `Behaviour`."""

FAULTS: tuple[Option, ...] = tuple(option for option in OPTIONS if option.live)
"""The options that can be changed while the site runs."""

EXPIRE = Option("expire", "Let all tokens expire now.", default=False, live=True)
"""Not a state but a deed, done where faults are changed."""


def _changed(behaviour: Behaviour, changes: Mapping[str, object], allowed: tuple[Option, ...]) -> Behaviour:
    names = [option.name for option in allowed]
    for name in changes:
        if name not in names:
            raise ArgumentError(f"there is no option {name!r:.60}{nearest(name, names)}", site="practice")
    return replace(behaviour, **changes)
