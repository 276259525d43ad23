"""How the site of each stack is started, and the commands that it needs beside Python."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.servers.child import Child, start, start_command

from .installed import node_modules, python_with

HERE = Path(__file__).parent
SLOW_SECONDS = 60.0
NO_NETWORK = {"GRADIO_ANALYTICS_ENABLED": "False", "HF_HUB_OFFLINE": "1", "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
"""What keeps these servers from asking the internet at their start."""


@dataclass(frozen=True)
class Command:
    """`start` takes a folder for what the site writes. `needs` are commands of scripts/debian-packages.txt."""

    start: Callable[[Path], Child]
    needs: tuple[str, ...] = ()


def _start_python(name: str, folder: Path) -> Child:
    return start(f"tests.servers.stacks.{name}.serve", str(folder), log=folder / "log")


def _start_apart(name: str, folder: Path) -> Child:
    """In an environment of its own, because what it needs is much, or does not go with what we need."""
    python = python_with(HERE / name / "requirements.txt")
    command = [str(python), "-m", f"tests.servers.stacks.{name}.serve", str(folder)]
    return start_command(command, log=folder / "log", environment=NO_NETWORK, seconds=SLOW_SECONDS)


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
    "tornado": Command(partial(_start_python, "tornado")),
    "pyramid": Command(partial(_start_python, "pyramid")),
    "starlette": Command(partial(_start_python, "starlette")),
    "express": Command(_start_express, needs=("node", "npm")),
    "gradio": Command(partial(_start_apart, "gradio")),
    "openai": Command(partial(_start_apart, "openai")),
    "rails": Command(_start_rails, needs=("rails", "puma")),
}
"""Name of a stack -> how its site is started."""
