"""`import chatdoor` beside `import openai`, each in a fresh interpreter, minus what a bare one costs.

What `import chatdoor` puts off, the first use of a name pays: so there is a row for that too.
"""

import subprocess
import sys
import tempfile
from collections.abc import Mapping

from bench.processes import user_env
from bench.rows import Row, compared

MOST = 1 / 15

PROGRAM = "import time; {}; print(time.process_time())"

BARE, PEER = "pass", "import openai"
OURS = {"import chatdoor": MOST, "from chatdoor import Client": None, "from chatdoor import AsyncClient": None}
"""What is imported, and how much of the peer's cost it may have."""


def measure(_url: str, rounds: int, _calls: int) -> list[Row]:
    """The rows of this part. A start is short and noisy, so there are four for each round."""
    lines = (BARE, PEER, *OURS)
    with tempfile.TemporaryDirectory() as folder:
        env = user_env(folder)
        for line in lines:
            start_cost(line, env)  # byte code is written, files are in memory
        starts = [[start_cost(line, env) * 1000 for line in lines] for _ in range(rounds * 4)]
    costs = {line: [start[at] - start[0] for start in starts] for at, line in enumerate(lines)}
    return [
        compared(
            "import", f"`{line}` against `{PEER}`", "ms CPU", list(zip(costs[line], costs[PEER], strict=True)), most
        )
        for line, most in OURS.items()
    ]


def start_cost(line: str, env: Mapping[str, str]) -> float:
    """Seconds of CPU that a fresh interpreter has used when the line is done."""
    command = [sys.executable, "-c", PROGRAM.format(line)]
    done = subprocess.run(command, capture_output=True, text=True, env=env, timeout=60, check=True)
    return float(done.stdout)
