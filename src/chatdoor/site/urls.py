"""Which URLs a site may name, and which it may be led to.

A site speaks to the hosts it names and to no other. Addresses that no web chatbot has (link-local and its like,
which is where cloud machines keep their credentials) are refused when the file is loaded. Whatever a browser's
parser and Python's could read differently is refused too: then the host that was checked is the host that is called.
"""

import ipaddress
import re
from typing import Final, TypeAlias
from urllib.parse import SplitResult, urlsplit

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

DEFAULT_PORTS: Final = {"http": 80, "https": 443}

METADATA_HOSTS: Final = frozenset(
    {
        "metadata.google.internal",  # cloud.google.com/compute/docs/metadata
        "metadata.goog",
        "fd00:ec2::254",  # docs.aws.amazon.com: IMDS over IPv6
        "100.100.100.200",  # alibabacloud.com/help: ECS instance metadata
    }
)
"""Where cloud machines keep their credentials, link-local addresses apart."""

# Browsers drop tabs and line breaks, and read a backslash as a slash (WHATWG URL, section 4.4).
_DIFFERENTLY_READ: Final = re.compile(r"[\x00-\x1f\x7f\\]")
_AUTHORITY: Final = re.compile(r"(?P<host>[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\])(?P<port>:[0-9]*)?")

# The last label decides whether a host is an IPv4 address: WHATWG URL, "ends in a number checker".
_NUMBER: Final = re.compile(r"[0-9]+|0[xX][0-9a-fA-F]*")

# IPv6 networks whose last 32 bits are an IPv4 address: RFC 4291 section 2.5.5, RFC 6052 section 2.1.
_EMBEDDING: Final = tuple(map(ipaddress.IPv6Network, ("::/96", "::ffff:0:0/96", "64:ff9b::/96")))


class UrlError(ValueError):
    """A URL that a site may not have; says why."""


def parse_url(url: str) -> SplitResult:
    """The URL's parts: http or https, a host that may be spoken to, no user name or password in it."""
    if _DIFFERENTLY_READ.search(url) or url != url.strip():
        raise UrlError("a URL has no control characters, no backslash, and no space around it")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise UrlError(f"not a URL: {error}") from error
    if parts.scheme not in DEFAULT_PORTS:
        raise UrlError(f"expected a URL with http:// or https://{f', not {parts.scheme}:' if parts.scheme else ''}")
    if "@" in parts.netloc:
        raise UrlError("a user name or password in the URL would stand in clear text")
    if not parts.netloc.isascii():
        raise UrlError("write the host in ASCII, as xn--...")
    if not _AUTHORITY.fullmatch(parts.netloc) or port == 0:
        raise UrlError("expected a host, as in https://bot.example.org or http://127.0.0.1:8000")
    _check_host(parts.hostname or "")
    return parts


def origin_of(parts: SplitResult) -> str:
    """Scheme, host and port as a browser writes them in `Origin` (RFC 6454, section 6.1): no default port."""
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    port = "" if parts.port in {None, DEFAULT_PORTS.get(parts.scheme)} else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"


def is_local(host: str) -> bool:
    """True for one's own machine: loopback addresses and `localhost` (RFC 6761, section 6.3)."""
    name = host.removesuffix(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    address = _parse_address(host)
    return address is not None and (address.is_loopback or _embedded(address).is_loopback)


def may_visit(url: str, origins: frozenset[str]) -> bool:
    """True where the URL is at one of the origins, or at one of them by https instead of http."""
    try:
        origin = origin_of(parse_url(url))
    except UrlError:
        return False
    return origin in origins or (origin.startswith("https://") and f"http{origin.removeprefix('https')}" in origins)


def _check_host(host: str) -> None:
    """Raises UrlError for a host that no chatbot has: link-local, or a number in disguise."""
    address = _parse_address(host)
    if address is None and _NUMBER.fullmatch(host.removesuffix(".").rpartition(".")[2]):
        raise UrlError(f"{host}: write an IPv4 address as four decimal numbers")
    if address is None and (":" in host or ".." in host or host.startswith(".")):
        raise UrlError(f"{host} is not a host")
    if address is not None and address.is_unspecified:
        raise UrlError(f"{host} is where servers listen; write 127.0.0.1 or localhost")
    if host.removesuffix(".") in METADATA_HOSTS or (address is not None and _is_nowhere(address)):
        raise UrlError(f"{host} is not the address of a web site")


def _parse_address(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _is_nowhere(address: Address) -> bool:
    return any(form.is_link_local or form.is_multicast or form.is_unspecified for form in (address, _embedded(address)))


def _embedded(address: Address) -> Address:
    """The IPv4 address inside an IPv6 one, else the address itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address.sixtofour:
        return address.sixtofour
    if any(address in network for network in _EMBEDDING):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address
