"""`chatdoor ask`, from its start to its end: CPU of the process, which is more than to its answer, never less."""

import subprocess
import sys
import tempfile
from collections.abc import Mapping
from statistics import median

from bench.processes import user_env
from bench.rows import Row

MOST_MS = 350.0


def measure(url: str, rounds: int, _calls: int) -> list[Row]:
    """The rows of this part: none where the platform does not count the CPU of a child."""
    ways = {
        "`chatdoor ask`, practice site in the process": [],
        "`chatdoor ask`, a site with a kept session": ["--site", "voigpt", "--url", url],
    }
    try:
        import resource  # noqa: F401 - not on Windows
    except ImportError:
        return []
    with tempfile.TemporaryDirectory() as folder:
        env = user_env(folder)
        for options in ways.values():
            ask_cost(options, env)  # byte code is written, the session is kept
        costs = {what: [ask_cost(options, env) * 1000 for _ in range(rounds)] for what, options in ways.items()}
    return [Row(part="ask", what=what, unit="ms CPU", ours=median(cost), most=MOST_MS) for what, cost in costs.items()]


def ask_cost(options: list[str], env: Mapping[str, str]) -> float:
    """Seconds of CPU of one command."""
    from resource import RUSAGE_CHILDREN, getrusage

    command = [sys.executable, "-m", "chatdoor", "ask", *options, "I feel lost in forms"]
    before = getrusage(RUSAGE_CHILDREN)
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, env=env, timeout=60, check=False
    )
    after = getrusage(RUSAGE_CHILDREN)
    if done.returncode or not done.stdout.strip():
        raise RuntimeError(f"{' '.join(command[1:])} failed: {done.stderr}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
