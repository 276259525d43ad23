"""The gateway's config file: TOML, checked as strictly as a site file, whose grammar it borrows.

The structs are the grammar: keys, types and meanings. `read_config` gives the checked file with its units read.
"""

from pathlib import Path
from typing import Annotated, Final, Literal, TypeAlias

import msgspec
from msgspec import UNSET, Meta, UnsetType

from chatdoor.errors import ArgumentError, SiteFileError
from chatdoor.gateway.keys import HASH
from chatdoor.gateway.side_requests import SideRequests
from chatdoor.site.file import Duration, Size, Table, Text, means
from chatdoor.site.load import read_file
from chatdoor.site.mistakes import problem_of
from chatdoor.site.parts import read_duration, read_size
from chatdoor.site.problem import Problem, locate, one_line
from chatdoor.site.toml import check_plain, parse_toml

HOST: Final = "127.0.0.1"
PORT: Final = 8400

Many: TypeAlias = Annotated[int, Meta(ge=1)]
KeyReference: TypeAlias = Annotated[
    str, Meta(pattern=rf"^(?:env:|file:|{HASH}).", title="env:NAME, file:PATH or sha256:DIGEST")
]
HeaderName: TypeAlias = Annotated[str, Meta(pattern=r"^[A-Za-z0-9-]{1,64}$", title="the name of a header")]
HostName: TypeAlias = Annotated[str, Meta(pattern=r"^[^\s/@?#]+$", title="a host such as chat.example.org:8080")]
Origin: TypeAlias = Annotated[
    str,
    Meta(
        pattern=r"^(?:\*|null|[A-Za-z][A-Za-z0-9+.-]*://[^\s/@?#]+)$",
        title="an origin such as https://chat.example.org, or *",
    ),
]
Workers: TypeAlias = Annotated[int, Meta(ge=1, le=64, title="a number from 1 to 64")]
StateDown: TypeAlias = Literal["serve", "refuse"]
Port: TypeAlias = Annotated[int, Meta(ge=0, le=65_535, title="a port from 0 to 65535")]


class KeyTable(Table, frozen=True, kw_only=True):
    """An API key of the gateway, which is never written into the file itself."""

    key: Annotated[KeyReference, means("where the key is, or its SHA-256 digest in hexadecimal digits")]
    sites: Annotated[list[Text] | UnsetType, means("the names of the sites that it may ask", "all")] = UNSET
    name: Annotated[Text | UnsetType, means("what the access log calls it", "the beginning of its digest")] = UNSET
    per_minute: Annotated[Many | UnsetType, means("requests in a minute, at most", "no limit")] = UNSET
    per_day: Annotated[Many | UnsetType, means("requests in a day (UTC), at most", "no limit")] = UNSET


class ConfigTable(Table, frozen=True, kw_only=True):
    """The top of a config file."""

    sites: Annotated[list[Text], means("known sites, or paths of site files from this file's folder")] = msgspec.field(
        default_factory=list
    )
    aliases: Annotated[dict[Text, Text], means('other model names, as in `gpt-4o = "our-bot"`')] = msgspec.field(
        default_factory=dict
    )
    keys: Annotated[list[KeyTable], means("who may ask")] = msgspec.field(default_factory=list)
    host: Annotated[Text, means("the address to listen on")] = HOST
    port: Annotated[Port, means("the port to listen on; 0 is one that is free")] = PORT
    allowed_hosts: Annotated[list[HostName], means("further values of the Host header that mean this gateway")] = (
        msgspec.field(default_factory=list)
    )
    cors: Annotated[list[Origin], means("origins of web pages that may use it from a browser")] = msgspec.field(
        default_factory=list
    )
    strict: Annotated[bool, means("refuse what a web chatbot can not do")] = False
    apply_stop: Annotated[bool, means("apply `stop` and length limits where the site does not")] = False
    trust_user_header: Annotated[list[HeaderName], means("headers that say which user asks, and are believed")] = (
        msgspec.field(default_factory=list)
    )
    side_requests: Annotated[
        SideRequests, means("what becomes of a chat front end's own questions, such as titles: `answer`, `refuse`")
    ] = "answer"
    show_texts: Annotated[bool, means("show prompts and replies on the page, to all who may ask the site")] = False
    allow_secrets: Annotated[bool, means("send the secrets that site files name")] = False
    open_metrics: Annotated[bool, means("`/metrics` needs no key")] = False
    proxy: Annotated[Text | UnsetType, means("a proxy to the sites: URL, `env:NAME` or `file:PATH`", "none")] = UNSET
    ca_file: Annotated[Text | UnsetType, means("certificates (PEM) to trust besides the system's", "none")] = UNSET
    timeout: Annotated[
        Duration | UnsetType, means("how long a whole reply may take, waits included", "the site's own, 60 s")
    ] = UNSET
    gap_timeout: Annotated[
        Duration | UnsetType, means("how long a site may be silent before and in a reply", "as `timeout`")
    ] = UNSET
    conversations: Annotated[
        Text | UnsetType, means("a file that keeps conversations over a restart", "they end with the gateway")
    ] = UNSET
    state: Annotated[
        Text | UnsetType,
        means(
            "a Redis or Valkey server for several gateways, as URL, `env:NAME` or `file:PATH`; a folder for one",
            "nothing is shared",
        ),
    ] = UNSET
    state_down: Annotated[
        StateDown, means("while that server is away: `serve` from what is known here, or `refuse`")
    ] = "serve"
    workers: Annotated[Workers, means("how many processes serve")] = 1
    access_log: Annotated[
        Text | UnsetType, means("a file that gets a line for each request; `-` is standard error", "no log")
    ] = UNSET
    log_texts: Annotated[bool, means("the access log holds what is said: prompts and replies")] = False
    heartbeat: Annotated[Duration, means("how long a stream is quiet at most")] = "15s"
    grace: Annotated[Duration, means("how long what runs may take at the end")] = "30s"
    read_timeout: Annotated[Duration, means("how long a request may take to come")] = "20s"
    max_body: Annotated[Size, means("the largest body of a request")] = "10MB"


class Config(msgspec.Struct, frozen=True):
    """A checked config file: its table, seconds and bytes, and the folder that paths are meant from."""

    table: ConfigTable
    heartbeat: float
    grace: float
    read_seconds: float
    body_bytes: int
    timeout: float | None
    gap_timeout: float | None
    folder: Path

    def site_source(self, site: str) -> str:
        """A site's name, or its file's path from where we are."""
        is_path = "/" in site or site.endswith(".toml")
        return str(self.path(site)) if is_path else site

    def reference(self, text: str) -> str:
        """A reference to a secret, a file's path in it from where we are; any other text as it is."""
        kind, _, place = text.partition(":")
        return f"{kind}:{self.path(place)}" if kind == "file" else text

    def path(self, file: str) -> Path:
        """A file's path from where we are."""
        return self.folder / Path(file).expanduser()


def read_config(path: Path) -> Config:
    """The config of a file. Raises ArgumentError that names file, line and key."""
    try:
        return parse_config(read_file(path), str(path), path.parent)
    except SiteFileError as error:
        raise ArgumentError(str(error)) from error


def parse_config(text: str, source: str = "<text>", folder: Path = Path()) -> Config:
    """The config that a TOML text holds. Raises SiteFileError."""
    try:
        given = parse_toml(text, one_line(source))
        check_plain(given)
        table = _convert(given)
        return Config(
            table,
            read_duration(table.heartbeat, ("heartbeat",)),
            read_duration(table.grace, ("grace",)),
            read_duration(table.read_timeout, ("read_timeout",)),
            read_size(table.max_body, ("max_body",)),
            _maybe_seconds(table.timeout, "timeout"),
            _maybe_seconds(table.gap_timeout, "gap_timeout"),
            folder,
        )
    except Problem as problem:
        raise locate(problem, text, source) from problem


def _maybe_seconds(duration: str | UnsetType, key: str) -> float | None:
    return None if isinstance(duration, UnsetType) else read_duration(duration, (key,))


def _convert(given: dict[str, object]) -> ConfigTable:
    try:
        return msgspec.convert(given, ConfigTable)
    except msgspec.ValidationError as error:
        raise problem_of(error, given, ConfigTable) from error
