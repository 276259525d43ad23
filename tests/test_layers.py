"""The house keeps its own rules: who imports whom, what is pure, and how long things are.

The rules are the tables below. Each rule is a function from the package's folder to a list of findings, one line each;
an empty list means that the rule holds. The rules are themselves tested, on small packages that break them.
"""

import ast
import sys
import tomllib
from collections.abc import Callable, Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "src" / "chatdoor"

BELOW_SITE = {"_version", "errors", "messages"}
BELOW_FLOW = BELOW_SITE | {"site"}
BELOW_DRIVE = BELOW_FLOW | {"flow", "conversation"}
BELOW_PROVIDERS = BELOW_DRIVE | {"drive"}
BELOW_SERVERS = BELOW_PROVIDERS | {"providers"}

MAY_IMPORT = {
    "_version": set(),
    "errors": set(),
    "messages": {"errors"},
    "site": BELOW_SITE,
    "flow": BELOW_FLOW,
    "conversation": BELOW_FLOW,
    "drive": BELOW_DRIVE,
    "providers": BELOW_PROVIDERS,
    "practice": BELOW_FLOW,
    "discover": BELOW_DRIVE,
    "discover, acting": BELOW_SERVERS | {"discover"},
    "gateway": BELOW_SERVERS,
    "batch": BELOW_SERVERS,
    "cli": BELOW_SERVERS | {"practice", "discover", "discover, acting", "gateway", "batch"},
    "__init__": BELOW_SERVERS | {"practice", "discover", "discover, acting", "batch"},
    "__main__": {"cli"},
}
"""Room of the house -> the rooms it may import from, its own excepted."""

ACTING = {
    *("discover/check.py", "discover/check_stages.py", "discover/live.py"),
    *("discover/recorder/__init__.py", "discover/recorder/browser.py", "discover/recorder/hands.py"),
    *("discover/recorder/visit.py", "discover/recorder/tap.py", "discover/recorder/trust.py"),
    "discover/recorder/secrecy.py",
}
"""Files of a pure room that talk to live sites. They count as a room of their own, which the pure one does not know."""

PURE_ROOMS = {"_version", "errors", "messages", "site", "flow", "conversation", "discover"}
PURE_LIBRARY = {
    *("abc", "base64", "binascii", "bisect", "codecs", "collections", "contextlib", "copy", "dataclasses", "datetime"),
    *("difflib", "email", "enum", "fnmatch", "functools", "gzip", "hashlib", "heapq", "html", "http", "ipaddress"),
    *("itertools", "json", "keyword", "math", "operator", "re", "string", "struct", "textwrap", "tomllib", "types"),
    *("typing", "unicodedata", "urllib.parse", "zlib"),
}
"""Standard modules that do no I/O and read no clock, randomness or environment."""

PURE_EXCEPTIONS = {
    "site/load.py": {"importlib.resources", "pathlib", "open"},
    "conversation/store.py": {"threading"},
}
"""File -> what it may import and call beyond that. Loading a site is reading a file; a store has a lock."""

IMPURE_INSIDE = {"http.client", "http.cookiejar", "http.server"}
"""Submodules of pure modules that are not pure themselves."""

IMPURE_CALLS = {"open", "input", "print", "now", "utcnow", "today"}
"""Functions and methods that do I/O or read the clock with no telling import (`datetime.now`, `date.today`)."""

SEAMS: dict[str, str | tuple[str, ...]] = {
    "certifi": "drive/access.py",
    "click": "cli/",
    "hiredis": "drive/shared/link.py",
    "httptools": ("drive/plain/wire.py", "gateway/reader.py", "gateway/upgrade.py", "practice/server.py"),
    "jmespath": "site/paths.py",
    "keyring": "drive/secrets.py",
    "msgspec": "",
    "platformdirs": "drive/folders.py",
    "playwright": "discover/recorder/",
    "prometheus-client": "gateway/exposition.py",
    "pyreqwest": "drive/library.py",
    "python-socks": "drive/sockets/",
    "ray": "batch/on_ray.py",
    "redis": "drive/shared/link.py",
    "regex": "site/patterns.py",
    "selectolax": "flow/html.py",
    "uvicorn": "practice/server.py",
    "uvloop": ("gateway/server.py", "practice/server.py"),
    "websockets": "drive/sockets/",
}
"""Dependency -> the files or folders that alone may import it. msgspec is how we write types, so it is everywhere."""

SWALLOWERS = {"drive/helper.py", "gateway/app.py"}
"""Files that may catch everything without raising.

A thread hands the error to the one that raises it; the gateway's outermost handler answers 500 and logs its place.
"""

LONGEST_FILE, LONGEST_FUNCTION = 600, 60


def files(package: Path) -> Iterator[tuple[str, ast.Module]]:
    """Each file of the package: its path below it, with slashes, and its syntax tree."""
    for path in sorted(package.rglob("*.py")):
        yield path.relative_to(package).as_posix(), ast.parse(path.read_text("utf-8"))


def run_time(tree: ast.AST) -> Iterator[ast.AST]:
    """All nodes of a tree, those for the type checker alone left out."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test).removeprefix("typing.") == "TYPE_CHECKING":
            for branch in node.orelse:
                yield branch
                yield from run_time(branch)
        else:
            yield node
            yield from run_time(node)


def imports(name: str, tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and dotted name of all that a file imports, inside functions too. `from a import b` gives `a.b`."""
    parents = ["chatdoor", *name.split("/")[:-1]]
    for node in run_time(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = parents[: len(parents) + 1 - node.level] if node.level else []
            source = ".".join([*above, *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{source}.{alias.name}") for alias in node.names)


def room(name: str) -> str:
    """The room that a file stands in: its first folder, or the file's own name at the top."""
    return name.partition("/")[0].removesuffix(".py") + (", acting" if name in ACTING else "")


def room_of_module(module: str) -> str:
    """The room that an import of ours leads to. `chatdoor` itself, and names of it, are the room `__init__`."""
    parts = module.split(".")
    if f"{'/'.join(parts[1:3])}.py" in ACTING:
        return f"{parts[1]}, acting"
    return parts[1] if len(parts) > 1 and parts[1] in MAY_IMPORT else "__init__"


def imports_to_the_right(package: Path) -> list[str]:
    """Imports of a room that does not stand to the left, and rooms that the table does not know."""
    found = [f"{name}: no such room in the table" for name, _ in files(package) if room(name) not in MAY_IMPORT]
    for name, tree in files(package):
        allowed = MAY_IMPORT.get(room(name), set()) | {room(name)}
        found += [
            f"{name}:{line}: {room(name)} must not import {module}"
            for line, module in imports(name, tree)
            if module.split(".")[0] == "chatdoor" and room_of_module(module) not in allowed
        ]
    return found


def import_cycles(package: Path) -> list[str]:
    """A cycle of modules that import each other, where there is one."""
    modules = {f"chatdoor.{name.removesuffix('.py').replace('/', '.')}": tree for name, tree in files(package)}
    graph: dict[str, set[str]] = {}
    for module, tree in modules.items():
        name = module.removeprefix("chatdoor.").replace(".", "/")
        targets = {target for _, taken in imports(name, tree) if (target := defining(taken, modules))}
        graph[module] = targets - {module}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return [" -> ".join(error.args[1])]
    return []


def defining(taken: str, modules: dict[str, ast.Module]) -> str | None:
    """The module of ours that an imported name comes from, or None for somebody else's."""
    candidates = (taken, f"{taken}.__init__", parent := taken.rpartition(".")[0], f"{parent}.__init__")
    return next((module for module in candidates if module in modules), None)


def impurities(package: Path) -> list[str]:
    """What a pure room imports or calls that could do I/O or read a clock, randomness or the environment."""
    found = []
    for name, tree in files(package):
        if room(name) not in PURE_ROOMS:
            continue
        allowed = PURE_LIBRARY | PURE_EXCEPTIONS.get(name, set())
        found += [
            f"{name}:{line}: {module} is not known as pure"
            for line, module in imports(name, tree)
            if module.split(".")[0] in sys.stdlib_module_names
            and (not within(module, allowed) or within(module, IMPURE_INSIDE))
        ]
        found += [
            f"{name}:{node.lineno}: a call of {called(node)}()"
            for node in run_time(tree)
            if isinstance(node, ast.Call) and called(node) in IMPURE_CALLS - allowed
        ]
    return found


def within(module: str, names: set[str]) -> bool:
    """Whether a dotted name is one of the names or stands below one."""
    return any(module == name or module.startswith(f"{name}.") for name in names)


def called(call: ast.Call) -> str:
    """The last name of what is called: `now` for `datetime.now()`; empty where it has no name."""
    if isinstance(call.func, ast.Attribute):
        return call.func.attr
    return call.func.id if isinstance(call.func, ast.Name) else ""


def stray_dependencies(package: Path) -> list[str]:
    """Imports of a dependency outside its seam, or of one that has no seam."""
    ours = {name.replace("_", "-") for name in sys.stdlib_module_names} | {"chatdoor", "--future--"}
    found = []
    for name, tree in files(package):
        for line, module in imports(name, tree):
            dependency = module.split(".")[0].replace("_", "-")
            if dependency not in ours and dependency not in SEAMS:
                found.append(f"{name}:{line}: {dependency} has no row in the table")
            elif dependency not in ours and not name.startswith(SEAMS[dependency]):
                found.append(f"{name}:{line}: {dependency} is imported in {SEAMS[dependency]} alone")
    return found


def swallowed_errors(package: Path) -> list[str]:
    """Places that catch everything and do not raise again."""
    return [
        f"{name}:{node.lineno}: catches everything and raises nothing"
        for name, tree in files(package)
        if name not in SWALLOWERS
        for node in ast.walk(tree)
        if swallows(node)
    ]


def swallows(node: ast.AST) -> bool:
    """Whether a node is `except:` or `except Exception:` with no `raise` in it, or `suppress(Exception)`."""
    if isinstance(node, ast.ExceptHandler):
        return broad(node.type) and not any(isinstance(inner, ast.Raise) for inner in ast.walk(node))
    return isinstance(node, ast.Call) and called(node) == "suppress" and any(broad(kind) for kind in node.args)


def broad(kind: ast.expr | None) -> bool:
    """Whether the kind of error that is caught holds every error."""
    if isinstance(kind, ast.Tuple):
        return any(broad(each) for each in kind.elts)
    return kind is None or (isinstance(kind, ast.Name) and kind.id in {"Exception", "BaseException"})


def too_long(package: Path) -> list[str]:
    """Files and functions above the limits, decorators not counted."""
    found = []
    for name, tree in files(package):
        lines = len((package / name).read_text("utf-8").splitlines())
        if lines > LONGEST_FILE:
            found.append(f"{name}: {lines} lines")
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > LONGEST_FUNCTION:
                    found.append(f"{name}:{node.lineno}: {node.name} has {lines} lines")
    return found


Rule = Callable[[Path], list[str]]
RULES: list[Rule] = [imports_to_the_right, import_cycles, impurities, stray_dependencies, swallowed_errors, too_long]


@pytest.mark.parametrize("rule", RULES)
def test_the_package_keeps_the_rule(rule: Rule) -> None:
    """No file of the package breaks the rule, and there are files to look at."""
    assert len(list(files(PACKAGE))) > 1
    assert rule(PACKAGE) == []


def test_flow_and_conversation_stand_side_by_side() -> None:
    """Neither of the two may import the other, and nothing pure may import what acts."""
    assert "conversation" not in MAY_IMPORT["flow"]
    assert "flow" not in MAY_IMPORT["conversation"]
    assert all(MAY_IMPORT[pure] <= PURE_ROOMS for pure in PURE_ROOMS)


def test_each_dependency_has_a_seam() -> None:
    """The table of seams and the dependencies of pyproject.toml (without `dev`) are the same names."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = [line for extra, lines in project["optional-dependencies"].items() if extra != "dev" for line in lines]
    assert {plain_name(line) for line in [*project["dependencies"], *extras]} == set(SEAMS)


def plain_name(requirement: str) -> str:
    """The name in a requirement: `click` of `click>=8.3,<9`, `ray` of `ray[client]`."""
    return requirement.partition(";")[0].split("=")[0].split("[")[0].rstrip("<>!~ ")


BREACHES: list[tuple[Rule, str, str, str]] = [
    (imports_to_the_right, "site/a.py", "from chatdoor.flow import chat", "flow.chat"),
    (imports_to_the_right, "site/a.py", "from ..drive.http import Http", "drive.http.Http"),
    (imports_to_the_right, "flow/a.py", "from chatdoor.conversation import match", "conversation"),
    (imports_to_the_right, "conversation/a.py", "import chatdoor.flow.effects", "flow.effects"),
    (imports_to_the_right, "flow/replies/a.py", "def f():\n    from ...providers import abstract", "providers"),
    (imports_to_the_right, "practice/a.py", "import chatdoor.drive.http", "drive"),
    (imports_to_the_right, "drive/a.py", "from chatdoor import VoiGpt", "VoiGpt"),
    (imports_to_the_right, "drive/a.py", "from .. import Client", "Client"),
    (imports_to_the_right, "discover/a.py", "from chatdoor.drive import http", "drive.http"),
    (imports_to_the_right, "discover/a.py", "from chatdoor.discover.check import run_check", "discover.check"),
    (imports_to_the_right, "utils/a.py", "", "no such room"),
    (import_cycles, "flow/a.py", "def f():\n    from chatdoor.flow.b import g", "chatdoor.flow.a"),
    (impurities, "flow/a.py", "import time", "time"),
    (impurities, "flow/a.py", "def f():\n    from random import choice", "random"),
    (impurities, "messages.py", "import os.path", "os"),
    (impurities, "site/file.py", "from pathlib import Path", "pathlib"),
    (impurities, "site/load.py", "import os", "os"),
    (impurities, "site/load.py", "today = date.today()", "today()"),
    (impurities, "flow/a.py", "from urllib.request import urlopen", "urllib.request"),
    (impurities, "flow/a.py", "from http import cookiejar", "cookiejar"),
    (impurities, "conversation/a.py", "import logging", "logging"),
    (impurities, "flow/a.py", "from datetime import datetime\nnow = datetime.now()", "now()"),
    (impurities, "flow/a.py", "text = open('a')", "open()"),
    (impurities, "discover/scrub/a.py", "import secrets", "secrets"),
    (imports_to_the_right, "discover/a.py", "from chatdoor.drive import http", "drive.http"),
    (stray_dependencies, "drive/aio.py", "from pyreqwest.client import ClientBuilder", "drive/library.py alone"),
    (stray_dependencies, "flow/a.py", "import requests", "requests has no row"),
    (swallowed_errors, "cli/a.py", "try:\n    f()\nexcept Exception:\n    pass", "a.py:3"),
    (swallowed_errors, "cli/a.py", "try:\n    f()\nexcept (ValueError, BaseException):\n    pass", "a.py:3"),
    (swallowed_errors, "cli/a.py", "try:\n    f()\nexcept:\n    pass", "a.py:3"),
    (swallowed_errors, "cli/a.py", "with contextlib.suppress(Exception):\n    f()", "a.py:1"),
    (too_long, "cli/a.py", "\n" * 601, "601 lines"),
    (too_long, "cli/a.py", "class A:\n  async def f(self):\n" + "    1\n" * 60, "f has 61 lines"),
]


@pytest.mark.parametrize(("rule", "name", "source", "finding"), BREACHES)
def test_a_rule_sees_a_breach(rule: Rule, name: str, source: str, finding: str, tmp_path: Path) -> None:
    """A package with one breach in it gives one finding that names the file and the breach."""
    write(tmp_path, "flow/b.py", "from . import a")
    write(tmp_path, name, source)
    (found,) = rule(tmp_path)
    assert name.removesuffix(".py").split("/")[-1] in found
    assert finding in found


ALLOWED = [
    ("messages.py", "from .errors import ArgumentError\nfrom datetime import datetime"),
    ("site/load.py", "from importlib.resources import files\nfrom pathlib import Path\nPath('a').open()"),
    ("flow/a.py", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import time\n    from . import b"),
    ("flow/a.py", "from urllib.parse import quote\nfrom collections.abc import Iterator\nfrom msgspec import Struct"),
    ("drive/library.py", "import pyreqwest, time\nfrom chatdoor.flow import b"),
    ("discover/check.py", "import time\nfrom chatdoor.drive import http\nfrom chatdoor.discover import a"),
    ("cli/a.py", "import click\nfrom chatdoor.practice import eliza\nprint(open('a'))"),
    ("cli/a.py", "try:\n    f()\nexcept Exception as error:\n    raise OSError from error"),
    ("cli/a.py", "try:\n    f()\nexcept ValueError:\n    pass"),
    ("__init__.py", "from .providers import VoiGpt\nfrom .practice import Practice"),
    ("cli/a.py", "\n" * 600),
    ("cli/a.py", "def f():\n" + "    1\n" * 59),
]


@pytest.mark.parametrize(("name", "source"), ALLOWED)
def test_no_rule_objects_to_what_is_allowed(name: str, source: str, tmp_path: Path) -> None:
    """A package that keeps the rules gives no finding."""
    write(tmp_path, "flow/b.py", "from . import a")
    write(tmp_path, name, source)
    assert [finding for rule in RULES for finding in rule(tmp_path)] == []


def write(package: Path, name: str, source: str) -> None:
    """Puts one file into a package."""
    path = package / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source, "utf-8")
