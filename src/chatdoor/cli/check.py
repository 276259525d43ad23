"""`chatdoor check`: proves site files against their live sites, for a person, for cron and for CI."""

from collections.abc import Callable
from contextlib import nullcontext
from typing import Final, NamedTuple, TypedDict

import click
import msgspec

from chatdoor.cli.clean import one_line
from chatdoor.cli.failures import as_object, exit_code_table
from chatdoor.cli.output import Output, complain, stdout, tell, write_object
from chatdoor.cli.settings import PRECEDENCE, Settings, with_settings_of_each
from chatdoor.cli.visit import client_options, showing_log, site_at_hand
from chatdoor.discover.check import run_check
from chatdoor.discover.check_finding import Finding, Proof
from chatdoor.discover.check_plan import CHECKS, plan_check
from chatdoor.discover.check_words import ASK, SAY
from chatdoor.discover.prose import counted
from chatdoor.errors import ChatdoorError
from chatdoor.site.model import Site

_ROWS: Final = "\n".join(f"  {name:<10} {what}" for name, what in CHECKS.items())

EPILOG: Final = f"""\b
The checks, in their order:
{_ROWS}

\b
Examples:
  chatdoor check
  chatdoor check our-bot.toml
  chatdoor check --quiet our-bot.toml their-bot.toml
  chatdoor check --json --only turn,memory our-bot.toml
  chatdoor check --say "Order {{word}}, please" --ask "What did I order?" our-bot.toml

{PRECEDENCE}
{exit_code_table()}
"""


class Wish(TypedDict):
    """What is checked, and what is said for it, as `run_check` takes it."""

    only: tuple[str, ...]
    skip: tuple[str, ...]
    say: str
    ask: str
    word: str | None


def _names(_context: click.Context, _option: click.Parameter, text: str | None) -> tuple[str, ...]:
    names = tuple(name.strip() for name in (text or "").split(",") if name.strip())
    if unknown := [name for name in names if name not in CHECKS]:
        raise click.BadParameter(f"{unknown[0]!r} is no check; there are {', '.join(CHECKS)}")
    return names


@click.command("check", epilog=EPILOG)
@with_settings_of_each
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object for each site, on a line of its own.")
@click.option("--quiet", is_flag=True, help="Print failures only, and nothing where all works.")
@click.option("--only", metavar="CHECK,...", callback=_names, help="Make these checks, and what they need.")
@click.option("--skip", metavar="CHECK,...", callback=_names, help="Leave these out.")
@click.option("--say", metavar="TEXT", default=SAY, show_default=True, help="The first message; {word} is the word.")
@click.option("--ask", metavar="TEXT", default=ASK, show_default=True, help="What asks for the word.")
@click.option("--word", metavar="WORD", help="The word to remember. By default a new one is made up each time.")
@click.argument("sites", metavar="[NAME|FILE]...", nargs=-1)
def check(
    each: list[Settings],
    *,
    as_json: bool,
    quiet: bool,
    only: tuple[str, ...],
    skip: tuple[str, ...],
    say: str,
    ask: str,
    word: str | None,
) -> None:
    """Prove that site files still work against their live sites.

    Each site gets at most five messages, in a new session that is not kept; how many requests that can be is told
    before, except with --quiet and --json. After a message that failed no other one is sent. The exit code is 0 where
    all sites work, else that of the first failure. What is not shown is no failure: a reply need not have the word
    that was to be remembered.
    """
    wish = Wish(only=only, skip=skip, say=say, ask=ask, word=word)
    face = OBJECT if as_json else FAILURES if quiet else TABLE
    codes = [_check(settings, wish, face) for settings in each]
    click.get_current_context().exit(next(filter(None, codes), 0))


class Face(NamedTuple):
    """How a check is shown: whether it is announced, what becomes of a finding, of the whole, of an error."""

    announced: bool
    finding: Callable[[str, Finding, Output], None]
    proof: Callable[[Proof, Output], None]
    error: Callable[[str, ChatdoorError, Output], None]


def _check(settings: Settings, wish: Wish, face: Face) -> int:
    """Checks one site; its exit code. A site file that is wrong is told, and the next one is checked."""
    output = stdout()
    try:
        with site_at_hand(settings) as site, showing_log() if settings.verbose else nullcontext():
            proof = _prove(site, settings, wish, face, output)
    except ChatdoorError as error:
        face.error(settings.site, error, output)
        complain(str(error))
        return error.exit_code
    face.proof(proof, output)
    return proof.exit_code


def _prove(site: Site, settings: Settings, wish: Wish, face: Face, output: Output) -> Proof:
    """The proof. What it may send is told before."""
    options = client_options(settings, None)
    plan = plan_check(site, only=wish["only"], skip=wish["skip"])
    if face.announced:
        tell(f"{site.name} at {site.url}: at most {plan.messages} messages, in at most {plan.requests} requests")

    def heard(finding: Finding) -> None:
        face.finding(site.name, finding, output)

    return run_check(site, **wish, model=settings.model, system=settings.system, tell=heard, **options)


def _write_row(_site: str, finding: Finding, output: Output) -> None:
    """A line of the table, and one for what to do."""
    output.write(f"{finding.check:<10} {finding.verdict:<9}  {one_line(finding.saw)}\n")
    if finding.advice:
        output.write(f"{'':<22}-> {one_line(finding.advice)}\n")


def _write_failure(site: str, finding: Finding, output: Output) -> None:
    if finding.verdict == "fails":
        output.write(f"{site}: ")
        _write_row(site, finding, output)


def _write_end(proof: Proof, output: Output) -> None:
    verdict = "works" if proof.works else "fails"
    output.write(f"{proof.site}: {verdict} ({counted(proof.requests, 'request')}, {proof.seconds:.1f} s)\n")


def _write_proof(proof: Proof, output: Output) -> None:
    first = {"site": proof.site, "works": proof.works, "exit_code": proof.exit_code}
    write_object(first | msgspec.structs.asdict(proof), output)


def _write_error(site: str, error: ChatdoorError, output: Output) -> None:
    write_object({"site": site, "works": False, "exit_code": error.exit_code, **as_object(error)}, output)


def _pass(*_shown: object) -> None:
    """Shows nothing."""


TABLE: Final = Face(announced=True, finding=_write_row, proof=_write_end, error=_pass)
FAILURES: Final = Face(announced=False, finding=_write_failure, proof=_pass, error=_pass)
OBJECT: Final = Face(announced=False, finding=_pass, proof=_write_proof, error=_write_error)
