"""Clients in environments of their own: installed on first use, then run as programs against a gateway."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.gateway.door import Door
from tests.servers.stacks.installed import need, node_modules, python_with

CLIENTS = Path(__file__).parent
SECONDS = 60.0

NOT_THEIRS = re.compile("(?i)chatdoor_|openai_|langchain_|langsmith_|llm_|litellm_|pytest_|python|.*_proxy$")
"""Variables of the environment that would change what a client does."""


def run(command: list[str], door: Door, folder: Path, more: Mapping[str, str] | None = None) -> str:
    """What a client prints. Its home is `folder`; GATEWAY_URL says where the gateway is. Fails where it fails."""
    kept = {name: value for name, value in os.environ.items() if not NOT_THEIRS.match(name)}
    environment = kept | {"HOME": str(folder), "GATEWAY_URL": door.url} | dict(more or {})
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert done.returncode == 0, f"{' '.join(command)} ends with {done.returncode}:\n{done.stdout}{done.stderr}"
    return done.stdout


def python(client: str) -> str:
    """The Python of a client's environment."""
    return str(python_with(CLIENTS / client / "requirements.txt"))


def node(program: str, *arguments: str, door: Door, folder: Path, key: str = "none") -> Any:
    """The JSON that a program of `node/` prints."""
    printed = run_node(CLIENTS / "node" / program, *arguments, door=door, folder=folder, key=key)
    return json.loads(printed)


def run_node(program: Path, *arguments: str, door: Door, folder: Path, key: str = "none") -> str:
    """What a program prints that runs beside the packages of `node/`, where Node looks for them."""
    need("a client for Node", ("node", "npm"))
    packages = node_modules(CLIENTS / "node" / "package-lock.json")
    script = shutil.copy(program, packages.parent)
    return run(["node", str(script), *arguments], door, folder, {"GATEWAY_KEY": key})
