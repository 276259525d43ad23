"""How the network is reached: proxy, certificates, timeouts, and the checks on them.

Everything is checked when a client is made, so that a wrong option is an error before anything is sent.
"""

import base64
import re
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

import msgspec

from chatdoor._version import __version__
from chatdoor.errors import ArgumentError

USER_AGENT: Final = f"chatdoor/{__version__}"

PROXY_SCHEMES: Final = ("http", "https", "socks5", "socks5h")

# What no host, user name or password of a proxy has in a URL. They are written as %20 and the like.
_ODD = re.compile(r"[\s\\\x00-\x1f\x7f]")

MAX_NUMBER: Final = 10_000_000.0
"""The largest time (four months, in seconds) or rate that is taken for meant."""


class Timeout(msgspec.Struct, frozen=True):
    """Seconds that a call may take.

    `connect` is for one connection, `gap` for the wait between two bytes of an answer (None: as long as
    `total`), `total` for the whole call with all its waits.
    """

    connect: float = 10.0
    gap: float | None = None
    total: float = 60.0

    @property
    def longest_gap(self) -> float:
        """Seconds between two bytes of an answer, at most."""
        return self.total if self.gap is None else self.gap

    def check(self) -> None:
        """Raises ArgumentError for a time that is not above zero."""
        check_number("timeout.connect", self.connect)
        check_number("timeout.total", self.total)
        if self.gap is not None:
            check_number("timeout.gap", self.gap)


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """How the network is reached. Nothing of it comes from the environment unless `trust_env` asks for it."""

    proxy: str | None = None
    ca_file: str | None = None
    user_agent: str = USER_AGENT
    trust_env: bool = False
    timeout: Timeout = Timeout()

    @property
    def secrets(self) -> frozenset[str]:
        """The proxy's password and user name, in each form in which somebody may repeat them."""
        parts = urlsplit(self.proxy) if self.proxy else None
        if parts is None or parts.password is None:
            return frozenset()
        user, password = unquote(parts.username or ""), unquote(parts.password)
        basic = base64.b64encode(f"{user}:{password}".encode()).decode()
        return frozenset({password, parts.password, basic, f"{user}:{password}"})

    def __repr__(self) -> str:
        """What it is, without the proxy's password."""
        proxy = "" if self.proxy is None else f"proxy={self.proxy.rpartition('@')[2]!r}, "
        return f"Access({proxy}ca_file={self.ca_file!r}, user_agent={self.user_agent!r}, {self.timeout})"

    def check(self) -> None:
        """Raises ArgumentError for what can not be used. Never shows the proxy's password."""
        self.timeout.check()
        if not isinstance(self.trust_env, bool):
            raise ArgumentError(f"trust_env: expected true or false, got {self.trust_env!r}")
        read_ca(self.ca_file)
        if self.proxy is not None:
            check_proxy(self.proxy)
        check_header_text("user_agent", self.user_agent)


def check_number(name: str, value: object) -> float:
    """The number. Raises ArgumentError where it is none, or not above zero; a boolean is none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= MAX_NUMBER:
        raise ArgumentError(f"{name}: expected a number above 0, got {value!r}")
    return value


def check_header_text(name: str, value: object) -> None:
    """Raises ArgumentError for what no header may hold."""
    if not isinstance(value, str) or not value.isascii() or not value.isprintable():
        raise ArgumentError(f"{name}: expected printable ASCII")


def check_proxy(proxy: object) -> None:
    """Raises ArgumentError for a proxy of another kind than http, https, socks5 and socks5h."""
    try:
        parts = urlsplit(proxy) if isinstance(proxy, str) else None
        plain = isinstance(proxy, str) and proxy.isascii() and not _ODD.search(proxy)
        usable = plain and parts and parts.scheme in PROXY_SCHEMES and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        schemes = ", ".join(f"{scheme}://" for scheme in PROXY_SCHEMES)
        raise ArgumentError(f"proxy: expected a URL such as http://host:port; schemes are {schemes}")


def spare_roots() -> bytes:
    """Certificates (PEM) for a system that has none."""
    import certifi  # few systems need it

    return Path(certifi.where()).read_bytes()


def read_ca(ca_file: str | None) -> bytes:
    """The certificates of a private CA (PEM), empty where none is named. Raises ArgumentError."""
    if ca_file is None:
        return b""
    try:
        pem = Path(ca_file).read_bytes()
    except OSError as error:
        raise ArgumentError(f"ca_file: {ca_file} can not be read: {error.strerror}") from error
    except ValueError as error:  # a NUL in the name
        raise ArgumentError(f"ca_file: {ca_file!r} is not the name of a file") from error
    if b"-----BEGIN CERTIFICATE-----" not in pem:
        raise ArgumentError(f"ca_file: {ca_file} holds no certificate (PEM)")
    return pem + b"\n"
