"""A batch on Ray beside the same batch without: what each row costs more, and how long it takes to begin.

Ray lies in an environment of its own, made by the tests of the cluster. Where it is not there, this part is left out.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from bench.batches import Pairs, practice_site
from bench.processes import MOST_SECONDS, user_env
from bench.rows import Row, compared
from chatdoor import Site, run_batch

ROOT = Path(__file__).parents[1]
PACKAGES = ".venv/stacks/cluster/lib/python*/site-packages"

FEW, MANY = 200, 8_000
"""Rows of two runs: what the second takes longer is the rows', the rest is to begin."""

WORKERS = 2

AT_A_TIME = 64
MOST_ROUNDS = 3


def measure(_url: str, rounds: int, _calls: int) -> list[Row]:
    """The rows of this part."""
    found = [str(packages) for packages in ROOT.glob(PACKAGES)]
    if not found:
        return []
    with practice_site() as practice, tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "bench.rays", practice, str(min(rounds, MOST_ROUNDS))]
        path = {"PYTHONPATH": os.pathsep.join([*found, str(ROOT)]), "RAY_USAGE_STATS_ENABLED": "0"}
        told = subprocess.run(
            command, env=user_env(folder) | path, stdout=subprocess.PIPE, check=True, timeout=MOST_SECONDS
        )
    pairs, begins = json.loads(told.stdout.splitlines()[-1])
    return [
        compared("ray", f"a row on Ray, {AT_A_TIME} at a time, beside one without", "us a row", pairs),
        Row(part="ray", what=f"a run of {FEW} rows, with a cluster started for it", unit="s", ours=median(begins)),
    ]


def main(url: str, rounds: int) -> tuple[Pairs, list[float]]:
    """Microseconds for a row on Ray and without, of each round; seconds of each short run on Ray."""
    from ray.cluster_utils import Cluster  # beside us in the process that measures

    from chatdoor.cli.visit import find_site

    site, pairs = find_site("practice", url), []
    begins = [_run(site, "ray", FEW) for _ in range(rounds)]
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": WORKERS})
    os.environ["RAY_ADDRESS"] = cluster.address
    for _ in range(rounds):
        seconds = {(on, count): _run(site, on, count) for on in ("ray", "local") for count in (FEW, MANY)}
        ours, peer = ((seconds[on, MANY] - seconds[on, FEW]) / (MANY - FEW) * 1e6 for on in ("ray", "local"))
        pairs.append((ours, peer))
    cluster.shutdown()
    return pairs, begins


def _run(site: Site, on: str, count: int) -> float:
    """Seconds that a batch takes, from the call to its end."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "in.txt").write_text("".join(f"I feel lost in form {number}\n" for number in range(count)))
        began = time.perf_counter()
        summary = run_batch(folder / "in.txt", folder / "out.jsonl", site, on=on, concurrency=AT_A_TIME)
        assert summary.answered == count
        return time.perf_counter() - began


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], int(sys.argv[2]))))
