"""Where the examples play: what the names in them stand for, and how each kind of block is run."""

import ast
import asyncio
import contextlib
import inspect
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from chatdoor import Practice, load_site
from tests.docs.blocks import Block

STANDS_FOR: Mapping[str, Callable[[pytest.FixtureRequest], str]] = {
    "https://chat.internal.example.org": lambda wanted: wanted.getfixturevalue("django_https").url,
    "https://chat.example.org": lambda wanted: wanted.getfixturevalue("django_http").url,
    "https://help.example.org": lambda wanted: _practice(wanted, token="meta", reply="sse-delta"),
    "https://bot.example.org": lambda wanted: wanted.getfixturevalue("faulty")().url,
    "http://proxy.example.org:3128": lambda wanted: wanted.getfixturevalue("http_proxy").url,
    "socks5h://proxy.example.org:1080": lambda wanted: wanted.getfixturevalue("socks_proxy").url.replace("5:", "5h:"),
}
"""What is written -> what it is in the tests: a real Django site over http and https, a practice site with a token in
its page, a site that takes any token, real proxies."""

PRACTICE_PLACE = "http://127.0.0.1:8000"
"""Stands for the site of the page's last `chatdoor practice --port 8000`, which runs beside what follows."""

GATEWAY_PLACE = "http://127.0.0.1:8400"
"""Stands for the gateway of the page's last `chatdoor serve`, which runs beside what follows."""

TOKEN_FILE = "token.txt"
CA_FILE = "our-ca.pem"
"""Files that are there without being shown: a line with a token, and the certificate of the private CA."""

COMMAND_SECONDS = 30.0

_EXPORT = re.compile(r'export (\w+)="([^"]*)"')


class Stage:
    """One page's run: a folder of its own, which is the current one, and an environment without anybody's settings."""

    def __init__(self, text: str, folder: Path, wanted: pytest.FixtureRequest, stack: contextlib.ExitStack) -> None:
        self._folder = folder
        self._stack = stack
        self._live = {name: find(wanted) for name, find in STANDS_FOR.items() if name in text}
        self._names: dict[str, object] = {"__name__": "example"}
        self._kinds: Mapping[str, Callable[[Block], str | None]] = {
            "console": self._run_console,
            "python": self._run_python,
            "toml": self._load_toml,
            "text": self._write,
            "yaml": self._write,
        }
        (folder / TOKEN_FILE).write_text("token-from-the-page\n", "utf-8")
        if CA_FILE in text:
            shutil.copy(wanted.getfixturevalue("authority").ca_file, folder / CA_FILE)

    def run(self, block: Block) -> str | None:
        """What the block prints, None for one that only is. Fails for a language that nobody runs."""
        assert block.language in self._kinds, f"line {block.line}: a block in {block.language!r} runs nowhere"
        return self._kinds[block.language](block)

    def to_live(self, text: str) -> str:
        """The text, with what its names stand for."""
        for name, live in self._live.items():
            text = text.replace(name, live)
        return text

    def to_written(self, text: str) -> str:
        """The text as the page would have it."""
        for name, live in self._live.items():
            text = text.replace(live, name)
        return text

    def _write(self, block: Block) -> None:
        assert block.file, f"line {block.line}: text that is neither a file nor what Python printed"
        (self._folder / block.file).write_text(self.to_live(block.text), "utf-8")

    def _load_toml(self, block: Block) -> None:
        self._write(block)
        if "schema" in tomllib.loads(block.text) and block.comment != "wrong":
            load_site(self._folder / block.file)

    def _run_python(self, block: Block) -> str:
        code = compile(self.to_live(block.text), f"line {block.line}", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            awaited = eval(code, self._names)
            if code.co_flags & inspect.CO_COROUTINE:
                asyncio.run(awaited)
        return printed.getvalue()

    def _run_console(self, block: Block) -> str:
        """The block as it would be written after its commands had run."""
        shown = []
        commands = [line.removeprefix("$ ") for line in block.text.splitlines() if line.startswith("$ ")]
        for number, command in enumerate(commands):
            last = number == len(commands) - 1
            printed = self._run_command(command, block.exit_code if last else 0)
            shown.append(f"$ {command}\n{self.to_written(printed)}")
        return "".join(shown)

    def _run_command(self, command: str, exit_code: int) -> str:
        if exported := _EXPORT.fullmatch(command):
            os.environ[exported[1]] = self.to_live(exported[2])
            return ""
        line, _, source = command.partition(" < ")
        line, _, target = line.partition(" > ")
        program, *words = shlex.split(self.to_live(line))
        assert program == "chatdoor", f"not a command of ours: {command}"
        arguments = [sys.executable, "-W", "error", "-m", "chatdoor", *words]
        if words[0] == "practice":
            return self._start_practice(arguments)
        if words[0] == "serve":
            return self._start_gateway(arguments)
        given = Path(source).read_text("utf-8") if source else ""
        done = subprocess.run(
            arguments,
            input=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            timeout=COMMAND_SECONDS,
            check=False,
        )
        assert done.returncode == exit_code, f"{command}\nends with {done.returncode}:\n{done.stdout}"
        if target:
            Path(target).write_text(done.stdout, "utf-8")
        return "" if target else done.stdout

    def _start_gateway(self, arguments: list[str]) -> str:
        process = self._stack.enter_context(
            subprocess.Popen([*arguments, "--port", "0"], stdout=subprocess.PIPE, text=True)
        )
        self._stack.callback(process.terminate)
        assert process.stdout is not None
        first = process.stdout.readline()
        self._live[GATEWAY_PLACE] = next(word for word in first.split() if "://" in word).removesuffix("/v1")
        return first

    def _start_practice(self, arguments: list[str]) -> str:
        arguments[arguments.index("--port") + 1] = "0"
        process = self._stack.enter_context(subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True))
        self._stack.callback(process.terminate)
        assert process.stdout is not None
        first = process.stdout.readline()
        self._live[PRACTICE_PLACE] = first.split()[2]
        return first + process.stdout.readline()


def _practice(wanted: pytest.FixtureRequest, **options: str) -> str:
    practice = Practice(**options)
    practice.start()
    wanted.addfinalizer(practice.stop)
    return practice.url
