"""Addresses: which are this machine's own, and by which values of Host a gateway is meant."""

import ipaddress
from typing import Final

LOCAL_NAMES: Final = ("127.0.0.1", "localhost", "[::1]")

HTTP_PORT: Final = 80
"""The port that a client does not write into Host (RFC 9110, section 7.2)."""


def plain_host(host: str) -> str:
    """The host as it is written in an URL, without brackets: an address in its shortest form (RFC 5952), a name as is.

    An IPv4 address in the clothes of IPv6 (`::ffff:127.0.0.1`) is that address.
    """
    try:
        address = ipaddress.ip_address(host[1:-1] if host[:1] == "[" and host[-1:] == "]" else host)
    except ValueError:
        return host
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


def is_loopback(host: str) -> bool:
    """True for an address that nobody but this machine reaches."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def own_hosts(host: str, port: int) -> list[str]:
    """The values of Host that mean a gateway bound to this address; empty where it is bound to all of them."""
    try:
        if ipaddress.ip_address(host).is_unspecified:
            return []
    except ValueError:
        pass
    written = f"[{host}]" if ":" in host else host
    names = dict.fromkeys([written, *(LOCAL_NAMES if is_loopback(host) else ())])
    return [f"{name}:{port}" for name in names] + (list(names) if port == HTTP_PORT else [])


def url_of(host: str, port: int) -> str:
    """Where a client finds a gateway bound to this address."""
    written = f"[{host}]" if ":" in host else host
    return f"http://{written}:{port}"
