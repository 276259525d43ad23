"""The site: ``python -m tests.servers.stacks.php.serve FOLDER``. PHP's own server, which is told to end with us."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

from tests.servers.child import announce

STARTED = re.compile(r"\(http://127\.0\.0\.1:(\d+)\) started")
SETTINGS = {"session.use_strict_mode": "1", "display_errors": "stderr", "log_errors": "0"}


def main(folder: str) -> None:
    """Serve until stopped. `folder` takes the sessions and counters."""
    (Path(folder) / "sessions").mkdir()
    settings = [word for name, value in SETTINGS.items() for word in ("-d", f"{name}={value}")]
    php = subprocess.Popen(
        ["php", *settings, "-S", "127.0.0.1:0", str(Path(__file__).with_name("index.php"))],
        env={**os.environ, "STACK_FOLDER": folder},
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    signal.signal(signal.SIGTERM, lambda *_: php.terminate())
    assert php.stderr is not None
    for line in php.stderr:
        sys.stderr.write(line)
        if started := STARTED.search(line):
            announce(int(started[1]))
    php.wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
