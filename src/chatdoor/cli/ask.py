"""`chatdoor ask`: one prompt in, one reply out."""

from typing import NamedTuple

import click

from chatdoor.cli.failures import as_object, exit_code_table
from chatdoor.cli.output import Output, complain, stdout, write_object
from chatdoor.cli.settings import PRECEDENCE, Settings, with_settings
from chatdoor.cli.stdin import STDIN, read_stdin
from chatdoor.cli.visit import visiting
from chatdoor.drive.client import Client
from chatdoor.errors import ArgumentError, ChatdoorError
from chatdoor.messages import Messages, Reply

MAX_PROMPT_BYTES = 8_000_000
"""The longest prompt that is read from standard input. Sites take far less."""

REVISED = "warning: the site rewrote text that was shown already; --no-stream shows what it says in the end"
EMPTY = "warning: the reply is empty; if it should not be, look at [reply] in the site file: the path, and `where`"

EPILOG = f"""\b
Examples:
  chatdoor ask "I feel lost in forms"
  chatdoor ask --site our-bot.toml --json "Where is my parcel?"
  chatdoor ask --site our-bot.toml --conversation 3f6c0ab1 "And then?"
  chatdoor ask --site voigpt --url http://127.0.0.1:8000 "Hello"
  chatdoor ask --site our-bot.toml --proxy env:OUR_PROXY "Hello"
  chatdoor ask --site our-bot.toml --system "Be brief." - < question.txt

{PRECEDENCE}
{exit_code_table()}
"""


class Asked(NamedTuple):
    """What a command line asks."""

    messages: Messages
    model: str | None
    conversation: str | None


@click.command("ask", epilog=EPILOG)
@with_settings
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object: the reply, or the error.")
@click.option("--conversation", metavar="ID", help="Go on in the one of an earlier reply (see --json).")
@click.option("--no-stream", "whole", is_flag=True, help="Print the reply when it is whole, not as it comes.")
@click.argument("prompt", nargs=-1, required=True)
def ask(settings: Settings, *, as_json: bool, conversation: str | None, whole: bool, prompt: tuple[str, ...]) -> None:
    """Ask a site and print its reply.

    PROMPT may be several words, or - for standard input. The reply goes to standard output as it comes. An error is one
    line on standard error. With --json it is also an object on standard output, {"error": {"kind": ..., "message": ...,
    "exit_code": ...}}, unless the command line itself is wrong. Terminal escape sequences in a reply are removed on a
    terminal and kept in a pipe.
    """
    output = stdout()
    show = _show_object if as_json else _show_whole if whole else _show_pieces
    try:
        reads_prompt = prompt == (STDIN,)
        with visiting(settings, output, stdin_for="PROMPT" if reads_prompt else None) as client:
            text = read_stdin("PROMPT", MAX_PROMPT_BYTES) if reads_prompt else " ".join(prompt)
            asked = Asked(_messages(settings, text), settings.model, conversation)
            show(client, asked, output)
    except ChatdoorError as error:
        if as_json:
            write_object(as_object(error), output)
        raise


def _messages(settings: Settings, prompt: str) -> Messages:
    """The message list. Raises ArgumentError for a prompt without text."""
    text = prompt.rstrip("\r\n")
    if not text.strip():
        raise ArgumentError("PROMPT: there is no text in it")
    system = [{"role": "system", "content": settings.system}] if settings.system else []
    return [*system, {"role": "user", "content": text}]


def _show_pieces(client: Client, asked: Asked, output: Output) -> None:
    try:
        with client.stream(asked.messages, model=asked.model, conversation=asked.conversation) as pieces:
            for piece in pieces:
                output.write(piece.text)
            output.end_reply()
            _warn(pieces.reply)
    except (ChatdoorError, KeyboardInterrupt):
        output.end_line()
        raise


def _show_whole(client: Client, asked: Asked, output: Output) -> None:
    reply = _reply(client, asked)
    output.write(reply.text)
    output.end_reply()
    if not reply.text:
        complain(EMPTY)


def _show_object(client: Client, asked: Asked, output: Output) -> None:
    write_object(_reply(client, asked), output)


def _reply(client: Client, asked: Asked) -> Reply:
    return client.ask(asked.messages, model=asked.model, conversation=asked.conversation)


def _warn(reply: Reply) -> None:
    if reply.revised:
        complain(REVISED)
    if not reply.text:
        complain(EMPTY)
