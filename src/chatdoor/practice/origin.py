"""Where a request comes from."""

import ipaddress
from urllib.parse import urlsplit

from chatdoor.practice.wire import Request


def is_loopback(host: str) -> bool:
    """Whether a host, by name or address, is this machine and no other."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_own_origin(request: Request) -> bool:
    """Whether a request comes from a page of this site, or from no page at all."""
    origin = request.headers.get("origin")
    return origin is None or origin.partition("://")[2] == request.headers.get("host", "")


def is_from_here(request: Request) -> bool:
    """Whether a request comes from this machine, to a name of this machine.

    This keeps out the pages of other sites, and names of other sites that lead here (DNS rebinding).
    """
    return is_loopback(request.peer) and is_loopback(_host_name(request)) and is_own_origin(request)


def _host_name(request: Request) -> str:
    try:
        return urlsplit("//" + request.headers.get("host", "")).hostname or ""
    except ValueError:  # such as a bracket that is not closed
        return ""
