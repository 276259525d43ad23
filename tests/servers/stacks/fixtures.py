"""The stacks as a fixture. A site starts when a test first wants it and ends with the run; each test counts anew."""

from collections.abc import Callable
from functools import partial

import pytest

from tests.servers.fixtures import RunningServers

from .commands import COMMANDS
from .installed import need
from .server import StackServer, start_stack

Stack = Callable[[str], StackServer]


@pytest.fixture
def stack(running_servers: RunningServers) -> Stack:
    """The site of a stack by its name: ``stack("rails")``. Without a command it needs, a failure in CI, else a skip."""

    def fresh(name: str) -> StackServer:
        need(f"the stack {name}", COMMANDS[name].needs)
        return running_servers.fresh(f"stack_{name}", partial(start_stack, name))

    return fresh
