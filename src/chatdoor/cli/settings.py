"""The options of a command that visits a site, and where they come from.

The option itself comes first, then the environment, the config file, the site file, the default. What belongs to one
site (its URL, model, token) is no setting for all of them: it stands in the site file or on the command line. The
exception is the address of one's own VoiGPT, CHATDOOR_VOIGPT_URL.
"""

import os
from collections.abc import Callable, Collection, Mapping
from functools import wraps
from typing import TYPE_CHECKING, Final

import click
import msgspec
from click.core import ParameterSource

from chatdoor.cli.config import Setting
from chatdoor.cli.references import FORMS
from chatdoor.cli.stdin import STDIN
from chatdoor.errors import ArgumentError
from chatdoor.site.load import known_sites
from chatdoor.site.urls import UrlError, parse_url

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

PRACTICE: Final = "practice"
"""The name of the site that is part of chatdoor."""

PRECEDENCE: Final = """\b
Where a setting comes from; the first that names it counts:
  1. the option
  2. the environment variable that is shown beside the option
  3. config.toml in your config folder, or in the folder CHATDOOR_CONFIG_DIR:
     keys are names of options, such as  timeout = 30
  4. the site file
Sessions are kept in your state folder, or in the folder CHATDOOR_STATE_DIR.
"""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How a site is visited. None: as the site file says, or not at all. References are not resolved yet."""

    site: str
    url: str | None
    model: str | None
    system: str | None
    proxy: str | None
    ca_file: str | None
    access_token: str | None
    timeout: float | None
    user_agent: str | None
    trust_env: bool
    per_minute: float | None
    fresh: bool
    allow_secrets: bool
    verbose: bool

    @property
    def starts_practice(self) -> bool:
        """True where the site is a practice site that has yet to be started."""
        return self.site == PRACTICE and self.url is None


def with_settings(command: Callable[..., None]) -> Callable[..., None]:
    """The command, with the options of a site; it gets them as Settings, before its own."""

    @wraps(command)
    def called(**params: object) -> None:
        command(_settings(_own(params), click.get_current_context()), **params)

    return _with_options(called)


def with_settings_of_each(command: Callable[..., None]) -> Callable[..., None]:
    """The same for a command with an argument `sites`: it gets a list of Settings, by default that of --site alone."""

    @wraps(command)
    def called(*, sites: tuple[str, ...], **params: object) -> None:
        own = _own(params)
        _check_one_site(sites, own)
        context = click.get_current_context()
        command([_settings({**own, "site": site}, context) for site in sites or (str(own["site"]),)], **params)

    return _with_options(called)


def no_site(**own: object) -> Settings:
    """The settings of how any site is reached, with these; what is not named is as the site file says."""
    return msgspec.convert({**_NO_SITE, **_PLAIN, **own}, Settings)


def with_access(command: Callable[..., None]) -> Callable[..., None]:
    """The command, with the options of how any site is reached; it gets them as Settings of no site, before its own."""

    @wraps(command)
    def called(**params: object) -> None:
        own = {name: params.pop(name) for name in ACCESS}
        command(no_site(**own), **params)

    return _with_options(called, ACCESS)


def _with_options(
    called: Callable[..., None], names: Collection[str] = Settings.__struct_fields__
) -> Callable[..., None]:
    for name, option in reversed([*zip(Settings.__struct_fields__, _OPTIONS, strict=True)]):
        called = option(called) if name in names else called
    return called


def _own(params: dict[str, object]) -> dict[str, object]:
    """The options of a site, which are taken out of all that the command has."""
    return {name: params.pop(name) for name in Settings.__struct_fields__}


def _check_one_site(sites: tuple[str, ...], options: Mapping[str, object]) -> None:
    """Raises ArgumentError for an option of one site where there are several: a token goes to its own site alone."""
    of_one = [name for name in ("url", "model", "access_token") if options[name] is not None]
    of_one += [name for name in ("proxy",) if options[name] == STDIN]
    if len(sites) > 1 and of_one:
        raise ArgumentError(f"--{of_one[0].replace('_', '-')}: is for one site, and here are {len(sites)}")


def _settings(options: Mapping[str, object], context: click.Context) -> Settings:
    settings = msgspec.convert(options, Settings)
    from chatdoor.providers.voigpt import VoiGpt  # loads the blocking client, and some commands need none

    url, said_by = settings.url, "--url"
    if url is None and settings.site == VoiGpt.site and VoiGpt.url_variable:
        url, said_by = os.environ.get(VoiGpt.url_variable) or None, VoiGpt.url_variable
    if url is not None:
        _check_url(url, said_by)
    settings = msgspec.structs.replace(settings, url=url)
    return _without_proxies(settings, context) if settings.starts_practice else settings


def _without_proxies(settings: Settings, context: click.Context) -> Settings:
    """Nothing stands between a practice site of this process and us, unless the command line itself says so."""
    none = {"proxy": None, "trust_env": False}
    given = {name for name in none if context.get_parameter_source(name) is ParameterSource.COMMANDLINE}
    return msgspec.structs.replace(settings, **{name: value for name, value in none.items() if name not in given})


def _check_url(url: str, said_by: str) -> None:
    try:
        parse_url(url)
    except UrlError as error:
        raise ArgumentError(f"{said_by}: {error}") from error


def _above_zero(_context: click.Context, _option: click.Parameter, number: float | None) -> float | None:
    if number is not None and not 0 < number < 1e7:
        raise click.BadParameter("expected a number above 0")
    return number


def _complete_site(_context: click.Context, _option: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    from click.shell_completion import CompletionItem

    names = [name for name in (PRACTICE, *known_sites()) if name.startswith(incomplete)]
    return [*(CompletionItem(name) for name in names), CompletionItem(incomplete, type="file")]


def _setting(name: str, **attributes: object) -> Callable[[Callable[..., None]], Callable[..., None]]:
    variable = f"CHATDOOR_{name.upper().replace('-', '_')}"
    flags = f"--{name}/--no-{name}" if attributes.pop("flag", False) else f"--{name}"
    return click.option(flags, cls=Setting, envvar=variable, show_envvar=True, **attributes)


_OPTIONS: Final[tuple[Callable[[Callable[..., None]], Callable[..., None]], ...]] = (
    _setting("site", metavar="NAME|FILE", default=PRACTICE, shell_complete=_complete_site,
             help="A known site (`chatdoor sites list`) or a site file. Without it, a practice site is started here."),
    click.option("--url", metavar="URL", help="Where the site is, in place of what its file says."),
    click.option("--model", metavar="MODEL", help="One of the site's models; the first is the default."),
    click.option("--system", metavar="TEXT", help="A system text to begin with."),
    _setting("proxy", metavar="REF", help=f"An http, https, socks5 or socks5h proxy: {FORMS}."),
    _setting("ca-file", metavar="FILE", type=click.Path(), help="Certificates (PEM) to trust besides the system's."),
    click.option("--access-token", metavar="REF", help=f"The session's token, if you have one: {FORMS}."),
    _setting("timeout", metavar="SECONDS", type=float, callback=_above_zero, help="For a whole reply, waits included."),
    _setting("user-agent", metavar="TEXT", help="What the site is told instead of chatdoor/VERSION."),
    _setting("trust-env", flag=True, default=False, help="Use the environment's proxies (HTTPS_PROXY ...)."),
    _setting("per-minute", metavar="N", type=float, callback=_above_zero, help="Prompts in a minute, at most."),
    click.option("--fresh", is_flag=True, help="Open a new session; one that was kept is not used."),
    click.option("--allow-secrets", is_flag=True,
                 help="Send the secrets that the site file names ({env:X} ...), without asking."),
    click.option("--verbose", is_flag=True, help="Tell on standard error what is done. Shows no secret."),
)  # fmt: skip
"""An option for each setting, in its order."""

ACCESS: Final = ("proxy", "ca_file", "timeout", "user_agent", "trust_env", "per_minute", "allow_secrets", "verbose")
"""The settings of how any site is reached."""

_PLAIN: Final = {name: False if name in {"trust_env", "allow_secrets", "verbose"} else None for name in ACCESS}

_NO_SITE: Final = {"site": "", "url": None, "model": None, "system": None, "access_token": None, "fresh": True}
