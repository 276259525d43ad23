"""`chatdoor batch`: many prompts from a file into a file, whatever happens on the way."""

from contextlib import nullcontext
from pathlib import Path
from typing import Final

import click

from chatdoor.batch.breaker import PATIENCE
from chatdoor.batch.face import carry_out, look
from chatdoor.batch.plan import Ended, Plan
from chatdoor.batch.source import FORMATS
from chatdoor.batch.summary import Summary
from chatdoor.batch.words import summary_lines
from chatdoor.cli.batch_progress import shown
from chatdoor.cli.clean import one_line
from chatdoor.cli.failures import STOPPED, exit_code_table
from chatdoor.cli.numbers import NumberRange
from chatdoor.cli.output import Output, complain, stdout, tell
from chatdoor.cli.settings import PRECEDENCE, Settings, with_settings
from chatdoor.cli.visit import client_options, showing_log, site_at_hand

ROWS_FAILED: Final = 1
"""The exit code where the run came to its end and some rows have no answer."""

EPILOG: Final = f"""\b
Rows:
  .csv, .tsv       a row each; --column names the prompt (default: prompt);
                   a column custom_id or id names the row
  .jsonl, .ndjson  "a prompt", ["a turn", "the next"], [{{"role": ...}}],
                   {{"prompt": ...}}, {{"turns": [...]}}, {{"messages": [...]}},
                   or OpenAI's Batch format
  any other        a prompt on each line

\b
Examples:
  chatdoor batch prompts.txt results.jsonl
  chatdoor batch --site our-bot.toml --column Question questions.csv results.jsonl
  chatdoor batch --site our-bot.toml --report report.html batch.jsonl results.jsonl
  chatdoor batch --site our-bot.toml --retry-failed batch.jsonl results.jsonl

{PRECEDENCE}
{exit_code_table()}
"""

_FILE: Final = click.Path(path_type=Path)


def _file(_context: click.Context, _argument: click.Parameter, path: Path) -> Path:
    if str(path) == "-":
        raise click.BadParameter("a run reads its files more than once; expected the name of a file")
    return path


def _concurrency(_context: click.Context, _option: click.Parameter, text: str) -> int | None:
    if text == "auto":
        return None
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= 10_000:
        raise click.BadParameter("expected auto or a whole number from 1 to 10000")
    return int(text)


@click.command("batch", epilog=EPILOG)
@with_settings
@click.option(
    "--concurrency",
    metavar="N|auto",
    default="auto",
    show_default=True,
    callback=_concurrency,
    help="Rows at a time; auto finds what the site bears, within its limits.",
)
@click.option(
    "--on", metavar="WHERE", default="local", show_default=True, help="Who asks: local, ray or ray://ADDRESS."
)
@click.option(
    "--sessions",
    type=click.Choice(["reuse", "fresh"]),
    default="reuse",
    show_default=True,
    help="fresh: each row visits the site as somebody new.",
)
@click.option("--retry-failed", is_flag=True, help="Ask the rows again that failed in an earlier run.")
@click.option("--limit", metavar="N", type=click.IntRange(1), help="Take the first N rows only.")
@click.option("--dry-run", is_flag=True, help="Read all rows and say what would be asked. Sends and writes nothing.")
@click.option("--format", "form", type=click.Choice(FORMATS), help="What IN is, where its name does not say.")
@click.option(
    "--column",
    "columns",
    metavar="NAME",
    multiple=True,
    help="The column of a CSV file that holds the prompt; several are the turns of a script.",
)
@click.option("--report", type=_FILE, metavar="FILE", help="Write a report with plots: one HTML file.")
@click.option(
    "--patience",
    type=NumberRange(0, 1e6, min_open=True),
    metavar="SECONDS",
    default=PATIENCE,
    show_default=True,
    help="How long the site may be down before the run stops.",
)
@click.option("--quiet", is_flag=True, help="Show no progress and no summary.")
@click.argument("source", metavar="IN", type=_FILE, callback=_file)
@click.argument("output", metavar="OUT", type=_FILE, callback=_file)
def batch(settings: Settings, *, dry_run: bool, quiet: bool, **params: object) -> None:
    """Ask a site every row of a file, and write the answers to another.

    OUT gets a line for each row, in the order of the answers: OpenAI's Batch result format, and what chatdoor knows of
    it. Run the same command again after Ctrl-C, a crash or a full disk: what is answered is not asked again. A row that
    was under way when a run was killed is, and its result says so (`asked_again`). A row that can not be asked gets an
    error with its line.
    """  # fmt: skip
    plan = Plan(model=settings.model, system=settings.system, **params)  # type: ignore[arg-type]  # click has checked them
    if dry_run:
        _tell_plan(settings, plan, quiet=quiet)
        return
    ended = _run(settings, plan, quiet=quiet)
    if not quiet:
        _write_summary(ended.summary, stdout())
    click.get_current_context().exit(_exit_code(ended, plan))


def _run(settings: Settings, plan: Plan, *, quiet: bool) -> Ended:
    watcher = shown(quiet=quiet)
    try:
        with site_at_hand(settings) as site, showing_log() if settings.verbose else nullcontext():
            return carry_out(plan, site, client_options(settings, None) | {"concurrency": plan.concurrency}, watcher)
    finally:
        watcher.end()


def _tell_plan(settings: Settings, plan: Plan, *, quiet: bool) -> None:
    """What a run would do, and the first rows that it could not ask."""
    with site_at_hand(settings) as site:
        summary = look(plan, site, shown(quiet=quiet))
    stdout().write(
        f"{summary.rows:,} rows: {summary.answered:,} answered, {summary.failed:,} failed or not to be asked, "
        f"{summary.missing:,} to ask\n"
    )


def _write_summary(summary: Summary, output: Output) -> None:
    for line in summary_lines(summary):
        output.write(f"{one_line(line) if not line.startswith(' ') else line}\n")


def _exit_code(ended: Ended, plan: Plan) -> int:
    if ended.interrupted:
        tell(f"chatdoor: stopped; the same command goes on from here ({ended.summary.missing:,} rows are missing)")
        return STOPPED
    if ended.summary.failed:
        complain(f"rows failed: {ended.summary.failed:,}; {plan.output} says why, and --retry-failed asks them again")
        return ROWS_FAILED
    return 0
