"""Secrets by reference: where each kind is read, and whether it may be sent to a site.

A site file comes from anywhere, and can name any variable and file of this machine. So a reference is followed only
where somebody has allowed it: for this file, this reference and this host.
"""

import hashlib
import os
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, TypeAlias

import msgspec

from chatdoor.errors import ArgumentError, SecretMissing

MAX_BYTES: Final = 65_536
"""The longest secret that is read. Tokens, keys and proxies are far shorter."""


class SecretUse(msgspec.Struct, frozen=True):
    """A secret on its way: the `reference` (`env:BOT_PASSWORD`), the site whose file holds it, where it would go.

    `fingerprint` is a hash of the site file's text and URL; `step` is the request that sends the secret.
    """

    site: str
    fingerprint: str
    reference: str
    origin: str
    step: str

    @property
    def key(self) -> str:
        """A hash of what is allowed at once: this file, this reference, this host. The step is no part of it."""
        return hashlib.sha256(msgspec.json.encode((self.fingerprint, self.reference, self.origin))).hexdigest()


Allow: TypeAlias = bool | Callable[[SecretUse], bool]
"""Whether secrets may be sent: all, none, or what a function says of each use."""


class Secrets:
    """The secrets of one visitor. May be shared by threads.

    A person is asked one question at a time, and once in a process for a site, whatever clients and providers it has.
    """

    def __init__(self, allow: Allow = False) -> None:
        if not isinstance(allow, bool) and not callable(allow):
            raise ArgumentError(f"allow_secrets: expected true, false or a function, got {type(allow).__name__}")
        self.revealed: frozenset[str] = frozenset()
        """Texts that must not be shown: all that were read."""
        self._allow = allow
        self._allowed: set[str] = set()
        self._lock = threading.Lock()

    def reveal(self, use: SecretUse) -> str:
        """The secret. Raises SecretMissing where it is not allowed or not there; the error never holds it."""
        with self._lock:
            self._check(use)
            try:
                text = _read(use)
            except ArgumentError as error:
                raise SecretMissing(error.problem, site=use.site, step=use.step) from error
            self.revealed |= {text}
        return text

    def _check(self, use: SecretUse) -> None:
        if use.key in self._allowed:
            return
        if not (self._allow if isinstance(self._allow, bool) else self._allow(use)):
            problem = (
                f"{{{use.reference}}} would be sent to {use.origin}, and that is not allowed yet:"
                " say allow_secrets=True, or --allow-secrets on the command line"
            )
            raise SecretMissing(problem, site=use.site, step=use.step)
        self._allowed.add(use.key)


_answers: dict[tuple[str, str], str] = {}
"""What a person has typed in this process: the site file's fingerprint, and the reference -> the answer."""
_asking = threading.Lock()


def forget_answers(fingerprint: str) -> None:
    """Lets the next use of that site file ask again: the site did not take what was typed."""
    with _asking:
        for key in [key for key in _answers if key[0] == fingerprint]:
            del _answers[key]


def _read(use: SecretUse) -> str:
    user = f"{{{use.reference}}}"
    if not use.reference.startswith("ask:"):
        return read_secret(use.reference, user)
    with _asking:
        key = (use.fingerprint, use.reference)
        if key not in _answers:
            _answers[key] = read_secret(use.reference, user)
        return _answers[key]


def read_secret(reference: str, user: str) -> str:
    """What `env:NAME`, `file:PATH`, `keyring:SERVICE/USER` or `ask:WORDS` stands for: one line, its end left out.

    `user` is who wants it, for errors: ArgumentError where there is nothing to read. They name the place, and never
    what was found there.
    """
    kind, _, name = reference.partition(":")
    return READERS[kind](name, user)


def only_line(text: str, user: str, place: str) -> str:
    """The text without its line end. Raises ArgumentError where it is empty or has more than one line."""
    line = text.rstrip("\r\n")
    if not line:
        raise ArgumentError(f"{user}: {place} is empty")
    if "\n" in line or "\r" in line:
        raise ArgumentError(f"{user}: {place} has more than one line")
    return line


def ask_hidden(question: str) -> str:
    """What is typed at the terminal, not shown there. Empty where the input ends."""
    from getpass import getpass  # loads the terminal's modules

    try:
        return getpass(f"{question}: ", sys.stderr)
    except EOFError:
        return ""


def _read_variable(name: str, user: str) -> str:
    if name not in os.environ:
        raise ArgumentError(f"{user}: there is no environment variable {name!r}")
    return only_line(os.environ[name], user, f"the environment variable {name!r}")


def _read_file(name: str, user: str) -> str:
    path = Path(name)
    try:
        path = path.expanduser()
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError, RuntimeError) as error:  # a path may hold a NUL, or a home that nobody has
        reason = getattr(error, "strerror", None) or "no usable path"
        raise ArgumentError(f"{user}: {name} can not be read: {reason}") from error
    if len(data) > MAX_BYTES:
        raise ArgumentError(f"{user}: {name} is larger than {MAX_BYTES} bytes")
    try:
        return only_line(data.decode("utf-8-sig"), user, name)
    except UnicodeDecodeError:
        raise ArgumentError(f"{user}: {name} is not UTF-8 text") from None


def _read_entry(name: str, user: str) -> str:
    try:
        import keyring  # an extra, and slow to load
        from keyring.errors import KeyringError
    except ImportError as error:
        raise ArgumentError(f"{user}: keyring is not installed: pip install 'chatdoor[keyring]'") from error
    service, _, account = name.rpartition("/")
    try:
        text = keyring.get_password(service, account)
    except KeyringError as error:
        raise ArgumentError(f"{user}: the keyring can not be read ({type(error).__name__})") from error
    if text is None:
        raise ArgumentError(f"{user}: the keyring has no entry for {account!r} of {service!r}")
    return only_line(text, user, f"the keyring's entry for {account!r} of {service!r}")


def _ask(name: str, user: str) -> str:
    if sys.stdin is None or not sys.stdin.isatty():
        raise ArgumentError(f"{user}: there is no terminal to ask at")
    return only_line(ask_hidden(name), user, "the answer")


READERS: Final[Mapping[str, Callable[[str, str], str]]] = {
    "env": _read_variable,
    "file": _read_file,
    "keyring": _read_entry,
    "ask": _ask,
}
"""What stands before the colon of a reference, and what reads it."""
