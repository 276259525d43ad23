"""What is wrong with the server, in words that an operator can act on.

They hold nothing of what was sent, and not the address: a script's error repeats its arguments.
"""

import socket
import ssl
from collections.abc import Iterator, Mapping
from typing import Final

MEANT: Final[Mapping[str, str]] = {
    "AuthenticationError": "it refuses the user or the password",
    "AuthorizationError": "it refuses the user or the password",
    "NoPermissionError": "its user may not do what is needed (ACL)",
    "OutOfMemoryError": "it is full (maxmemory)",
    "ReadOnlyError": "it is read-only",
    "BusyLoadingError": "it still loads its data",
    "MasterDownError": "it has lost its master",
    "ConnectionError": "it has ended the connection",
    "MaxConnectionsError": "it takes no more connections",
}
"""What the library's errors mean, by their names: nothing of it is loaded here."""

BEGINNINGS: Final[Mapping[str, str]] = {
    "HELLO must be called": "it wants a password",
    "NOAUTH": "it wants a password",
    "The user executing the script": "its user may not do what is needed (ACL)",
    "DB index": "it has no database of that number",
    "max number of clients": "it takes no more connections",
    "MISCONF": "it can not save its data (MISCONF)",
}
"""How errors begin that have no name of their own."""

FOREIGN: Final = (
    "WRONGTYPE",
    "is not an integer",
    "is not a valid float",
    "would overflow",
    "too large",
    "attempt to ",
)
"""What scripts say of values that we have not written."""


def is_foreign(error: Exception) -> bool:
    """True where a script has met a value that is not one of ours."""
    said = str(error)
    return "user_script" in said and any(words in said for words in FOREIGN)


def reason_of(error: BaseException) -> str:
    """What went wrong."""
    return next((reason for one in _chain(error) if (reason := _meant(one))), type(error).__name__)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The causes of an error, the first one first: it knows best."""
    if (before := error.__cause__ or error.__context__) is not None:
        yield from _chain(before)
    yield error


def _meant(error: BaseException) -> str | None:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message.rstrip('.')}"
    for kind, meant in OF_THE_SYSTEM:
        if isinstance(error, kind):
            return meant
    said = str(error).removeprefix("ERR ")
    begun = (meant for beginning, meant in BEGINNINGS.items() if said.startswith(beginning))
    return next(begun, None) or MEANT.get(type(error).__name__) or _code(said)


def _code(said: str) -> str | None:
    """The server's word for it, where it begins with one."""
    word = said.partition(" ")[0].strip("-:")
    return word if len(word) > 2 and word.isupper() and word.isalpha() else None


OF_THE_SYSTEM: Final = (
    (ssl.SSLError, "it speaks no TLS, or another one"),
    (socket.gaierror, "its host is not found"),
    (ConnectionRefusedError, "connection refused"),
    (FileNotFoundError, "there is no such socket"),
    (PermissionError, "its socket may not be opened"),
)
