"""Measures chatdoor: `python -m bench.run [PART ...]`. Own code, loopback only; stops what it starts.

Prints a table. A progress line for each part goes to standard error.
"""

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from bench import batches, calls, command, gateways, imports, leaks, pieces, rays, recordings, shared, sizes
from bench.processes import mock_site
from bench.rows import Row, as_table

PARTS: Mapping[str, Callable[[str, int, int], list[Row]]] = {
    "import": imports.measure,
    "call": calls.measure,
    "ask": command.measure,
    "piece": pieces.measure,
    "leak": leaks.measure,
    "batch": batches.measure,
    "ray": rays.measure,
    "gateway": gateways.measure,
    "recording": recordings.measure,
    "state": shared.measure,
    "size": sizes.measure,
}
"""Each takes the mock site's URL, how many rounds, and how many calls in a round."""


def main() -> None:
    """Measures the parts that the arguments name, all where they name none."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__.partition("\n")[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"what to measure, of {', '.join(PARTS)}; default all")
    parser.add_argument("--rounds", type=int, default=5, help="how often each pair is measured; default %(default)s")
    parser.add_argument("--calls", type=int, default=1000, help="calls in a round; default %(default)s")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows to a file too")
    options = parser.parse_args()
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"there is no part {min(unknown)!r}; known are {', '.join(PARTS)}")
    rows: list[Row] = []
    for part in options.parts or PARTS:
        print(f"measuring {part} ...", file=sys.stderr, flush=True)
        with mock_site() as url:
            rows += PARTS[part](url, options.rounds, options.calls)
    print(f"{occasion()}\n\n{as_table(rows)}")
    if options.json:
        found = {"occasion": occasion(), "rows": [{**asdict(row), "met": row.met} for row in rows]}
        options.json.write_text(json.dumps(found, indent=1) + "\n", "utf-8")


def occasion() -> str:
    """When this is, and on what kind of machine, in a line."""
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, {platform.system()}, {python}"


if __name__ == "__main__":
    main()
