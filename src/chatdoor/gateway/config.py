"""The gateway's config file: TOML, checked as strictly as a site file, whose grammar it borrows.

The structs are the grammar: keys, types and meanings. `read_config` gives the checked file with its units read.
"""

from pathlib import Path
from typing import Annotated, Final, TypeAlias

import msgspec
from msgspec import UNSET, Meta, UnsetType

from chatdoor.errors import ArgumentError, SiteFileError
from chatdoor.gateway.keys import HASH
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
Port: TypeAlias = Annotated[int, Meta(ge=0, le=65_535, title="a port from 0 to 65535")]


class KeyTable(Table, frozen=True, kw_only=True):
    """An API key of the gateway, which is never written into the file itself."""

    key: Annotated[KeyReference, means("where the key is, or its SHA-256 digest in hexadecimal digits")]
    sites: Annotated[list[Text] | UnsetType, means("the names of the sites that it may ask", "all")] = UNSET
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
    allowed_hosts: Annotated[list[Text], means("further values of the Host header that mean this gateway")] = (
        msgspec.field(default_factory=list)
    )
    cors: Annotated[list[Text], means("origins of web pages that may use it from a browser")] = msgspec.field(
        default_factory=list
    )
    strict: Annotated[bool, means("refuse what a web chatbot can not do")] = False
    apply_stop: Annotated[bool, means("apply `stop` and length limits where the site does not")] = False
    show_texts: Annotated[bool, means("show prompts and replies on the page, to all who may ask the site")] = False
    allow_secrets: Annotated[bool, means("send the secrets that site files name")] = False
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
    folder: Path

    def site_source(self, site: str) -> str:
        """A site's name, or its file's path from where we are."""
        is_path = "/" in site or site.endswith(".toml")
        return str(self.folder / Path(site).expanduser()) if is_path else site


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
            folder,
        )
    except Problem as problem:
        raise locate(problem, text, source) from problem


def _convert(given: dict[str, object]) -> ConfigTable:
    try:
        return msgspec.convert(given, ConfigTable)
    except msgspec.ValidationError as error:
        raise problem_of(error, given, ConfigTable) from error
