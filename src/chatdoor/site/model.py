"""A site, checked and ready: what the flows read.

Everything a flow needs is worked out when the file is loaded: templates are parsed, paths compiled, units
turned into seconds and bytes, so that a call only fills in values.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Final, Literal, TypeAlias
from urllib.parse import urlsplit

import msgspec

from chatdoor.site.paths import Find
from chatdoor.site.patterns import Pick
from chatdoor.site.template import Fields, Shape, Slot, Template, slots
from chatdoor.site.urls import origin_of

Place: TypeAlias = Literal["cookie", "header", "meta", "input", "css", "url", "body"]
BodyKind: TypeAlias = Literal["json", "form", "multipart", "text", "emit"]
Decode: TypeAlias = Literal["percent", "none", "base64"]
Format: TypeAlias = Literal["json", "sse", "ndjson", "websocket", "socketio", "html", "text"]
System: TypeAlias = Literal["message", "prepend", "drop", "refuse", "field"]
History: TypeAlias = Literal["client", "session", "connection", "id", "none"]
Recover: TypeAlias = Literal["replay", "fold", "refuse"]


SAID: Final = frozenset({"prompt", "messages", "history"})
"""Placeholders for what is said."""

SOCKETS: Final = frozenset({"WEBSOCKET", "SOCKETIO"})
"""Methods of steps that speak over a websocket."""

REMEMBERING: Final = frozenset({"session", "connection", "id"})
"""Kinds of history that the site keeps."""


class Source(msgspec.Struct, frozen=True):
    """Where a value is found: a place, its name or selector there, and picks from the text: `regex`, then `json`."""

    place: Place
    name: str = ""
    attr: str | None = None
    json: Find | None = None
    decode: Decode = "percent"
    regex: Pick | None = None
    url: Pick | None = None

    @property
    def needs_body(self) -> bool:
        """True where the answer's body has to be read."""
        return self.place not in {"cookie", "header", "url"}

    @property
    def spot(self) -> str:
        """Where that is, for errors."""
        if self.place == "url":
            return "the address that it led to"
        return f"{self.place} {self.name!r}" if self.name else "the body"


class Sources(msgspec.Struct, frozen=True):
    """Sources by what of an answer they need: its cookies, its head (headers and URL), its body.

    `picks` are those of a body in which only a path into its JSON is looked for, which can be done as it streams.
    """

    cookie: Mapping[str, Source]
    header: Mapping[str, Source]
    body: Mapping[str, Source]
    picks: Mapping[str, Find]


def sort_sources(take: Mapping[str, Source]) -> Sources:
    """The sources, sorted."""
    return Sources(
        cookie={name: source for name, source in take.items() if source.place == "cookie"},
        header={name: source for name, source in take.items() if source.place in {"header", "url"}},
        body={name: source for name, source in take.items() if source.needs_body},
        picks={
            name: source.json
            for name, source in take.items()
            if source.place == "body" and source.json and not source.regex
        },
    )


class RecordMatch(msgspec.Struct, frozen=True):
    """A description of a record: each path finds one of its values."""

    fields: tuple[tuple[Find, tuple[object, ...]], ...]
    of_data: tuple[tuple[Find, tuple[object, ...]], ...] = ()
    """Those whose paths begin with `@.`: they look where no name of an event stands above a field `event`."""

    def fits(self, record: object, data: object = None) -> bool:
        """True where every path finds one of its values. `data` is the record without the name of its event."""
        return _all_found(self.fields, record) and _all_found(self.of_data, record if data is None else data)


class Match(msgspec.Struct, frozen=True):
    """A description of an answer. What is empty is not asked for."""

    statuses: frozenset[int] = frozenset()
    paths: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    selectors: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    json: RecordMatch | None = None
    closes: frozenset[int] = frozenset()
    """Close codes of a websocket. They stand alone."""

    @property
    def needs_body(self) -> bool:
        """True where the answer's body has to be read."""
        return bool(self.selectors or self.texts or self.json)


class Body(msgspec.Struct, frozen=True):
    """The body of a request."""

    kind: BodyKind
    shape: Shape


class Step(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """One request. `label` names it in errors: "step 1 of 2, GET /"."""

    label: str
    method: str
    path: Template
    query: Fields | None = None
    headers: tuple[tuple[Template, Template], ...] = ()
    cookies: tuple[tuple[str, Template], ...] = ()
    body: Body | None = None
    auth: Shape | None = None
    """What Socket.IO's connect brings along."""
    take: Mapping[str, Source] = msgspec.field(default_factory=dict)
    sources: Sources = Sources({}, {}, {}, {})
    make: Mapping[str, str] = msgspec.field(default_factory=dict)
    expect: tuple[Match, ...] = ()
    expected: str = "a success"
    """What `expect` describes, in words."""
    until: tuple[Match, ...] = ()
    awaited: str = "a frame"
    """What `until` describes, in words."""
    every: float = 1.0
    """Seconds between two repetitions, where there is an `until`."""
    follow_redirects: bool = True
    refresh: bool = False
    opening_names: frozenset[str] = frozenset()
    """The names in its path, query and headers: what comes before the body."""
    names: frozenset[str] = frozenset()
    """The names of all that it sends."""
    references: tuple[str, ...] = ()
    """The secrets that it sends, as the site file names them: `env:X`."""

    @cached_property
    def is_socket(self) -> bool:
        """True where it speaks over a websocket."""
        return self.method in SOCKETS

    @cached_property
    def tells(self) -> bool:
        """True where the step brings what was said to the site."""
        return not self.names.isdisjoint(SAID)

    @cached_property
    def only_reads(self) -> bool:
        """True where asking twice does no harm: a GET without anything that was said."""
        return self.method == "GET" and not self.tells


def step_slots(step: Step) -> Iterator[Slot]:
    """Every slot of a step's request."""
    yield from slots(step.path)
    for name, value in step.headers:
        yield from (*slots(name), *slots(value))
    for _, value in step.cookies:
        yield from slots(value)
    for shape in (step.query, step.body.shape if step.body else None, step.auth):
        if shape is not None:
            yield from slots(shape)


def references_in(names: Iterable[str]) -> tuple[str, ...]:
    """Those of the names that stand for a secret, each once, in a fixed order."""
    return tuple(sorted({name for name in names if ":" in name}))


class ReplyRule(msgspec.Struct, frozen=True, kw_only=True):
    """Where the text of a reply is, and how it ends.

    `path` is a JMESPath, which `find` follows; a CSS selector in `html`, `@` in `text`. There `find` finds all.
    """

    format: Format
    find: Find
    path: str
    where: RecordMatch | None = None
    cumulative: bool | RecordMatch = False
    done: str | RecordMatch | None = None
    error: Find | RecordMatch | None = None
    error_selector: str = ""
    finish: Find | None = None
    usage_input: Find | None = None
    usage_output: Find | None = None


WHOLE: Final = frozenset({"json", "html"})
"""Formats of which nothing is handed on before the end."""


def reads_whole(step: Step, reply: ReplyRule, sources: Sources) -> bool:
    """True where the body of the step's answer decides, or holds a value that is not found while it streams."""
    if step.until or any(match.needs_body for match in step.expect):
        return True
    kinds = (sources, step.sources)
    return reply.format in WHOLE and any(len(kind.body) > len(kind.picks) for kind in kinds)


class MessagesRule(msgspec.Struct, frozen=True, dict=True):
    """The shape of a message list on its way to the site."""

    item: Shape
    roles: Mapping[str, str]
    system: System
    make: Mapping[str, str]

    @cached_property
    def is_common(self) -> bool:
        """True where the site takes messages as they are: a message says by itself how it looks as JSON."""
        return self.keys == ("role", "content") and not self.roles

    @cached_property
    def keys(self) -> tuple[str, str] | None:
        """The keys of role and text, where a message has these two and nothing else, as nearly all sites have it."""
        items = self.item.items if isinstance(self.item, Fields) else ()
        if [item for _, item in items] != [Slot("role"), Slot("text")]:
            return None
        (role, _), (text, _) = items
        return (role, text) if isinstance(role, str) and isinstance(text, str) else None


class ConversationRule(msgspec.Struct, frozen=True):
    """Who remembers the turns, what opens a conversation, and what becomes of one that the site has lost."""

    history: History
    start: tuple[Step, ...] = ()
    make: Mapping[str, str] = msgspec.field(default_factory=dict)
    lost: tuple[Match, ...] = ()
    recover: Recover = "replay"


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How much, how fast, how long. Seconds and bytes; None is no limit."""

    concurrency: int | None = 4
    per_minute: float | None = 60.0
    timeout: float = 60.0
    reply_bytes: int = 8_000_000
    prompt_chars: int | None = None
    sessions: int = 8
    session_age: float | None = None


class Site(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """One web chatbot, as data.

    `url` has no slash at its end; `origin` is its scheme, host and port. `origins` are all that requests may
    go to. `fingerprint` is a hash of the file's text: kept sessions belong to it.
    `local` is true for one's own machine, where no polite pace is needed.
    """

    name: str
    url: str
    origin: str
    origins: frozenset[str]
    models: tuple[str, ...]
    chat: tuple[Step, ...]
    reply: ReplyRule
    reads_whole: bool
    session: tuple[Step, ...]
    doors: frozenset[str]
    """URLs where a visitor signs in: a chat that ends there was turned away."""
    take: Mapping[str, Source]
    sources: Sources
    headers: tuple[tuple[Template, Template], ...]
    header_names: frozenset[str]
    references: tuple[str, ...]
    """The secrets that the headers of every request hold."""
    refused: tuple[Match, ...]
    blocked: tuple[Match, ...]
    messages: MessagesRule
    conversation: ConversationRule
    limits: Limits
    text: str
    fingerprint: str
    local: bool

    @cached_property
    def names(self) -> frozenset[str]:
        """The names of all that the steps of a conversation send."""
        steps = (*self.conversation.start, *self.chat)
        return self.header_names.union(*(step.names for step in steps))

    @cached_property
    def doubts(self) -> tuple[Match, ...]:
        """What may say of a success, by its status, that it is no reply."""
        matches = (*self.refused, *self.blocked, *self.conversation.lost)
        return tuple(match for match in matches if not match.statuses or min(match.statuses) < 300)

    @cached_property
    def refreshes(self) -> bool:
        """True where session steps promise to renew the token and leave the conversation alone."""
        return any(step.refresh for step in self.session)

    @cached_property
    def has_sockets(self) -> bool:
        """True where a step speaks over a websocket."""
        return any(step.is_socket for step in (*self.conversation.start, *self.chat))

    @cached_property
    def in_connections(self) -> bool:
        """True where the site keeps the turns with the websocket."""
        return self.conversation.history == "connection"

    @cached_property
    def remembers(self) -> bool:
        """True where the site keeps the turns, and gets only the new one."""
        return self.conversation.history in REMEMBERING

    @cached_property
    def has_talks(self) -> bool:
        """True where telling it a turn may take more than its chat steps: it remembers, or wants something made."""
        rule = self.conversation
        return self.remembers or bool(self.messages.make or rule.start or rule.make)

    @cached_property
    def gets_list_alone(self) -> bool:
        """True where all that the site gets of what is said is the message list."""
        apart = {"prompt", "history", "system"}
        whole = self.conversation.history == "client" and self.messages.system == "message"
        return whole and "messages" in self.names and apart.isdisjoint(self.names) and self.limits.prompt_chars is None

    @cached_property
    def in_sessions(self) -> bool:
        """True where the site keeps the turns with the visitor, so that each conversation has a session of its own."""
        return self.conversation.history in {"session", "connection"}


def step_origin(site: Site, step: Step) -> str:
    """Scheme, host and port that the step's request goes to."""
    first = step.path.parts[0]
    return site.origin if not isinstance(first, str) or first.startswith("/") else origin_of(urlsplit(first))


def _all_found(fields: tuple[tuple[Find, tuple[object, ...]], ...], record: object) -> bool:
    return all(any(_same(find(record), value) for value in values) for find, values in fields)


def _same(found: object, value: object) -> bool:
    """Equal as JSON: 1 is 1.0, and neither is true, as Python has it."""
    return isinstance(found, bool) is isinstance(value, bool) and found == value
