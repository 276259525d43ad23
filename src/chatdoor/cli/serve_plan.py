"""What `chatdoor serve` is about to do: the command line and the config file, read once before anything is opened."""

import socket
from collections.abc import Mapping
from typing import Final, get_args

import msgspec

from chatdoor.cli.output import complain, stdout
from chatdoor.cli.serve_keys import all_keys, check_open
from chatdoor.cli.wishes import Wishes, with_input
from chatdoor.errors import ArgumentError
from chatdoor.gateway.address import plain_host, url_of
from chatdoor.gateway.config import Config, HeaderName, HostName, Origin, parse_config, read_config
from chatdoor.gateway.workers import Supervisor, Worker
from chatdoor.site.problem import quote

AS_IN_THE_FILE: Final[Mapping[str, object]] = {
    "allowed_host": HostName,
    "cors": Origin,
    "trust_user_header": HeaderName,
}
"""Options whose words have the form that the config file wants."""


class Plan:
    """Where to listen, with how many workers, and all that was asked for. Raises ArgumentError."""

    def __init__(self, wishes: Wishes) -> None:
        self.wishes = with_input(wishes)
        for option, kind in AS_IN_THE_FILE.items():
            _check(option, getattr(wishes, option), kind)
        self.config = self.read()
        self.host = plain_host(wishes.host or self.config.table.host)
        self.port = self.config.table.port if wishes.port is None else wishes.port
        self.grace = self.config.grace if wishes.grace is None else wishes.grace
        self.workers = wishes.workers or self.config.table.workers
        check_open(self.host, all_keys(self.wishes, self.config))  # a refused start leaves nothing behind

    def read(self) -> Config:
        """The config file as it is now."""
        return read_config(self.wishes.config) if self.wishes.config else parse_config("")

    @property
    def logs_texts(self) -> bool:
        """True where prompts and replies stand in the log."""
        return self.wishes.log_texts or self.config.table.log_texts

    def ready_line(self, listener: socket.socket, models: str) -> str:
        """What is told when it serves."""
        url = url_of(self.host, listener.getsockname()[1])
        with_workers = f"{self.workers} workers, " if self.workers > 1 else ""
        return f"chatdoor serves {models} at {url}/v1 ({with_workers}Ctrl-C ends it)\n"

    def tell_ready(self, line: str) -> None:
        """Tells it."""
        if self.logs_texts:
            complain("the access log holds what is said: prompts and replies (--log-texts)")
        stdout().write(line)

    def fork(self) -> Worker | int:
        """In a worker, its side; in the process that looks after the workers the exit code, once all have ended."""
        return Supervisor(self.workers, self.grace, self.tell_ready).run()


def _check(option: str, words: tuple[str, ...], kind: object) -> None:
    for word in words:
        try:
            msgspec.convert(word, kind)
        except msgspec.ValidationError:
            (form,) = [one.title for one in get_args(kind) if isinstance(one, msgspec.Meta)]
            raise ArgumentError(f"--{option.replace('_', '-')} {quote(word)}: expected {form}") from None
