"""The program as a test runs it: a process of its own, with a home of its own."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

SECONDS = 30.0

CHANGES_BEHAVIOUR = re.compile("_?chatdoor_|xdg_|pythonunbuffered|.*_proxy$", re.IGNORECASE)
"""Names of variables of the test's own environment that the program must not see."""

# A test run in the background of a shell ignores SIGINT, and so would its children.
HEED_INTERRUPTS = "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); "
RUN = HEED_INTERRUPTS + "os.execv(sys.executable, [sys.executable, '-W', 'error', '-m', 'chatdoor', *sys.argv[1:]])"


@dataclass(frozen=True)
class Ran:
    """What became of a run: its exit code and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def all(self) -> str:
        """Everything that was written."""
        return self.out + self.err


@dataclass(frozen=True)
class Program:
    """`chatdoor`, whose config, state and home lie in one folder."""

    folder: Path

    @property
    def state(self) -> Path:
        """Where sessions are kept."""
        return self.folder / "state" / "sessions"

    def environment(self, more: Mapping[str, str]) -> dict[str, str]:
        """This process's, without what would change the program's behaviour."""
        kept = {name: text for name, text in os.environ.items() if not CHANGES_BEHAVIOUR.match(name)}
        own = dict.fromkeys(("HOME", "USERPROFILE", "LOCALAPPDATA", "APPDATA"), str(self.folder))
        own |= {"CHATDOOR_STATE_DIR": str(self.state.parent), "CHATDOOR_CONFIG_DIR": str(self.folder / "config")}
        return kept | own | {"PYTHONIOENCODING": "utf-8", "COLUMNS": "80", "PYTHONWARNINGS": "error"} | dict(more)

    def configure(self, text: str) -> Path:
        """Writes the config file."""
        file = self.folder / "config" / "config.toml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, "utf-8")
        return file

    def write(self, name: str, text: str) -> Path:
        """Writes a file into the folder."""
        file = self.folder / name
        file.write_text(text, "utf-8")
        return file

    def __call__(self, *arguments: str | Path, stdin: bytes = b"", env: Mapping[str, str] | None = None) -> Ran:
        """Runs it to its end."""
        done = subprocess.run(
            [sys.executable, "-m", "chatdoor", *map(str, arguments)],
            env=self.environment(env or {}),
            cwd=self.folder,
            input=stdin,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
        ran = Ran(
            done.returncode, done.stdout.decode().replace("\r\n", "\n"), done.stderr.decode().replace("\r\n", "\n")
        )
        assert "Traceback" not in ran.all
        assert "bug in chatdoor" not in ran.err, ran.err
        return ran

    @contextmanager
    def started(
        self,
        *arguments: str | Path,
        env: Mapping[str, str] | None = None,
        stdout: int | IO[bytes] = subprocess.PIPE,
        before: str = "",
    ) -> "Iterator[subprocess.Popen[bytes]]":
        """Runs it beside the test, which reads and writes its pipes; killed where it does not end with the block.

        `before` is Python that its process runs first.
        """
        process = subprocess.Popen(
            [sys.executable, "-c", before + RUN, *map(str, arguments)],
            env=self.environment(env or {}),
            cwd=self.folder,
            stdin=subprocess.PIPE,
            stdout=stdout,
            stderr=subprocess.PIPE,
        )
        try:
            with process:
                try:
                    yield process
                finally:
                    process.kill()
        finally:
            assert process.returncode is not None


def streaming_site(folder: Path, url: str, path: str = "/generate_response/") -> Path:
    """The file of a Django site that answers with events: pieces under `delta`, `[DONE]` at the end."""
    file = folder / "streaming.toml"
    file.write_text(f"""
schema = 1
name = "streaming"
url = "{url}"
extends = "django"

[chat]
post = "{path}"
json = {{ messages = "{{messages}}" }}

[reply]
sse = "delta"
done = "[DONE]"
""")
    return file
