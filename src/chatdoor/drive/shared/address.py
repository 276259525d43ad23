"""The address of a Redis or Valkey server, checked before it is used. It may hold a password, so it is never shown.

The library takes what it does not know for an option, and fails when it connects; a number of a database that is none
stands for the first one. So what an address may say is named here.
"""

import ssl
from typing import Final
from urllib.parse import SplitResult, parse_qsl, urlsplit

from chatdoor.errors import ArgumentError

SCHEMES: Final = ("redis://", "rediss://", "unix://")

NUMBER: Final = "db"
AUTHORITIES: Final = "ssl_ca_certs"
CERTIFICATE: Final = "ssl_certfile"
KEY: Final = "ssl_keyfile"

FILES: Final = (AUTHORITIES, CERTIFICATE, KEY)
"""What TLS goes by besides the system's certificates: PEM files."""

FORM: Final = "redis://:PASSWORD@HOST:PORT/NUMBER"


def check_address(url: str) -> None:
    """Raises ArgumentError for an address that can not be used, or that asks for less than a checked certificate."""
    if not url.startswith(SCHEMES):
        raise ArgumentError(f"state: expected an address that begins with {', '.join(SCHEMES)}, or a file")
    try:
        parts = urlsplit(url)
        options = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)))
        sound = (parts.port or 1) > 0 and not parts.fragment
    except ValueError:
        sound, parts, options = False, SplitResult("", "", "", "", ""), {}
    if not sound or not _names_a_place(parts):
        raise ArgumentError(f"state: the address can not be read: {FORM}, signs such as @ / # ? percent-encoded")
    _check_options(parts.scheme, options)


def _names_a_place(parts: SplitResult) -> bool:
    """True for a socket's path, or a database's number or none."""
    path = parts.path.strip("/")
    return bool(path) if parts.scheme == "unix" else not path or _is_number(path)


def _check_options(scheme: str, options: dict[str, str]) -> None:
    known = (NUMBER, *FILES) if scheme == "rediss" else (NUMBER,)
    if options.keys() - set(known):
        raise ArgumentError(f"state: after the ? of a {scheme}:// address may stand: {', '.join(known)}")
    if NUMBER in options and not _is_number(options[NUMBER]):
        raise ArgumentError(f"state: {NUMBER} is not a number")
    if scheme == "rediss":
        _check_files(options)


def _check_files(options: dict[str, str]) -> None:
    """Raises ArgumentError for what TLS can not begin with."""
    if KEY in options and CERTIFICATE not in options:
        raise ArgumentError(f"state: {KEY} is of no use without {CERTIFICATE}")
    context = ssl.create_default_context()
    for name in FILES[:2]:
        file = options.get(name)
        try:
            if file is not None and name == AUTHORITIES:
                context.load_verify_locations(file)
            elif file is not None:
                context.load_cert_chain(file, options.get(KEY), password="")
        except (OSError, ValueError) as error:  # an SSLError is an OSError
            raise ArgumentError(f"state: {file} can not be read as PEM ({type(error).__name__})") from None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()
