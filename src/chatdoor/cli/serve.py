"""`chatdoor serve`: sites behind an OpenAI-compatible API."""

import gc
import logging
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
import msgspec

from chatdoor.cli.numbers import NumberRange
from chatdoor.cli.references import FORMS
from chatdoor.cli.visit import showing_log
from chatdoor.cli.wishes import KEYS_VARIABLE, STDERR, Wishes

if TYPE_CHECKING:
    import socket

    from chatdoor.cli.serve_plan import Plan
    from chatdoor.gateway.early import Early
    from chatdoor.gateway.workers import Worker

EPILOG: Final = """\b
Examples:
  chatdoor serve
  chatdoor serve --site our-bot.toml --site voigpt --apply-stop
  chatdoor serve --config gateway.toml
  CHATDOOR_API_KEYS=key-one,key-two chatdoor serve --host 0.0.0.0

\b
While it runs:
  curl http://127.0.0.1:8400/v1/chat/completions \\
    -H "Content-Type: application/json" \\
    -d '{"model": "practice", "messages": [{"role": "user", "content": "Hello"}]}'
"""


_SECONDS: Final = NumberRange(0, 1e7, min_open=True)
_FILE: Final = click.Path(path_type=Path)


@click.command("serve", epilog=EPILOG)
@click.option("--site", metavar="NAME|FILE", multiple=True, help="A site to serve; without one, a practice site.")
@click.option("--config", type=_FILE, metavar="FILE", help="A TOML file; options come first.")
@click.option("--host", metavar="ADDRESS", help="Where to listen. [default: 127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65_535), help="0: one that is free. [default: 8400]")
@click.option(
    "--api-key",
    metavar="REF",
    multiple=True,
    help=f"A key that requests need: env:NAME, file:PATH or the key. Also {KEYS_VARIABLE}, with commas.",
)
@click.option("--allowed-host", metavar="HOST", multiple=True, help="Another Host header that means this gateway.")
@click.option("--cors", metavar="ORIGIN", multiple=True, help="A web page's origin that may use it from a browser.")
@click.option("--strict", is_flag=True, help="Refuse what a web chatbot can not do, such as tools.")
@click.option("--apply-stop", is_flag=True, help="Apply stop sequences and length limits to replies.")
@click.option("--trust-user-header", metavar="NAME", multiple=True, help="A header that says which user asks.")
@click.option(
    "--side-requests",
    type=click.Choice(["answer", "refuse"]),
    help="What becomes of a chat front end's own questions, such as titles. [default: answer]",
)
@click.option("--proxy", metavar="REF", help=f"An http, https, socks5 or socks5h proxy: {FORMS}.")
@click.option("--ca-file", type=_FILE, metavar="FILE", help="Certificates (PEM) to trust besides the system's.")
@click.option("--timeout", type=_SECONDS, metavar="SECONDS", help="For a whole reply, waits included. [default: 60]")
@click.option("--gap-timeout", type=_SECONDS, metavar="SECONDS", help="How long a site may be silent in a reply.")
@click.option("--conversations", type=_FILE, metavar="FILE", help="Keep conversations there, over a restart.")
@click.option(
    "--state",
    metavar="REF",
    help=f"Redis or Valkey, for several gateways, or a folder, over a restart: URL or path, {FORMS}.",
)
@click.option(
    "--state-down",
    type=click.Choice(["serve", "refuse"]),
    help="While that server is away: go on with what is known here, or answer 503. [default: serve]",
)
@click.option("--workers", type=click.IntRange(1, 64), metavar="N", help="How many processes serve. [default: 1]")
@click.option(
    "--access-log",
    is_flag=False,
    flag_value=STDERR,
    metavar="[FILE]",
    help="A line of JSON for each request, on standard error or in a file.",
)
@click.option("--log-texts", is_flag=True, help="Let the access log hold prompts and replies.")
@click.option("--open-metrics", is_flag=True, help="Let /metrics be read without a key.")
@click.option("--show-texts", is_flag=True, help="Show all prompts and replies on the page.")
@click.option("--allow-secrets", is_flag=True, help="Send the secrets that site files name ({env:X} ...).")
@click.option(
    "--grace",
    type=NumberRange(0, 3_600),
    metavar="SECONDS",
    help="How long running requests may take at the end. [default: 30]",
)
@click.option("--verbose", is_flag=True, help="Tell on standard error what is done. Shows no secret.")
def serve(**options: object) -> None:
    """Serve sites behind an OpenAI-compatible API, until Ctrl-C.

    A site's name is its model name, and SITE/MODEL one of its models. Without a key, only this machine can ask; any
    other address needs one. Ctrl-C or SIGTERM lets running requests finish, a second one does not. SIGHUP reads the
    config, the sites and the keys again.
    """  # fmt: skip
    from chatdoor.gateway.early import noting_early

    with noting_early() as early:
        _start(msgspec.convert(options, Wishes), early)


def _start(wishes: Wishes, early: "Early") -> None:
    from chatdoor.cli.serve_plan import Plan
    from chatdoor.gateway.open_files import check_files
    from chatdoor.gateway.server import listen

    least = logging.DEBUG if wishes.verbose else logging.ERROR
    with showing_log(least, apart=True), ExitStack() as stack:
        plan = Plan(wishes)
        check_files()
        listener = stack.enter_context(listen(plan.host, plan.port))
        worker = plan.fork() if plan.workers > 1 else None
        if not isinstance(worker, int):
            _serve(plan, listener, stack, worker, early)
        elif worker:
            raise SystemExit(worker)


def _serve(plan: "Plan", listener: "socket.socket", stack: ExitStack, worker: "Worker | None", early: "Early") -> None:
    """Serves until the end: alone, or as one of several workers."""
    from chatdoor.cli.serving import Serving
    from chatdoor.gateway.server import Server

    serving = Serving(plan, stack)
    state = serving.state(listener.getsockname()[1], worker.shares if worker else None)
    if state.shared is not None and not plan.wishes.verbose:  # whether that is away is of interest
        logging.getLogger("chatdoor").setLevel(logging.WARNING)

    def tell_ready() -> None:
        if state.shared is not None:
            state.shared.link.begin()
        line = plan.ready_line(listener, ", ".join(state.house.sites))
        if worker is None:
            plan.tell_ready(line)
        else:
            worker.tell_ready(line, server.stop)
        if early.came:
            server.renew()

    seconds = serving.config.read_seconds
    server = Server(state, grace=plan.grace, read_seconds=seconds, renew=serving.renew, on_ready=tell_ready)
    gc.freeze()
    server.run(sockets=[listener])
