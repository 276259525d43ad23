"""`chatdoor discover --live`: whether the site may be asked, what it will be sent, and what came of it."""

import os
import sys
from collections.abc import Callable
from contextlib import nullcontext
from functools import wraps
from typing import Final
from urllib.parse import urlsplit

import click
import msgspec

from chatdoor.cli.output import complain, tell
from chatdoor.cli.settings import Settings
from chatdoor.cli.visit import client_options, showing_log
from chatdoor.discover.check_plan import credentials
from chatdoor.discover.discovery import Discovery
from chatdoor.discover.live import REQUESTS, Mended, Speech, prove
from chatdoor.discover.prose import counted
from chatdoor.drive.secrets import SecretUse
from chatdoor.errors import ArgumentError
from chatdoor.site.model import Site

NOBODY: Final = "nobody is here to ask, so the site was not asked: --live or --yes does"


class Wish(msgspec.Struct, frozen=True):
    """How much may be asked of the site. `live`: without a question; `offline`: nothing."""

    live: bool
    offline: bool
    requests: int


def with_wish(command: Callable[..., None]) -> Callable[..., None]:
    """The command, with the options of what may be asked of the site; it gets them as a Wish."""

    @wraps(command)
    def called(*arguments: object, live: bool, yes: bool, offline: bool, requests: int, **params: object) -> None:
        if offline and (live or yes):
            raise ArgumentError("--offline: goes with neither --live nor --yes")
        command(*arguments, wish=Wish(live or yes, offline, requests), **params)

    for option in reversed(_OPTIONS):
        called = option(called)
    return called


_OPTIONS: Final = (
    click.option("--live", is_flag=True, help="Prove it against the site, and mend it, without asking you."),
    click.option("--yes", is_flag=True, help="The same: yes to the question."),
    click.option("--offline", is_flag=True, help="Ask no site."),
    click.option("--requests", type=click.IntRange(1), default=REQUESTS, show_default=True, help="Sent at most."),
)


def may_ask(found: Discovery, wish: Wish, speech: Speech) -> bool:
    """Whether the site may be asked. What it will be sent is told before; at a terminal, that is a question."""
    if wish.offline:
        return False
    terminal = sys.stdin is not None and sys.stdin.isatty()
    if not (wish.live or terminal):
        tell(NOBODY)
        return False
    for line in _announced(found, wish.requests, speech):
        tell(line)
    return wish.live or _confirmed(found.site)


def _announced(found: Discovery, requests: int, speech: Speech) -> list[str]:
    """What will be sent, and where. A reference that nobody has set is not."""
    site, own = found.site, {f"env:{name}" for name in (*found.clues.variables, *os.environ)}
    lines = [f"{site.origin} gets at most {requests} requests, one after the other, with these messages:"]
    texts = dict.fromkeys(filter(None, (speech.prompt, speech.say, speech.ask)))
    lines += [f"  {text.replace('{word}', '... (a made-up word)')}" for text in texts]
    if wanted := sorted(own.intersection(credentials(site))):
        lines.append(f"and, from the environment, {', '.join(f'{{{name}}}' for name in wanted)}")
    return lines


def _confirmed(site: Site) -> bool:
    try:
        return click.confirm(f"Prove the site file against {urlsplit(site.origin).netloc} now?", default=True, err=True)
    except click.Abort:
        raise KeyboardInterrupt from None


def ask_site(found: Discovery, settings: Settings, wish: Wish, speech: Speech) -> Mended:
    """What the site answered. What ended the trials early is told."""
    options = client_options(settings, None)
    options["allow_secrets"] = settings.allow_secrets or (not wish.live and _Confirmed(found.site))
    with showing_log() if settings.verbose else nullcontext():
        mended = prove(found, requests=wish.requests, speech=speech, **options)
    tell(f"{counted(mended.requests, 'request')} sent")
    if mended.error:
        complain(str(mended.error))
    if not mended.works:
        complain("the site file is what the recording gives, and was not proven")
    return mended


class _Confirmed:
    """The yes to the announcement: those secrets, to that host."""

    def __init__(self, site: Site) -> None:
        self._allowed = {(reference, site.origin) for reference in credentials(site)}

    def __call__(self, use: SecretUse) -> bool:
        """True for what was announced."""
        return (use.reference, use.origin) in self._allowed
