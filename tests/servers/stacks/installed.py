"""What a stack needs beside our own environment: installed on first use, then found again in ``.venv/stacks``."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.servers.child import ROOT

INSTALLED = ROOT / ".venv" / "stacks"
INSTALL_SECONDS = 300.0


def need(what: str, commands: Sequence[str]) -> None:
    """Where a command is missing that `what` needs, ends the test: a failure in CI, else a skip."""
    missing = [command for command in commands if shutil.which(command) is None]
    if missing:
        end = pytest.fail if os.environ.get("CI") else pytest.skip
        end(f"{what} needs these commands: {' '.join(missing)}")


def python_with(requirements: Path) -> Path:
    """The Python of an environment that holds `requirements`, a pinned and complete list."""
    folder = INSTALLED / requirements.parent.name
    stamp = _stamp(requirements)
    python = folder / "bin" / "python"
    if not stamp.exists():
        _empty(folder)
        _run([sys.executable, "-m", "venv", folder])
        pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--no-compile"]
        _run([python, *pip, "--requirement", requirements])
        stamp.touch()
    return python


def node_modules(lock: Path) -> Path:
    """The folder of the packages that `lock`, a package-lock.json, names."""
    folder = INSTALLED / lock.parent.name
    stamp = _stamp(lock)
    if not stamp.exists():
        _empty(folder)
        for file in (lock, lock.with_name("package.json")):
            shutil.copy(file, folder)
        _run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", folder])
        stamp.touch()
    return folder / "node_modules"


def _stamp(wanted: Path) -> Path:
    """The file that is there once `wanted`, as it is now, has been installed for this Python."""
    told = hashlib.sha256(wanted.read_bytes() + sys.version.encode()).hexdigest()
    return INSTALLED / wanted.parent.name / f"installed-{told[:16]}"


def _empty(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


def _run(command: Sequence[str | Path]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))} failed:\n{done.stdout}{done.stderr}")
