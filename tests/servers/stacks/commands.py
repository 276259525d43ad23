"""How the site of each stack is started, and the commands that it needs beside Python."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.servers.child import Child, start, start_command

from .installed import node_modules

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Command:
    """`start` takes a folder for what the site writes. `needs` are commands of scripts/debian-packages.txt."""

    start: Callable[[Path], Child]
    needs: tuple[str, ...] = ()


def _start_python(name: str, folder: Path) -> Child:
    return start(f"tests.servers.stacks.{name}.serve", str(folder), log=folder / "log")


def _start_express(folder: Path) -> Child:
    packages = node_modules(HERE / "express" / "package-lock.json")
    command = ["node", str(HERE / "express" / "app.js")]
    return start_command(command, log=folder / "log", environment={"NODE_PATH": str(packages)})


def _start_rails(folder: Path) -> Child:
    return start_command(["ruby", str(HERE / "rails" / "app.rb"), str(folder)], log=folder / "log")


COMMANDS = {
    "flask_wtf": Command(partial(_start_python, "flask_wtf")),
    "django_login": Command(partial(_start_python, "django_login")),
    "fastapi": Command(partial(_start_python, "fastapi")),
    "php": Command(partial(_start_python, "php"), needs=("php",)),
    "channels": Command(partial(_start_python, "channels")),
    "express": Command(_start_express, needs=("node", "npm")),
    "rails": Command(_start_rails, needs=("rails", "puma")),
}
"""Name of a stack -> how its site is started."""
