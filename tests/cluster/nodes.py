"""A batch on a real Ray cluster of three nodes on this machine, of which a worker and a node are killed in mid-run.

Runs in a process of its own, with Ray beside our packages: `python -m tests.cluster.nodes FOLDER`. Prints what came of
it as JSON.
"""

import json
import os
import signal
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import ray
from ray.cluster_utils import Cluster

from chatdoor import Practice, run_batch

ROWS = 360
SLOW = 0.1
AT_A_TIME = 9


def main(folder: Path) -> dict[str, Any]:
    """What came of it."""
    (folder / "in.txt").write_text("".join(f"I feel number {number}\n" for number in range(ROWS)))
    practice = Practice(slow=SLOW)
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    nodes = [cluster.add_node(num_cpus=1) for _ in range(2)]
    os.environ["RAY_ADDRESS"] = cluster.address
    killed: list[str] = []

    def kill() -> None:
        while practice.stats()["accepted"] < ROWS // 5:
            time.sleep(0.05)
        os.kill(worker_pids()[0], signal.SIGKILL)
        killed.append("worker")
        while practice.stats()["accepted"] < ROWS // 2:
            time.sleep(0.05)
        cluster.remove_node(nodes[0], allow_graceful=False)
        killed.append("node")

    try:
        with practice as site:
            thread = threading.Thread(target=kill)
            thread.start()
            summary = run_batch(folder / "in.txt", folder / "out.jsonl", site, on="ray", concurrency=AT_A_TIME)
            thread.join()
    finally:
        ray.shutdown()
        cluster.shutdown()
    heard = Counter(turns[-1] for turns in practice.heard())
    results = [json.loads(line) for line in (folder / "out.jsonl").read_text().splitlines()]
    marked = {result["chatdoor"]["line"] for result in results if result["chatdoor"]["asked_again"]}
    twice = {number + 1 for number in range(ROWS) if heard[f"I feel number {number}"] > 1}
    return {
        "killed": killed,
        "answered": summary.answered,
        "lines": len({result["chatdoor"]["line"] for result in results}),
        "results": len(results),
        "never heard": sum(not heard[f"I feel number {number}"] for number in range(ROWS)),
        "twice": len(twice),
        "twice and not marked": len(twice - marked),
        "journal": (folder / "out.jsonl.journal").exists(),
        "pages": practice.stats()["pages"],
    }


def worker_pids() -> list[int]:
    """The processes of the batch's workers, of this cluster alone."""
    found = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit() and is_worker(path)]
    return [pid for pid in found if os.getpid() in ancestors(pid)]


def is_worker(process: Path) -> bool:
    """Whether a process is an actor of ours. Ray names it so."""
    try:
        return b"ray::Asker" in (process / "cmdline").read_bytes()
    except OSError:
        return False


def ancestors(pid: int) -> set[int]:
    """The processes that a process comes from."""
    found = set[int]()
    while pid > 1:
        pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        found.add(pid)
    return found


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(Path(sys.argv[1]))) + "\n")
