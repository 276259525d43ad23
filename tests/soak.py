"""The long tests: `python -m tests.soak [PART ...]`. Each prints a verdict; the exit code says whether all hold."""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tests.batch.kills import kill_run

Part = Callable[[Path, Callable[[str], None]], Sequence[str]]

GATEWAYS = {"SOAK_TALKS": "100", "SOAK_TURNS": "40", "SOAK_KILLS": "60"}


def kills(folder: Path, say: Callable[[str], None]) -> Sequence[str]:
    """A batch of 10,000 rows, killed 200 times. Takes about five minutes."""
    verdict = kill_run(folder, rows=10_000, kills=200, longest=0.2, seed=int(time.time()), say=say)
    say(f"{verdict.kills} kills, {verdict.repeated} prompts heard twice, {verdict.marked} rows marked")
    return verdict.problems if verdict.kills >= 200 else [*verdict.problems, "it ended before 200 kills"]


def gateways(folder: Path, say: Callable[[str], None]) -> Sequence[str]:
    """Three gateways behind nginx, 100 conversations of 40 turns, 60 replicas killed. Takes about three minutes."""
    test = "tests/gateway/shared/test_three_gateways.py"
    command = [sys.executable, "-m", "pytest", "-q", "-o", "faulthandler_timeout=900", f"--basetemp={folder}/t", test]
    done = subprocess.run(command, env={**os.environ, **GATEWAYS}, capture_output=True, text=True, check=False)
    say(done.stdout[-2_000:])
    return [] if done.returncode == 0 else [f"pytest ended with {done.returncode}"]


PARTS: Mapping[str, Part] = {"kills": kills, "gateways": gateways}
"""Each takes a folder and where to tell how it goes on, and gives what does not hold."""


def main() -> int:
    """Runs the parts that the arguments name, all where they name none."""
    parser = argparse.ArgumentParser(prog="scripts/soak", description=__doc__.partition("\n")[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; default all")
    chosen = parser.parse_args().parts or list(PARTS)
    if unknown := set(chosen) - set(PARTS):
        parser.error(f"there is no part {min(unknown)!r}")
    failed = False
    for part in chosen:
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="chatdoor-soak-") as folder:
            problems = PARTS[part](Path(folder), lambda text: print(text, file=sys.stderr, flush=True))
        failed = failed or bool(problems)
        print(
            f"{part}: {'fails' if problems else 'holds'} ({time.monotonic() - began:.0f} s)", *problems[:20], sep="\n  "
        )
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
