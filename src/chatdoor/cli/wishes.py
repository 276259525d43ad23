"""What the command line of `chatdoor serve` asks for."""

from pathlib import Path
from typing import Final, Literal

import msgspec

from chatdoor.cli.references import check_stdin, resolve
from chatdoor.cli.stdin import STDIN

KEYS_VARIABLE: Final = "CHATDOOR_API_KEYS"

STDERR: Final = "-"
"""In place of a log file: standard error."""


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
    trust_user_header: tuple[str, ...]
    side_requests: Literal["answer", "refuse"] | None
    show_texts: bool
    allow_secrets: bool
    proxy: str | None
    ca_file: Path | None
    timeout: float | None
    gap_timeout: float | None
    conversations: Path | None
    state: str | None
    state_down: Literal["serve", "refuse"] | None
    workers: int | None
    access_log: str | None
    log_texts: bool
    open_metrics: bool
    grace: float | None
    verbose: bool


def with_input(wishes: Wishes) -> Wishes:
    """The wishes with what stands for standard input read: a reload can not read it again."""
    named = {f"--api-key {number}": key for number, key in enumerate(wishes.api_key, 1)}
    check_stdin({**named, "--proxy": wishes.proxy, "--state": wishes.state})
    keys = tuple(resolve(key, "--api-key") if key == STDIN else key for key in wishes.api_key)
    proxy = resolve(wishes.proxy, "--proxy") if wishes.proxy == STDIN else wishes.proxy
    state = resolve(wishes.state, "--state") if wishes.state == STDIN else wishes.state
    return msgspec.structs.replace(wishes, api_key=keys, proxy=proxy, state=state)
