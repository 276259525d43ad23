"""`chatdoor scrub` and `chatdoor discover` on a large recording: CPU of the command, and the most memory it had."""

import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from bench.big_har import big_har
from bench.processes import user_env
from bench.rows import Row

SIZE = 50_000_000
MOST_SECONDS = 10.0
MOST_MEGABYTES = 500.0

_MEASURED = (
    "import resource, sys; from chatdoor.cli.run import run; code = run(sys.argv[1:]); "
    "used = resource.getrusage(resource.RUSAGE_SELF); "
    "print('used', used.ru_utime + used.ru_stime, used.ru_maxrss, file=sys.stderr); sys.exit(code)"
)


def measure(_url: str, rounds: int, _calls: int) -> list[Row]:
    """The rows of this part: none where the platform does not count memory in kilobytes."""
    if sys.platform != "linux":
        return []
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "large.har")
        file.write_bytes(big_har(SIZE))
        return [
            row
            for command in (["scrub", "--overwrite"], ["discover"])
            for row in _rows(command, [_run([*command, str(file)], folder) for _ in range(min(rounds, 3))])
        ]


def _rows(command: list[str], runs: list[tuple[float, float]]) -> list[Row]:
    what = f"`chatdoor {command[0]}`, {SIZE // 10**6} MB"
    seconds, megabytes = median(run[0] for run in runs), median(run[1] for run in runs)
    return [
        Row(part="recording", what=what, unit="s CPU", ours=seconds, most=MOST_SECONDS),
        Row(part="recording", what=f"{what}, memory", unit="MB", ours=megabytes, most=MOST_MEGABYTES),
    ]


def _run(arguments: list[str], folder: str) -> tuple[float, float]:
    """Seconds of CPU, and megabytes at most."""
    command = [sys.executable, "-c", _MEASURED, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=user_env(folder), timeout=300, check=True)
    _, seconds, kilobytes = done.stderr.splitlines()[-1].split()
    return float(seconds), float(kilobytes) / 1000
