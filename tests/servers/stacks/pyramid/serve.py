"""The site: ``python -m tests.servers.stacks.pyramid.serve``.

Source: https://docs.pylonsproject.org/projects/pyramid/en/2.0-branch/narr/security.html ("Checking CSRF Tokens
Automatically").
"""

import secrets
from collections.abc import Callable, Iterable
from html import escape
from typing import Any

from a2wsgi import WSGIMiddleware
from pyramid.config import Configurator
from pyramid.csrf import get_csrf_token
from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response
from pyramid.session import JSONSerializer, SignedCookieSessionFactory

from tests.servers.stacks.ledger import LEDGER
from tests.servers.stacks.serving import serve

PAGE = """<!doctype html>
<html lang="en">
<head><title>Chat</title></head>
<body>
<form action="/search"><input type="hidden" name="csrf_token" value="of-another-form"><input name="q"></form>
{talk}
<form id="chat" method="post"><input type="hidden" name="csrf_token" value="{token}">{fields}</form>
</body>
</html>"""
TALKS: dict[str, list[tuple[str, str]]] = {}


def page(request: Request) -> Response:
    """The first page, whose form opens a talk."""
    LEDGER.count("pages")
    LEDGER.count("tokens")
    return _show(request, "", "<button>New talk</button>")


def begin(_request: Request) -> Response:
    """A new talk has a page of its own."""
    name = secrets.token_urlsafe(9)
    TALKS[name] = []
    return HTTPSeeOther(f"/c/{name}")


def talk(request: Request) -> Response:
    """The page of a talk. The form on it leads back to it, with one message more and its reply."""
    turns = TALKS.get(request.matchdict["name"])
    if turns is None:
        return HTTPNotFound()
    if request.method == "POST":
        said = request.POST["message"]
        turns.append((said, LEDGER.answer([*(before for before, _ in turns), said])))
        return HTTPSeeOther(request.path)
    lines = (
        f"<p>{escape(said)}</p><p class=bot style='white-space: pre-wrap'>{escape(reply)}</p>" for said, reply in turns
    )
    return _show(request, "".join(lines), "<textarea name=message></textarea><button>Send</button>")


def _show(request: Request, talk: str, fields: str) -> Response:
    return Response(PAGE.format(talk=talk, token=get_csrf_token(request), fields=fields))


def _application() -> Any:
    """The site, with a key of its own: no session that another one signed is known."""
    sessions = SignedCookieSessionFactory(secrets.token_hex(), serializer=JSONSerializer())
    config = Configurator(session_factory=sessions)
    config.set_default_csrf_options(require_csrf=True)
    for view, path, method in ((page, "/", "GET"), (begin, "/", "POST"), (talk, "/c/{name}", None)):
        config.add_route(view.__name__, path, request_method=method)
        config.add_view(view, route_name=view.__name__)
    return config.make_wsgi_app()


class Renewed:
    """The site as it is since the last `expire`."""

    def __init__(self) -> None:
        self.expire()

    def expire(self) -> None:
        """No session that there was is known. The talks are."""
        self._application = _application()

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        return self._application(environ, start)


if __name__ == "__main__":
    site = Renewed()
    serve(WSGIMiddleware(site), refused={400}, expire=site.expire, more={"lose": TALKS.clear})
