"""Whether several workers that share nothing can serve what is served, and the part of the pace that each has."""

from collections.abc import Iterable
from typing import Final

from chatdoor.drive.pace import pace_of
from chatdoor.drive.visitor import Options
from chatdoor.errors import ArgumentError
from chatdoor.gateway.keys import Key
from chatdoor.site.model import Site

NEEDS_STATE: Final = "several workers need shared state (--state)"


def check_apart(sites: Iterable[Site], keys: Iterable[Key]) -> None:
    """Raises ArgumentError where workers that share nothing would answer otherwise than one gateway does."""
    for site in sites:
        if site.remembers:
            raise ArgumentError(f"--workers: {site.name} keeps the conversations itself, so {NEEDS_STATE}")
    if any(key.quota is not None and key.quota.windows for key in keys):
        raise ArgumentError(f"--workers: keys have limits, which would be counted by each worker; {NEEDS_STATE}")


def own_pace(site: Site, workers: int) -> Options:
    """A worker's part of the site's pace. Raises ArgumentError where it is too small to be divided."""
    pace = pace_of(site)
    if pace is None or workers == 1:
        return {}
    part: Options = {}
    if pace.interval:
        part["per_minute"] = 60.0 / pace.interval / workers
    if pace.concurrency is not None:
        if pace.concurrency < workers:
            problem = f"{site.name} takes {pace.concurrency} messages at a time, fewer than there are workers"
            raise ArgumentError(f"--workers: {problem}; {NEEDS_STATE}")
        part["concurrency"] = pace.concurrency // workers
    return part
