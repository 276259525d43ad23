"""How the site of each stack is started."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.servers.child import Child, start


def _start_python(name: str, folder: Path) -> Child:
    return start(f"tests.servers.stacks.{name}.serve", str(folder), log=folder / "log")


COMMANDS: dict[str, Callable[[Path], Child]] = {
    "flask_wtf": partial(_start_python, "flask_wtf"),
    "django_login": partial(_start_python, "django_login"),
    "fastapi": partial(_start_python, "fastapi"),
    "php": partial(_start_python, "php"),
}
"""Name of a stack -> what starts its site; the folder takes what the site writes."""
