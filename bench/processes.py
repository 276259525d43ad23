"""Processes that are measured, and the mock site beside them: started fresh, bounded in time, pinned if possible."""

import multiprocessing
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import ParamSpec, TypeVar, cast

P = ParamSpec("P")
T = TypeVar("T")

MOST_SECONDS = 300.0
"""The longest that one part may take."""

STOP_SECONDS = 5.0


def in_fresh_process(measure: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What the function gives, run on the main thread of a new process that is pinned to the first core."""
    context = multiprocessing.get_context("spawn")
    reader, writer = context.Pipe(duplex=False)
    process = context.Process(target=_report, args=(writer, measure, args, kwargs), daemon=True)
    process.start()
    writer.close()
    try:
        if not reader.poll(MOST_SECONDS):
            raise TimeoutError(f"{measure.__name__} took more than {MOST_SECONDS:.0f} s")
        return cast(T, reader.recv())
    except EOFError:
        raise RuntimeError(f"{measure.__name__} ended without a result") from None
    finally:
        process.join(STOP_SECONDS)
        process.kill()
        process.join()


@contextmanager
def mock_site() -> Iterator[str]:
    """The URL of a mock site, which runs in a process of its own, pinned to the last core."""
    command = [sys.executable, "-m", "bench.mock_site"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.terminate()


def user_env(folder: str) -> dict[str, str]:
    """The environment of a user who has settings of no kind, and whose byte code and state are kept in the folder."""
    kept = {name: value for name, value in os.environ.items() if not re.match("(?i)chatdoor_|python|.*_proxy$", name)}
    return kept | dict.fromkeys(("CHATDOOR_CONFIG_DIR", "CHATDOOR_STATE_DIR", "PYTHONPYCACHEPREFIX"), folder)


def pin(which: int, pid: int = 0) -> None:
    """Keeps a process (0: this one) on one core: 0 is the first, -1 the last. Only where the platform can."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(pid, {sorted(os.sched_getaffinity(0))[which]})


def _report(
    writer: Connection, measure: Callable[..., object], args: Sequence[object], kwargs: Mapping[str, object]
) -> None:
    pin(0)
    writer.send(measure(*args, **kwargs))
    writer.close()
