"""`chatdoor chat`: a conversation at the terminal."""

import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final

import click

from chatdoor.cli.output import Output, complain, stdout, tell
from chatdoor.cli.settings import PRECEDENCE, Settings, with_settings
from chatdoor.cli.stdin import stdin_lines
from chatdoor.cli.transcript import Transcript
from chatdoor.cli.visit import visiting
from chatdoor.drive.client import Client
from chatdoor.errors import ArgumentError, ChatdoorError

PROMPT: Final = "> "

COMMANDS: Final = """\
/new         begin a new conversation
/save FILE   write the messages to a file, as a JSON list; /save! FILE overwrites
/help        show this
/quit        leave; so does the end of the input (Ctrl-D, on Windows Ctrl-Z)
Ctrl-C stops a reply. A line that begins with // is sent with one slash."""

EPILOG: Final = f"""\b
Lines that are commands:
{COMMANDS}

\b
Examples:
  chatdoor chat
  chatdoor chat --site voigpt --url http://127.0.0.1:8000 --system "Be brief."
  chatdoor chat --site our-bot.toml < questions.txt

{PRECEDENCE}
"""


@click.command("chat", epilog=EPILOG)
@with_settings
def chat(settings: Settings) -> None:
    """Talk with a site: a conversation at the terminal.

    Each line is a turn, and the site gets all turns before it. A turn that fails is not kept, so it can be repeated.
    What came of a reply that was stopped is kept. From a pipe, each line is a turn too; the exit code is then that of
    the last turn that failed, as `chatdoor ask --help` lists them.
    """
    typed = _is_terminal()
    output = stdout()
    with visiting(settings, output, stdin_for=None if typed else "the conversation") as client:
        talk = Talk(client, settings, output)
        if typed:
            tell(f"{client.site.name}: type a line, or /help. Ctrl-C stops a reply, Ctrl-D leaves.")
            _converse(talk)
        else:
            for line in stdin_lines("the conversation"):
                if talk.take(line):
                    break
    if not typed:
        click.get_current_context().exit(talk.exit_code)


class Talk:
    """A conversation, line by line. `exit_code` is that of the last turn that failed, else 0."""

    def __init__(self, client: Client, settings: Settings, output: Output) -> None:
        self.exit_code = 0
        self._client = client
        self._model = settings.model
        self._output = output
        self._transcript = Transcript(settings.system)
        self._commands: Mapping[str, Callable[[str], bool]] = {
            "/new": self._new,
            "/save": lambda name: self._save(name, overwrite=False),
            "/save!": lambda name: self._save(name, overwrite=True),
            "/help": self._help,
            "/quit": lambda _: True,
        }
        self._told_of_dropping = False
        self._conversation: str | None = None

    def take(self, line: str) -> bool:
        """Does what a line says: a command, a turn, or nothing. True where it says to leave."""
        text = line.strip()
        if not text:
            return False
        try:
            if text.startswith("/") and not text.startswith("//"):
                return self._obey(text)
            self._say(text.removeprefix("/") if text.startswith("//") else text)
        except ChatdoorError as error:
            self._output.end_line()
            complain(str(error))
            self.exit_code = error.exit_code
        return False

    def _obey(self, text: str) -> bool:
        name, _, argument = text.partition(" ")
        if name not in self._commands:
            raise ArgumentError(f"there is no command {name}; /help shows them")
        return self._commands[name](argument.strip())

    def _say(self, prompt: str) -> None:
        """Sends a turn and shows the reply as it comes. What came before Ctrl-C is the reply then."""
        came: list[str] = []
        try:
            messages = self._transcript.with_prompt(prompt)
            with self._client.stream(messages, model=self._model, conversation=self._conversation) as pieces:
                for piece in pieces:
                    came.append(piece.text)
                    self._output.write(piece.text)
                reply = pieces.reply
        except KeyboardInterrupt:
            self._output.end_line()
            tell("[stopped]" if came else "[stopped; no reply came, and the turn is not kept]")
            if came:
                self._transcript.add(prompt, "".join(came))
            raise
        self._output.end_reply()
        self._transcript.add(prompt, reply.text)
        self._conversation = reply.conversation
        if reply.fidelity == "dropped" and not self._told_of_dropping:
            tell("[this site does not get all of the conversation]")
            self._told_of_dropping = True

    def _new(self, _argument: str) -> bool:
        self._transcript.clear()
        self._conversation = None
        tell("[a new conversation]")
        return False

    def _save(self, name: str, *, overwrite: bool) -> bool:
        if not name:
            raise ArgumentError("/save wants the name of a file")
        path = self._transcript.save(name, overwrite=overwrite)
        tell(f"[saved to {path}]")
        return False

    def _help(self, _argument: str) -> bool:
        for line in COMMANDS.splitlines():
            tell(line)
        return False


def _is_terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty()


def _converse(talk: Talk) -> None:
    """Takes lines from the terminal until one says to leave, or they end. Ctrl-C ends the line or the reply only."""
    with suppress(ImportError):
        import readline  # noqa: F401 - where there is one, `input` edits lines and remembers them
    while True:
        try:
            line = _read_line()
            if line is None or talk.take(line):
                return
        except KeyboardInterrupt:
            continue


def _read_line() -> str | None:
    """The next line, empty where Ctrl-C gave it up, None at the end of the input."""
    try:
        return input(PROMPT)
    except EOFError:
        tell("")
        return None
    except KeyboardInterrupt:
        tell("")
    except UnicodeDecodeError:
        complain("what was typed is not text")
    return ""
