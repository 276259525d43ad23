"""Where a request comes from."""

import ipaddress
from urllib.parse import urlsplit

from chatdoor.practice.wire import Request

HTTP_PORT = 80
"""The port of a host that names none."""


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


def is_to_here(request: Request) -> bool:
    """Whether a request asks for this site, by a name of this machine and the port that it came to.

    A page of another site can lead its own name here (DNS rebinding); its requests name that site.
    """
    try:
        host = urlsplit("//" + request.headers.get("host", ""))
        port = host.port or HTTP_PORT
    except ValueError:  # such as a bracket that is not closed
        return False
    return is_loopback(host.hostname or "") and request.port in {0, port}


def is_from_here(request: Request) -> bool:
    """Whether a request comes from this machine, and from no page of another site."""
    return is_loopback(request.peer) and is_own_origin(request)
