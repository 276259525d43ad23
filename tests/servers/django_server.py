"""The Django project as a test sees it."""

import functools
import json
import ssl
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .authority import Authority
from .child import Child, start
from .django_site import PASSWORD, USER

CONTROL_SECONDS = 10.0


@dataclass(frozen=True)
class SeenRequest:
    """One request as Django got it; header names are lower-case."""

    method: str
    path: str
    headers: dict[str, str]


@dataclass(frozen=True)
class Stats:
    """What the site has seen since the test began.

    `pages` counts GET /, `accepted` answered chats, `csrf_failed` answers with 403, `logins` good logins.
    `messages` holds the message list of each accepted chat.
    """

    pages: int
    accepted: int
    csrf_failed: int
    logins: int
    messages: list[list[dict[str, Any]]]
    requests: list[SeenRequest]


@dataclass(frozen=True)
class DjangoServer:
    """A running site: `url` without a slash at its end, and the CA's file where it is https."""

    url: str
    child: Child
    ca_file: Path | None = None
    user: str = USER
    password: str = PASSWORD

    def stats(self) -> Stats:
        """What the site has seen since the last reset."""
        seen = self._control("stats")
        return Stats(**seen | {"requests": [SeenRequest(**request) for request in seen["requests"]]})

    def reset(self) -> None:
        """Counters at zero, no rotation."""
        self._control("reset_stats", {})

    def expire(self) -> None:
        """From now on Django refuses every token that it gave out so far."""
        self._control("expire", {})

    def rotate(self, on: bool = True) -> None:
        """Whether each good chat answer brings a new token."""
        self._control("rotate", {"on": on})

    def _control(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/{path}", data)
        with opener(self.ca_file).open(request, timeout=CONTROL_SECONDS) as answer:
            seen: dict[str, Any] = json.loads(answer.read() or b"{}")
            return seen


def opener(ca_file: Path | None, *more: urllib.request.BaseHandler) -> urllib.request.OpenerDirector:
    """A standard library client that trusts `ca_file` alone and takes no proxy from the environment."""
    secure = urllib.request.HTTPSHandler(context=_trust(ca_file))
    return urllib.request.build_opener(urllib.request.ProxyHandler({}), secure, *more)


@functools.cache  # reading the system's authorities takes a tenth of a second
def _trust(ca_file: Path | None) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ca_file)


def start_django(folder: Path, authority: Authority | None = None) -> DjangoServer:
    """A site that is ready, over https where there is an authority. Its database and log lie in `folder`."""
    scheme = "https" if authority else "http"
    certificate = (str(authority.cert_file), str(authority.key_file)) if authority else ()
    child = start("tests.servers.django_site.serve", scheme, str(folder), *certificate, log=folder / "log")
    return DjangoServer(f"{scheme}://127.0.0.1:{child.port}", child, authority.ca_file if authority else None)
