"""The program at a terminal: a pseudo-terminal that a test types into and reads from."""

import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

from tests.cli.program import HEED_INTERRUPTS, Program

SECONDS = 15.0
INTERRUPT_SECONDS = 0.5

# The terminal has to be the process's own, or Ctrl-C in it would interrupt nobody.
RUN = (
    HEED_INTERRUPTS + "import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
    "os.execv(sys.executable, [sys.executable, '-m', 'chatdoor', *sys.argv[1:]])"
)

INTERRUPT = "\x03"
END_OF_INPUT = "\x04"


class Terminal:
    """A terminal with the program in it. `screen` is all that was shown so far."""

    def __init__(self, process: "subprocess.Popen[bytes]", end: int) -> None:
        self.process = process
        self.screen = ""
        self._looked_at = 0
        self._end = end

    def type(self, text: str) -> None:
        """Types, as a person does."""
        os.write(self._end, text.encode())

    def wait_for(self, text: str) -> None:
        """Waits until the text is shown, after what was waited for before."""
        until = time.monotonic() + SECONDS
        while (at := self.screen.find(text, self._looked_at)) < 0:
            assert time.monotonic() < until, f"waited for {text!r}, saw {self.screen!r}"
            self._read()
        self._looked_at = at + len(text)

    def interrupt_until(self, text: str) -> None:
        """Presses Ctrl-C until the text is shown. Python's line editor can miss one that comes between two waits."""
        until = time.monotonic() + SECONDS
        while self.screen.find(text, self._looked_at) < 0:
            assert time.monotonic() < until, f"waited for {text!r}, saw {self.screen!r}"
            self.type(INTERRUPT)
            pause = time.monotonic() + INTERRUPT_SECONDS
            while time.monotonic() < pause:
                self._read()
        self.wait_for(text)

    def wait(self) -> int:
        """The exit code, once the program has ended. What it showed last is on the screen then."""
        until = time.monotonic() + SECONDS
        while self.process.poll() is None and time.monotonic() < until:
            self._read()
        while self._read():
            pass
        return self.process.wait(SECONDS)

    def _read(self) -> str:
        ready, _, _ = select.select([self._end], [], [], 0.05)
        shown = ""
        if ready:
            with suppress(OSError):  # Linux says EIO when the program's side is closed
                shown = os.read(self._end, 65_536).decode()
        self.screen += shown
        return shown


@contextmanager
def terminal(program: Program, *arguments: str, env: Mapping[str, str] | None = None) -> Iterator[Terminal]:
    """The program at a terminal; killed where it does not end with the block."""
    end, theirs = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, *arguments],
        env=program.environment({"TERM": "xterm"} | dict(env or {})),
        cwd=program.folder,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    try:
        yield Terminal(process, end)
    finally:
        process.kill()
        process.wait()
        os.close(end)
