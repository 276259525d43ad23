"""What holds for the project as a whole: its face, its import, its wheel, its words, and where it runs."""

import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import chatdoor
from chatdoor._version import __version__

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "src" / "chatdoor"

NOT_OURS = {
    *(".git", ".venv", ".hypothesis", ".mypy_cache", ".pytest_cache", ".ruff_cache", "__pycache__"),
    *("build", "dist", "node_modules"),
}

FORBIDDEN = [
    "".join(parts).encode()  # in two parts, so that this file does not hold them
    for parts in (
        *(("/wo", "rk/"), ("/ro", "ot/"), ("/opt/", "wheels"), ("/opt/", "pypi")),
        *(("pypi", ".org"), ("files.python", "hosted"), ("index", "-url")),
        *(("registry.", "npmjs"), ("proxy.", "golang"), ("static.", "crates")),
    )
]
"""Paths of somebody's machine and hosts of package registries."""

UNWANTED_AT_IMPORT = [
    *("click", "httptools", "keyring", "rich", "selectolax", "uvicorn", "uvloop", "websockets"),
    *("asyncio.base_events", "http.server", "socketserver", "sqlite3"),
    *("chatdoor.cli", "chatdoor.practice.server"),
]

WHAT_IMPORT_DOES = f"""
import logging, sys
events = []
sys.addaudithook(lambda event, args: events.append(event) if event.startswith("socket.") else None)
import chatdoor
from chatdoor._version import __version__
assert not events, events
loaded = [name for name in {UNWANTED_AT_IMPORT} if name in sys.modules]
assert not loaded, loaded
ours = logging.getLogger("chatdoor")
assert [type(handler) for handler in ours.handlers] == [logging.NullHandler], ours.handlers
assert (ours.level, ours.propagate, ours.disabled) == (logging.NOTSET, True, False)
assert not logging.root.handlers and logging.root.level == logging.WARNING
others = [name for name, known in logging.root.manager.loggerDict.items()
          if name.startswith("chatdoor.") and isinstance(known, logging.Logger)]
assert not others, others
"""

A_PLAINER_SYSTEM = """
import os, signal, sys

class Hidden:
    names = {"fcntl", "grp", "pwd", "resource", "termios", "tty", "uvloop"}
    def find_spec(self, name, path=None, target=None):
        if name in self.names:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Hidden())
for name in Hidden.names:
    sys.modules.pop(name, None)
for owner, names in ((signal, ("SIGKILL", "SIGHUP", "SIGALRM", "SIGWINCH", "setitimer")),
                     (os, ("fork", "forkpty", "register_at_fork"))):
    for name in names:
        delattr(owner, name)
"""
"""What Windows lacks, taken away; the start of a program that then uses chatdoor."""

IMPORT_THEM = """
import importlib
for module in sys.argv[1:]:
    importlib.import_module(module)
"""

ASK = """
from chatdoor.cli import main
main()
"""


def python(folder: Path, program: str, *arguments: str) -> str:
    """Standard output of a program run by a fresh interpreter, with a home folder of its own and no proxies."""
    kept = {name: value for name, value in os.environ.items() if not re.match("(?i)chatdoor_|xdg_|.*_proxy$", name)}
    homes = dict.fromkeys(("HOME", "USERPROFILE", "LOCALAPPDATA", "APPDATA"), str(folder))
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program, *arguments],
        env=kept | homes,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=50,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def our_files() -> Iterator[Path]:
    """Every file of the repository that is kept in it."""
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in NOT_OURS]
        yield from (Path(folder, name) for name in names if name not in NOT_OURS)  # in a worktree, .git is a file


def test_the_public_names_are_sorted_complete_and_few() -> None:
    """`__all__` is sorted, holds at most 30 names, and each of them is there."""
    names = chatdoor.__all__
    assert list(names) == sorted(set(names))
    assert len(names) <= 30
    assert [name for name in names if not hasattr(chatdoor, name)] == []


def test_no_public_name_is_forgotten() -> None:
    """Every name that the package shows, modules excepted, stands in `__all__`, and `dir()` shows all of these."""
    shown = {name for name, value in vars(chatdoor).items() if name[0] != "_" and not isinstance(value, ModuleType)}
    assert shown <= set(chatdoor.__all__)
    assert set(chatdoor.__all__) <= set(dir(chatdoor))


def test_import_loads_little_opens_nothing_and_configures_nothing(tmp_path: Path) -> None:
    """`import chatdoor` loads no server, command line or HTML code, opens no socket, and adds one silent logger."""
    python(tmp_path, WHAT_IMPORT_DOES)


def test_every_module_can_be_imported_on_a_plainer_system(tmp_path: Path) -> None:
    """No module needs `fcntl`, `uvloop`, `resource`, fork or a signal that Windows lacks in order to load."""
    names = [path.relative_to(PACKAGE.parent).with_suffix("").parts for path in PACKAGE.rglob("*.py")]
    python(tmp_path, A_PLAINER_SYSTEM + IMPORT_THEM, *(".".join(name) for name in names if name[-1] != "__main__"))


def test_a_question_is_answered_on_a_plainer_system(tmp_path: Path) -> None:
    """`chatdoor ask` has its answer from the practice site where all of that is missing."""
    assert python(tmp_path, A_PLAINER_SYSTEM + ASK, "ask", "--no-stream", "I feel lost").strip()


def test_the_changelog_knows_the_version() -> None:
    """The newest entry of the CHANGELOG is the version of the package."""
    headings = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert headings[0] == __version__


def test_the_wheel_holds_the_whole_package(tmp_path: Path) -> None:
    """Every file below src/chatdoor is in the wheel (presets, pages, `py.typed`), with the licence and the command."""
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(ROOT)]
    done = subprocess.run(build, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    ours = [path for path in PACKAGE.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    assert PACKAGE / "py.typed" in ours
    assert {path.relative_to(PACKAGE.parent).as_posix() for path in ours} <= set(held)
    (meta,) = {name.split("/")[0] for name in held if ".dist-info/" in name}
    assert held[f"{meta}/licenses/LICENSE"] == (ROOT / "LICENSE").read_bytes()
    assert b"chatdoor = chatdoor.cli:main" in held[f"{meta}/entry_points.txt"]


@pytest.mark.parametrize("text", FORBIDDEN, ids=bytes.decode)
def test_no_file_names_a_machine_or_a_registry(text: bytes) -> None:
    """No file holds a path of somebody's machine or the host of a package registry: pip's own settings say where."""
    assert [path.relative_to(ROOT).as_posix() for path in our_files() if text in path.read_bytes()] == []
