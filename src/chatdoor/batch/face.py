"""`run_batch`: many prompts from a file into a file."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Unpack, cast

from chatdoor.batch.asking import Asking, Asks
from chatdoor.batch.breaker import Breaker
from chatdoor.batch.crew import Crew, OwnPace
from chatdoor.batch.files import check_apart
from chatdoor.batch.interrupts import Interrupts
from chatdoor.batch.limit import AUTO_MOST, Adaptive, Fixed, Limit
from chatdoor.batch.on_ray import ray_team
from chatdoor.batch.plan import LOCAL, Ended, Plan, SessionUse, Silent, Watcher
from chatdoor.batch.report import write_report
from chatdoor.batch.run import Run
from chatdoor.batch.source import FORMATS, Format
from chatdoor.batch.summary import Summary
from chatdoor.drive.access import check_number
from chatdoor.drive.async_client import AsyncClient
from chatdoor.drive.pace import Pace, pace_of
from chatdoor.drive.visitor import Options
from chatdoor.errors import ArgumentError
from chatdoor.site.load import load_site
from chatdoor.site.model import Site


class BatchOptions(Options, total=False):
    """What `run_batch` takes besides input, output and site: the options of a client, and these.

    `form`: `jsonl`, `csv` or `text`, where the name of the input does not say it.
    `columns`: those of a CSV file that hold the prompt, or the turns of a script; default is `prompt`.
    `concurrency`: rows at a time; default is as many as the site bears, within its limits.
    `on`: who asks: `local` is this process, `ray` a Ray cluster, `ray://ADDRESS` one that is reached from outside.
    `sessions`: `reuse` (the default), or `fresh`: each row visits the site as somebody new.
    `retry_failed`: ask the rows again that failed in an earlier run.
    `limit`: take the first rows only, so many.
    `model`, `system`: for every row; a system text where the row has none.
    `patience`: seconds for which the site may be down before the run stops; default is an hour.
    `report`: where to write a report with plots.
    `watcher`: who hears how it goes on: an object with `progressed(progress)` and `said(text)`.
    """

    form: Format | None
    columns: Sequence[str]
    on: str
    sessions: SessionUse
    retry_failed: bool
    limit: int | None
    model: str | None
    system: str | None
    patience: float
    report: str | Path | None
    watcher: Watcher


def run_batch(
    source: str | Path, output: str | Path, site: Site | str | Path, **options: Unpack[BatchOptions]
) -> Summary:
    """Asks a site what a file holds, and writes OpenAI's Batch results to another file. Gives the summary.

    `source` has a row for each prompt, message list or script: JSON lines, CSV, or lines of text. Called again, it asks
    what has no result yet.

    Raises ChatdoorError where it can not begin or go on, KeyboardInterrupt after Ctrl-C; what was answered is kept.
    """
    given: dict[str, Any] = dict(options)
    watcher, report = given.pop("watcher", None) or Silent(), given.pop("report", None)
    planned = {name: given.pop(name) for name in Plan.__struct_fields__ if name in given and name != "concurrency"}
    plan = Plan(
        source=Path(source),
        output=Path(output),
        concurrency=given.get("concurrency"),
        report=None if report is None else Path(report),
        **planned,
    )
    visited = site if isinstance(site, Site) else load_site(site)
    ended = carry_out(plan, visited, cast(Options, given), watcher)
    if ended.interrupted:
        raise KeyboardInterrupt
    return ended.summary


def carry_out(plan: Plan, site: Site, options: Options, watcher: Watcher) -> Ended:
    """Carries a plan out, on an event loop of its own, and writes its report. Raises ChatdoorError."""
    _check(plan)
    interrupts = Interrupts()
    ended = _on_own_loop(_carry_out(plan, site, options, Run(plan, site.name, watcher, interrupts)), interrupts)
    if plan.report is not None:
        write_report(plan.report, ended)
    return ended


def _on_own_loop(work: Coroutine[object, object, Ended], interrupts: Interrupts) -> Ended:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    with interrupts.caught(), ThreadPoolExecutor(1) as thread:  # in a notebook, whose loop runs already
        return thread.submit(asyncio.run, work).result()


def look(plan: Plan, site: Site, watcher: Watcher) -> Summary:
    """What a run would find: rows, those that are done, those that can not be asked. Sends and writes nothing."""
    _check(plan)
    return Run(plan, site.name, watcher, Interrupts()).look()


def most_at_a_time(plan: Plan, site: Site) -> int:
    """How many rows are asked at a time at most: what the plan says, else what the site allows."""
    allowed = plan.concurrency or site.limits.concurrency or AUTO_MOST
    return min(allowed, site.limits.sessions) if site.in_sessions else allowed


async def _carry_out(plan: Plan, site: Site, options: Options, run: Run) -> Ended:
    most = most_at_a_time(plan, site)
    limit: Limit = Adaptive(most) if plan.concurrency is None else Fixed(most)
    pace = _pace(plan, site, options.get("per_minute"))
    pacing = OwnPace(pace) if pace else None
    async with _WHO_ASKS[_kind(plan.on)](plan, site, options, most) as asking:
        return await run.carry_out(Crew(site.name, asking, limit, Breaker(plan.patience), pacing))


@asynccontextmanager
async def _here(plan: Plan, site: Site, options: Options, _most: int) -> AsyncIterator[Asks]:
    async with AsyncClient(site, **options) as client:
        yield Asking(client, fresh=plan.sessions == "fresh", model=plan.model, system=plan.system)


@asynccontextmanager
async def _on_ray(plan: Plan, site: Site, options: Options, most: int) -> AsyncIterator[Asks]:
    sent = cast(Options, {name: value for name, value in options.items() if name not in _STAYS_HERE})
    if options.get("allow_secrets") is not True:
        sent["allow_secrets"] = False  # nobody can be asked on another machine
    async with ray_team(plan, site, sent, most) as team:
        yield team


_STAYS_HERE = frozenset({"store", "conversations"})
"""Options that are objects of this process."""

_WHO_ASKS = {LOCAL: _here, "ray": _on_ray}
"""Who asks rows, by what `on` begins with."""


def _kind(on: str) -> str:
    return on.partition("://")[0]


def _pace(plan: Plan, site: Site, per_minute: float | None) -> Pace | None:
    """The pace that all clients of the site share. A number of the caller's own is kept by the crew."""
    if plan.concurrency is not None and per_minute is None and site.limits.per_minute is None:
        return None
    return pace_of(site, plan.concurrency, per_minute)


_TEXTS = {"on": str, "sessions": str, "form": str | None, "model": str | None, "system": str | None}
"""What is text in a plan."""


def _check(plan: Plan) -> None:
    for name, kind in _TEXTS.items():
        if not isinstance(getattr(plan, name), kind):
            raise ArgumentError(f"{name}: expected text, got {getattr(plan, name)!r}")
    if isinstance(plan.columns, str) or not all(isinstance(name, str) for name in plan.columns):
        raise ArgumentError(f"columns: expected a list of names, got {plan.columns!r}")
    if plan.limit is not None and (type(plan.limit) is not int or plan.limit < 1):
        raise ArgumentError(f"limit: expected a whole number above 0, got {plan.limit!r}")
    check_number("patience", plan.patience)
    if _kind(plan.on) not in _WHO_ASKS or plan.on.startswith(f"{LOCAL}:"):
        raise ArgumentError(f"on: expected local, ray or ray://ADDRESS, got {plan.on!r}")
    if plan.form not in {None, *FORMATS}:
        raise ArgumentError(f"form: expected one of {', '.join(FORMATS)}, got {plan.form!r}")
    if plan.sessions not in {"reuse", "fresh"}:
        raise ArgumentError(f"sessions: expected reuse or fresh, got {plan.sessions!r}")
    check_apart(plan)
