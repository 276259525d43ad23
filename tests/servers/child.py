"""A server in a process of its own: both ends of it, the test's and the server's.

The server says ``ready PORT`` on its standard output. It ends when its standard input closes, so that it
never outlives the test run, and is otherwise stopped by its own pid.
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
START_SECONDS = 20.0
STOP_SECONDS = 5.0


@dataclass(frozen=True)
class Child:
    """A running server and the port it listens on."""

    process: subprocess.Popen[bytes]
    port: int

    def stop(self) -> None:
        """End the process and wait for it; killed when it does not leave within STOP_SECONDS."""
        self.process.terminate()
        _reap(self.process)


def start(module: str, *arguments: str, log: Path) -> Child:
    """A child that runs `module` and is ready; its standard error goes to `log`.

    Raises RuntimeError, with the log in it, when it is not ready within START_SECONDS.
    """
    return start_command([sys.executable, "-m", module, *arguments], log=log)


def start_command(
    command: Sequence[str],
    *,
    log: Path,
    environment: Mapping[str, str] | None = None,
    seconds: float = START_SECONDS,
) -> Child:
    """The same for any command, with `environment` added to ours; `seconds` is how long it may take to be ready."""
    with log.open("wb") as errors:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            # That warnings are errors is meant for our code, not for the servers'.
            env={**os.environ, "PYTHONWARNINGS": "default", **(environment or {})},
        )
    word, _, port = _first_line(process, seconds).partition(b" ")
    if word != b"ready":
        process.kill()
        _reap(process)
        raise RuntimeError(f"{' '.join(command)} did not start:\n{log.read_text()}")
    return Child(process, int(port))


def announce(port: int) -> None:
    """Tell the parent the port, and end this process when the parent goes away. For the server's side."""
    sys.stdout.write(f"ready {port}\n")
    sys.stdout.flush()
    threading.Thread(target=_leave_with_parent, daemon=True).start()


def _first_line(process: subprocess.Popen[bytes], seconds: float) -> bytes:
    assert process.stdout is not None
    # A pipe's readline knows no timeout; a killed process ends it on every platform.
    watchdog = threading.Timer(seconds, process.kill)
    watchdog.start()
    try:
        return process.stdout.readline()
    finally:
        watchdog.cancel()
        watchdog.join()


def _reap(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for pipe in (process.stdin, process.stdout):
        assert pipe is not None
        pipe.close()


def _leave_with_parent() -> None:
    # Not through sys.stdin, whose lock an interpreter that ends would wait for.
    os.read(0, 1)
    os.kill(os.getpid(), signal.SIGTERM)
