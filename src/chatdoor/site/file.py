"""The site language, as types: what may stand in a site file, with the meaning of each key.

These structs are the grammar. The loader checks files against them; the JSON Schema for editors, the reference
page and the words of error messages are made from them. `model` holds what a checked file becomes.
"""

from typing import Annotated, Final, Literal, TypeAlias

import msgspec
from msgspec import UNSET, Meta, UnsetType


def means(meaning: str, default: str = "") -> Meta:
    """What a key means, and its default where that is not a constant."""
    return Meta(description=meaning, extra={"default": default})


def _spelled(pattern: str, title: str) -> Meta:
    """Text of one form. `$` alone would allow a line break at the end."""
    return Meta(pattern=rf"^(?:{pattern})$(?!\n)", title=title)


METHODS: Final = ("get", "post", "put", "patch", "delete", "websocket", "socketio")
"""Keys of a step that say where its request goes. It has one of them."""

BODIES: Final = ("json", "form", "multipart", "text")
"""Keys of a step that hold its body. It has one at most."""

FORMATS: Final = ("json", "sse", "ndjson", "websocket", "socketio", "html", "text")
"""Keys of a reply that say where its text is. It has one of them."""

PLACES: Final = ("cookie", "header", "meta", "input", "css", "url")
"""Keys of a source that say where a value is. It has one of them; without one, the body is meant."""

Text: TypeAlias = Annotated[str, Meta(min_length=1)]
Words: TypeAlias = Text | Annotated[list[Text], Meta(min_length=1)]

SiteName: TypeAlias = Annotated[
    str, _spelled(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", "a name of up to 64 letters, digits, dots, dashes or underscores")
]
Name: TypeAlias = Annotated[
    str, _spelled(r"[A-Za-z_][A-Za-z0-9_]{0,63}", "a name of up to 64 letters, digits and underscores")
]
Duration: TypeAlias = Annotated[
    str, _spelled(r"[0-9]{1,9}(?:\.[0-9]{1,9})?(?:ms|s|m|h|d)", 'a duration such as "500ms", "60s" or "30m"')
]
Size: TypeAlias = Annotated[str, _spelled(r"[0-9]{1,12}(?:B|kB|KB|MB|GB)", 'a size such as "64kB" or "8MB"')]
Kind: TypeAlias = Annotated[
    str, _spelled(r"uuid4|(?:hex|alnum)[1-9][0-9]{0,2}|unix_ms|iso8601", "uuid4, hexN, alnumN, unix_ms or iso8601")
]
Status: TypeAlias = (
    Annotated[int, Meta(ge=100, le=599, title="a status such as 403")]
    | Annotated[str, _spelled(r"[1-5]xx", 'a class such as "5xx"')]
)
PathPattern: TypeAlias = Annotated[str, _spelled(r"[/*][^#\s]*", "a path that begins with / or *, without space and #")]
PathPatterns: TypeAlias = PathPattern | Annotated[list[PathPattern], Meta(min_length=1)]
ContentType: TypeAlias = Annotated[
    str, _spelled(r"[^/;\s]+/[^/;\s]+", 'a content type without parameters, such as "text/html"')
]
ContentTypes: TypeAlias = ContentType | Annotated[list[ContentType], Meta(min_length=1)]

Scalar: TypeAlias = Annotated[str | int | float | bool, Meta(title="text, a number, true or false")]
Body: TypeAlias = dict[str, object]
RecordMatch: TypeAlias = Annotated[
    dict[Text, Scalar | Annotated[list[Scalar], Meta(min_length=1)]], Meta(min_length=1, title="a record match")
]
Makers: TypeAlias = dict[Name, Kind]


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A table of a site file. A key that is not named below is an error."""


class SourceTable(Table, frozen=True):
    """Where a value is found: a place, then picks, where the text there is more than the value."""

    cookie: Annotated[Text | UnsetType, means("the jar's newest cookie of this name, percent-decoded")] = UNSET
    header: Annotated[Text | UnsetType, means("a header of the final answer")] = UNSET
    meta: Annotated[Text | UnsetType, means("`content` of the first `<meta>` of this name")] = UNSET
    input: Annotated[Text | UnsetType, means("`value` of the first form field of this name")] = UNSET
    css: Annotated[Text | UnsetType, means("the first element that this selector finds")] = UNSET
    attr: Annotated[
        Text | UnsetType,
        means("with `css`: the attribute", "`value` of a field, `content` of a meta, else the text"),
    ] = UNSET
    url: Annotated[Text | UnsetType, means("first group of this regular expression, in the final URL")] = UNSET
    json: Annotated[Text | UnsetType, means("pick: JMESPath into the text, or what `regex` picked of it, as JSON")] = (
        UNSET
    )
    regex: Annotated[Text | UnsetType, means("pick: first group of this regular expression")] = UNSET
    decode: Annotated[
        Literal["none", "base64"] | UnsetType,
        means("`none` leaves a cookie as it is, `base64` decodes what was found", "percent-decoded, for a cookie"),
    ] = UNSET


class MatchTable(Table, frozen=True):
    """A description of an answer. All keys hold together."""

    status: Annotated[
        Status | Annotated[list[Status], Meta(min_length=1)] | UnsetType, means("a status, a class, or a list of them")
    ] = UNSET
    url: Annotated[
        PathPatterns | UnsetType,
        means(
            "path where the answer came from or a redirect leads to, with the query where a `?` is written; "
            "`*` stands for anything"
        ),
    ] = UNSET
    type: Annotated[ContentTypes | UnsetType, means("content type, without parameters")] = UNSET
    css: Annotated[Words | UnsetType, means("there is an element that this selector finds")] = UNSET
    text: Annotated[Words | UnsetType, means("text contained in the body")] = UNSET
    json: Annotated[RecordMatch | UnsetType, means("record match on the body as JSON")] = UNSET
    close: Annotated[int | list[int] | UnsetType, means("close code of a websocket")] = UNSET


Matches: TypeAlias = MatchTable | Annotated[list[MatchTable], Meta(min_length=1)]


class StepTable(Table, frozen=True):
    """One request, and what to take out of its answer."""

    get: Annotated[Text | UnsetType, means("path or URL to GET")] = UNSET
    post: Annotated[Text | UnsetType, means("path or URL to POST")] = UNSET
    put: Annotated[Text | UnsetType, means("path or URL to PUT")] = UNSET
    patch: Annotated[Text | UnsetType, means("path or URL to PATCH")] = UNSET
    delete: Annotated[Text | UnsetType, means("path or URL to DELETE")] = UNSET
    websocket: Annotated[Text | UnsetType, means("path of a websocket: connect, send the body")] = UNSET
    socketio: Annotated[Text | UnsetType, means("the same in Socket.IO 4 framing")] = UNSET
    auth: Annotated[Body | UnsetType, means("with `socketio`: the connect payload")] = UNSET
    emit: Annotated[list[object] | UnsetType, means("with `socketio`: event name and arguments")] = UNSET
    query: Annotated[Body | UnsetType, means("query parameters")] = UNSET
    headers: Annotated[dict[str, str] | UnsetType, means("headers; they win over the common ones")] = UNSET
    cookies: Annotated[dict[str, str] | UnsetType, means("cookies added to this request")] = UNSET
    json: Annotated[object, means("body: a JSON document")] = UNSET
    form: Annotated[Body | UnsetType, means("body: application/x-www-form-urlencoded")] = UNSET
    multipart: Annotated[Body | UnsetType, means("body: multipart/form-data")] = UNSET
    text: Annotated[str | UnsetType, means("body: plain text")] = UNSET
    take: Annotated[dict[Name, SourceTable] | UnsetType, means("values from this step's answer")] = UNSET
    make: Annotated[Makers | UnsetType, means("values made anew each time the step runs")] = UNSET
    expect: Annotated[Matches | UnsetType, means("must hold, else an error")] = UNSET
    until: Annotated[Matches | UnsetType, means("repeat the step until it holds")] = UNSET
    every: Annotated[Duration | UnsetType, means("pause between repetitions", '`"1s"`')] = UNSET
    follow_redirects: Annotated[bool, means("follow redirects as a browser does")] = True
    refresh: Annotated[
        bool, means("in `session`: a promise that this step renews the token and keeps the conversation")
    ] = False


Steps: TypeAlias = StepTable | Annotated[list[StepTable], Meta(min_length=1)]


class UsageTable(Table, frozen=True):
    """Where the site says how many tokens it counted."""

    input: Annotated[Text | UnsetType, means("JMESPath to the tokens of the prompt")] = UNSET
    output: Annotated[Text | UnsetType, means("JMESPath to the tokens of the reply")] = UNSET


class ReplyTable(Table, frozen=True):
    """Where the text is in the last chat step's answer. Exactly one of the first seven."""

    json: Annotated[Text | UnsetType, means("one JSON document: JMESPath to the text")] = UNSET
    sse: Annotated[Text | UnsetType, means("server-sent events: JMESPath into each; `@` is the data")] = UNSET
    ndjson: Annotated[Text | UnsetType, means("JSON lines: JMESPath into each")] = UNSET
    websocket: Annotated[Text | UnsetType, means("websocket frames: JMESPath into each")] = UNSET
    socketio: Annotated[Text | UnsetType, means("Socket.IO events: JMESPath into each")] = UNSET
    html: Annotated[Text | UnsetType, means("a page: the last element that this selector finds")] = UNSET
    text: Annotated[bool | UnsetType, means("`true`: the body as it comes")] = UNSET
    where: Annotated[RecordMatch | UnsetType, means("which records hold text; others are passed over")] = UNSET
    cumulative: Annotated[bool | RecordMatch, means("these records hold the whole text so far")] = False
    done: Annotated[
        Text | RecordMatch | UnsetType, means("the end: a record match, or the exact data of a last record")
    ] = UNSET
    error: Annotated[
        Text | RecordMatch | UnsetType, means("text found there, or a record that fits, is an error inside a 200")
    ] = UNSET
    finish: Annotated[Text | UnsetType, means("JMESPath: why the reply ended")] = UNSET
    usage: Annotated[UsageTable, means("tokens counted, where the site says so")] = UsageTable()


class MessagesTable(Table, frozen=True):
    """The shape of a message list on its way to the site."""

    item: Annotated[object, means("one message", '`{ role = "{role}", content = "{text}" }`')] = UNSET
    roles: Annotated[dict[str, str], means("other names of roles")] = {}
    make: Annotated[Makers | UnsetType, means("a value for each message")] = UNSET
    system: Annotated[
        Literal["message", "prepend", "drop", "refuse"] | UnsetType,
        means("what becomes of a system text", "`message` where the client keeps the history, else `prepend`"),
    ] = UNSET


class ConversationTable(Table, frozen=True):
    """Who remembers the turns, and what opens a conversation."""

    history: Annotated[
        Literal["client", "session", "connection", "id", "none"] | UnsetType,
        means("who remembers", "`client` where `chat` sends `{messages}` or `{history}`, else `session`"),
    ] = UNSET
    start: Annotated[Steps | UnsetType, means("what opens a conversation, before its first message")] = UNSET
    make: Annotated[Makers | UnsetType, means("values made once for each conversation")] = UNSET
    lost: Annotated[Matches | UnsetType, means("the site no longer has this conversation")] = UNSET
    recover: Annotated[
        Literal["replay", "fold", "refuse"] | UnsetType, means("what to do when it is lost", "`replay`")
    ] = UNSET


class LimitsTable(Table, frozen=True):
    """How much, how fast, how long."""

    concurrency: Annotated[
        Annotated[int, Meta(ge=1)] | UnsetType, means("messages at a time", "4; none on loopback")
    ] = UNSET
    per_minute: Annotated[
        Annotated[float, Meta(gt=0)] | UnsetType, means("messages a minute", "60; none on loopback")
    ] = UNSET
    timeout: Annotated[Duration, means("the longest a call may take, waits included")] = "60s"
    reply_bytes: Annotated[Annotated[int, Meta(ge=1)] | Size, means("the largest answer")] = "8MB"
    prompt_chars: Annotated[Annotated[int, Meta(ge=1)] | UnsetType, means("the longest prompt", "none")] = UNSET
    sessions: Annotated[Annotated[int, Meta(ge=1)] | UnsetType, means("sessions at a time", "8")] = UNSET
    session_age: Annotated[Duration | UnsetType, means("open a new session before it is this old", "none")] = UNSET


class SiteTable(Table, frozen=True):
    """A whole site file."""

    schema: Annotated[Literal[1], means("version of this language")]
    name: Annotated[SiteName, means("what commands and errors call the site")]
    url: Annotated[Text, means("base of every path; this host, and no other, is spoken to")]
    chat: Annotated[Steps, means("what one turn sends")]
    reply: Annotated[ReplyTable, means("where the text of the reply is")]
    hosts: Annotated[list[Text], means("further hosts that a step or a redirect may lead to")] = []
    extends: Annotated[Words | UnsetType, means("presets to begin with; a later one wins")] = UNSET
    models: Annotated[
        Annotated[list[Text], Meta(min_length=1)] | UnsetType,
        means("model names; the first is the default", "`[name]`"),
    ] = UNSET
    refused: Annotated[
        Matches | UnsetType,
        means("the site did not act: session or token not good", "`{ status = [401, 403, 419, 440] }`"),
    ] = UNSET
    blocked: Annotated[Matches | UnsetType, means("the site's own content rules refuse the prompt")] = UNSET
    take: Annotated[dict[Name, SourceTable], means("values looked for in every answer")] = {}
    headers: Annotated[dict[str, str], means("headers of every request, once their values are known")] = {}
    session: Annotated[Steps | UnsetType, means("steps that get a visitor in")] = UNSET
    conversation: Annotated[ConversationTable, means("who remembers the turns")] = ConversationTable()
    messages: Annotated[MessagesTable, means("the shape of a message list")] = MessagesTable()
    limits: Annotated[LimitsTable, means("how much, how fast, how long")] = LimitsTable()
