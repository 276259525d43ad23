"""`chatdoor serve`: sites behind an OpenAI-compatible API."""

import logging
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
import msgspec

from chatdoor.cli.output import stdout
from chatdoor.cli.references import check_stdin, resolve
from chatdoor.cli.settings import PRACTICE
from chatdoor.cli.visit import showing_log
from chatdoor.errors import ArgumentError
from chatdoor.site.load import load_site
from chatdoor.site.parts import given

if TYPE_CHECKING:
    from chatdoor.gateway.config import Config
    from chatdoor.gateway.keys import Key
    from chatdoor.gateway.state import State
    from chatdoor.site.model import Site

KEYS_VARIABLE: Final = "CHATDOOR_API_KEYS"

EPILOG: Final = """\b
Examples:
  chatdoor serve
  chatdoor serve --site our-bot.toml --site voigpt --apply-stop
  chatdoor serve --config gateway.toml
  CHATDOOR_API_KEYS=key-one,key-two chatdoor serve --host 0.0.0.0

\b
While it runs:
  curl http://127.0.0.1:8400/v1/chat/completions \\
    -H "Content-Type: application/json" \\
    -d '{"model": "practice", "messages": [{"role": "user", "content": "Hello"}]}'
"""


class Wishes(msgspec.Struct, frozen=True, kw_only=True):
    """The command line. None and nothing: as the config file says."""

    site: tuple[str, ...]
    config: Path | None
    host: str | None
    port: int | None
    api_key: tuple[str, ...]
    allowed_host: tuple[str, ...]
    cors: tuple[str, ...]
    strict: bool
    apply_stop: bool
    show_texts: bool
    allow_secrets: bool
    grace: float | None
    verbose: bool


@click.command("serve", epilog=EPILOG)
@click.option("--site", metavar="NAME|FILE", multiple=True, help="A site to serve; without one, a practice site.")
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE", help="A TOML file; options come first.")
@click.option("--host", metavar="ADDRESS", help="Where to listen. [default: 127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65_535), help="0: one that is free. [default: 8400]")
@click.option(
    "--api-key",
    metavar="REF",
    multiple=True,
    help=f"A key that requests need: env:NAME, file:PATH or the key. Also {KEYS_VARIABLE}, with commas.",
)
@click.option("--allowed-host", metavar="HOST", multiple=True, help="Another Host header that means this gateway.")
@click.option("--cors", metavar="ORIGIN", multiple=True, help="A web page's origin that may use it from a browser.")
@click.option("--strict", is_flag=True, help="Refuse what a web chatbot can not do, such as tools.")
@click.option("--apply-stop", is_flag=True, help="Apply stop sequences and length limits to replies.")
@click.option("--show-texts", is_flag=True, help="Show all prompts and replies on the page.")
@click.option("--allow-secrets", is_flag=True, help="Send the secrets that site files name ({env:X} ...).")
@click.option(
    "--grace",
    type=click.FloatRange(0, 3_600),
    metavar="SECONDS",
    help="How long running requests may take at the end. [default: 30]",
)
@click.option("--verbose", is_flag=True, help="Tell on standard error what is done. Shows no secret.")
def serve(**options: object) -> None:
    """Serve sites behind an OpenAI-compatible API, until Ctrl-C.

    A site's name is its model name, and SITE/MODEL one of its models. Without a key, only this machine can ask; any
    other address needs one. Ctrl-C or SIGTERM lets running requests finish, a second one does not.
    """  # fmt: skip
    wishes = msgspec.convert(options, Wishes)
    config = _config(wishes)
    from chatdoor.gateway.address import url_of
    from chatdoor.gateway.server import Server, listen

    host = wishes.host or config.table.host
    port = config.table.port if wishes.port is None else wishes.port
    keys = _keys(wishes, config)
    _check_open(host, keys)
    shown = logging.DEBUG if wishes.verbose else logging.ERROR
    with showing_log(shown), _sites(wishes, config) as sites, listen(host, port) as listener:
        bound = listener.getsockname()[1]
        state = _state(wishes, config, sites, keys, (host, bound))
        models = ", ".join(site.name for site in sites)
        ready = f"chatdoor serves {models} at {url_of(host, bound)}/v1 (Ctrl-C ends it)\n"
        grace = config.grace if wishes.grace is None else wishes.grace
        server = Server(state, grace=grace, read_seconds=config.read_seconds, on_ready=lambda: stdout().write(ready))
        server.run(sockets=[listener])


def _config(wishes: Wishes) -> "Config":
    from chatdoor.gateway.config import parse_config, read_config

    return read_config(wishes.config) if wishes.config else parse_config("")


def _keys(wishes: Wishes, config: "Config") -> "list[Key]":
    """All keys: of the options, the environment and the config. Raises ArgumentError; none of them is shown."""
    from chatdoor.gateway.keys import HASH, Key, digest_of
    from chatdoor.gateway.quota import Quota

    check_stdin({f"--api-key {number}": key for number, key in enumerate(wishes.api_key, 1)})
    named = [(resolve(key, "--api-key"), "--api-key") for key in wishes.api_key]
    listed = os.environ.get(KEYS_VARIABLE, "").split(",")
    named += [(key.strip(), KEYS_VARIABLE) for key in listed if key.strip()]
    keys = [Key(digest=digest_of(text, said_by)) for text, said_by in named]
    for index, row in enumerate(config.table.keys):
        place = f"keys[{index}].key"
        text = row.key if row.key.startswith(HASH) else resolve(row.key, place)
        quota = Quota(given(row.per_minute), given(row.per_day))
        sites = None if isinstance(row.sites, msgspec.UnsetType) else frozenset(row.sites)
        keys.append(Key(digest=digest_of(text, place), sites=sites, quota=quota))
    return keys


def _check_open(host: str, keys: "Sequence[Key]") -> None:
    from chatdoor.gateway.address import is_loopback

    if not keys and not is_loopback(host):
        problem = f"--host {host}: others could ask without a key; give one by --api-key or {KEYS_VARIABLE}"
        raise ArgumentError(problem)


@contextmanager
def _sites(wishes: Wishes, config: "Config") -> "Iterator[list[Site]]":
    """The sites to serve; the practice site, started here, where none is named or it is."""
    sources = [*wishes.site, *map(config.site_source, config.table.sites)] or [PRACTICE]
    with ExitStack() as stack:
        sites = []
        for source in sources:
            if source == PRACTICE:
                from chatdoor.practice import Practice

                sites.append(stack.enter_context(Practice()))
            else:
                sites.append(load_site(source))
        _check_names(config, {site.name: site for site in sites})
        yield sites


def _check_names(config: "Config", sites: "Mapping[str, Site]") -> None:
    """Raises ArgumentError for a key that names a site which is not served."""
    from chatdoor.site.nearest import nearest

    for index, row in enumerate(config.table.keys):
        for name in given(row.sites) or ():
            if name not in sites:
                raise ArgumentError(f"keys[{index}].sites: there is no site {name!r}{nearest(name, sites)}")


def _state(
    wishes: Wishes, config: "Config", sites: "Sequence[Site]", keys: "Sequence[Key]", bound: tuple[str, int]
) -> "State":
    from chatdoor.gateway.address import own_hosts
    from chatdoor.gateway.guard import Guard
    from chatdoor.gateway.house import House
    from chatdoor.gateway.keys import Keys
    from chatdoor.gateway.state import Conduct, State

    table = config.table
    house = House(
        sites,
        {"allow_secrets": wishes.allow_secrets or table.allow_secrets},
        aliases=table.aliases,
        created=int(time.time()),
    )
    hosts = own_hosts(*bound)
    extra = [*wishes.allowed_host, *table.allowed_hosts]
    guard = Guard(Keys(tuple(keys)), hosts=[*hosts, *extra], cors=[*wishes.cors, *table.cors])
    conduct = Conduct(
        strict=wishes.strict or table.strict,
        apply_stop=wishes.apply_stop or table.apply_stop,
        heartbeat=config.heartbeat,
        show_texts=wishes.show_texts or table.show_texts,
        body_bytes=config.body_bytes,
    )
    return State(house, guard, conduct)
