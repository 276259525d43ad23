"""A stack's site as a test sees it."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.servers.child import Child
from tests.servers.django_server import opener

from .accounts import PASSWORD, USER
from .commands import COMMANDS

STACKS = Path(__file__).parent
CONTROL_SECONDS = 10.0


@dataclass(frozen=True)
class Stats:
    """What the site has seen since the test began.

    `pages` and `tokens` were given out, `accepted` are answered chats, `refused` those that the framework turned away.
    `heard` holds, for each accepted chat, all user turns of its conversation, the newest last.
    """

    pages: int
    tokens: int
    accepted: int
    refused: int
    logins: int
    heard: list[list[str]]


@dataclass(frozen=True)
class StackServer:
    """A running site: `url` without a slash at its end, and the file that describes it."""

    name: str
    url: str
    child: Child

    @property
    def site_file(self) -> Path:
        """The site file; its `url` has to be replaced by this server's."""
        return STACKS / self.name / "site.toml"

    def secrets(self) -> dict[str, str]:
        """What the site file takes from the environment, by the name there; empty where one enters without."""
        return SECRETS[self.name](self) if self.name in SECRETS else {}

    def stats(self) -> Stats:
        """What the site has seen since the last reset."""
        return Stats(**self.control("stats"))

    def reset(self) -> None:
        """Counters at zero."""
        self.control("reset")

    def expire(self) -> None:
        """From now on the site knows none of the sessions and tokens that it gave out so far."""
        self.control("expire")

    def lose(self) -> None:
        """Where the site keeps its talks under an id: from now on it knows none of them."""
        self.control("lose")

    def control(self, name: str) -> Any:
        """Call one of the paths that only tests use; `name` is what stands after ``/_control/``."""
        with opener(None).open(f"{self.url}/_control/{name}", timeout=CONTROL_SECONDS) as answer:
            return json.loads(answer.read())


def _account(_server: StackServer) -> dict[str, str]:
    return {"STACK_USER": USER, "STACK_PASSWORD": PASSWORD}


SECRETS: dict[str, Callable[[StackServer], dict[str, str]]] = {
    "django_login": _account,
    "gradio": _account,
    "tornado": _account,
    "openai": lambda server: {"STACK_KEY": server.control("key")},
}
"""Name of a stack -> what its site file asks of the environment."""


def start_stack(name: str, folder: Path) -> StackServer:
    """The site of that stack, ready. What it writes lies in `folder`."""
    child = COMMANDS[name].start(folder)
    return StackServer(name, f"http://127.0.0.1:{child.port}", child)
