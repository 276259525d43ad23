"""The long tests: `python -m tests.soak [PART ...]`. Each prints a verdict; the exit code says whether all hold."""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tests.batch.kills import kill_run

Part = Callable[[Path, Callable[[str], None]], Sequence[str]]


def kills(folder: Path, say: Callable[[str], None]) -> Sequence[str]:
    """A batch of 10,000 rows, killed 200 times. Takes about five minutes."""
    verdict = kill_run(folder, rows=10_000, kills=200, longest=0.2, seed=int(time.time()), say=say)
    say(f"{verdict.kills} kills, {verdict.repeated} prompts heard twice, {verdict.marked} rows marked")
    return verdict.problems if verdict.kills >= 200 else [*verdict.problems, "it ended before 200 kills"]


PARTS: Mapping[str, Part] = {"kills": kills}
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
