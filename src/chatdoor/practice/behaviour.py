"""How a practice site behaves: every option with its default and its line of help, in this one place."""

from collections.abc import Mapping
from typing import Annotated, Literal, get_args

from msgspec import Meta, Struct
from msgspec.structs import fields, replace

from chatdoor.errors import ArgumentError
from chatdoor.practice.option import Option, Value
from chatdoor.site.nearest import nearest

Token = Literal["cookie", "meta", "input", "header", "json", "script", "named", "masked", "none"]
"""Where the token stands. `named`: a page tells the name of its header too. `masked`: each page writes it anew."""
Login = Literal["none", "form", "json"]
"""How a visitor signs in: not at all, by a form, or by JSON that is answered with a bearer token."""
Body = Literal["json", "form", "multipart", "text", "query"]
"""How the prompt is sent."""
History = Literal["client", "none", "session", "id", "start"]
"""Who remembers the turns: the client, which sends them all each time; nobody; or the site.

The site finds them by the visitor (`session`), by an id that its first answer gives (`id`), or by one that a request
of its own has given before the first prompt (`start`).
"""
Shape = Literal[
    "json",
    "sse-delta",
    "sse-cumulative",
    "sse-snapshot",
    "sse-mixed",
    "ndjson",
    "text",
    "html",
    "redirect",
    "job-stream",
    "job-poll",
    "websocket",
]
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
    login: Annotated[Login, _says("How a visitor signs in, as guest with the password guest.")] = "none"
    body: Annotated[Body, _says("How the prompt is sent.")] = "json"
    history: Annotated[History, _says("Who remembers: the client, nobody, or the site in one of three ways.")] = (
        "client"
    )
    reply: Annotated[Shape, _says("What a reply looks like.")] = "json"
    pause: Annotated[float, _says("Seconds between the words of a streamed reply.")] = 0.0
    rotate: Annotated[bool, _fault("Give a new token with every page and reply; the old one dies.")] = False
    expire_every: Annotated[int, _fault("Let tokens and logins expire after every N-th accepted prompt.")] = 0
    forget_every: Annotated[int, _fault("Forget all conversations after every N-th accepted prompt.")] = 0
    mix: Annotated[bool, _fault("Answer each conversation as if all of them were one.")] = False
    limit_every: Annotated[int, _fault("Answer every N-th prompt with 429 and Retry-After.")] = 0
    retry_after: Annotated[int, _fault("Seconds that a 429 asks to wait.")] = 1
    fail_every: Annotated[int, _fault("Answer every N-th prompt with 500.")] = 0
    error_every: Annotated[int, _fault("Answer every N-th prompt with an error inside a 200.")] = 0
    cut_every: Annotated[int, _fault("Cut the reply to every N-th prompt short.")] = 0
    slow: Annotated[float, _fault("Seconds before the answer to a prompt begins.")] = 0.0

    def __post_init__(self) -> None:
        for option in OPTIONS:
            option.check(getattr(self, option.name))
        if self.error_every and self.reply == "text":
            raise ArgumentError("a plain text has no place for an error", site="practice", step="error_every")
        if self.reply == "websocket" and self.body != "json":
            raise ArgumentError("a frame of a websocket is JSON here", site="practice", step="body")

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

EXPIRE = Option("expire", "Let all tokens and logins expire now.", default=False, live=True)
FORGET = Option("forget", "Forget all conversations now.", default=False, live=True)
DEEDS = (EXPIRE, FORGET)
"""No states but deeds, done where faults are changed."""


def _changed(behaviour: Behaviour, changes: Mapping[str, object], allowed: tuple[Option, ...]) -> Behaviour:
    names = [option.name for option in allowed]
    for name in changes:
        if name not in names:
            raise ArgumentError(f"there is no option {name!r:.60}{nearest(name, names)}", site="practice")
    return replace(behaviour, **changes)
