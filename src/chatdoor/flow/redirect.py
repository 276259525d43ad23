"""Where a redirect leads, and what goes along."""

from collections.abc import Collection, Sequence
from typing import Final
from urllib.parse import quote, urlsplit

import msgspec

from chatdoor.errors import RedirectRefused
from chatdoor.flow.effects import Head, Request
from chatdoor.flow.excerpt import mask
from chatdoor.flow.match import joined
from chatdoor.site.model import Site, Step
from chatdoor.site.urls import may_visit, origin_of

MAX_REDIRECTS: Final = 10
"""Browsers stop at 20 (Fetch, section 4.4); a chat site that needs more than ten is going round in a circle."""

STATUSES: Final = frozenset({301, 302, 303, 307, 308})

ABROAD: Final = frozenset({"accept", "accept-language"})
"""Headers that go along to another host. All others may hold a value of this one."""

OF_A_BODY: Final = frozenset({"content-type", "origin"})

_URL_CHARACTERS = "%!#$&'()*+,/:;=?@[]~"


def is_redirect(step: Step, head: Head) -> bool:
    """True where the answer asks to be followed, and the step does so."""
    return head.status in STATUSES and step.follow_redirects and bool(head.get("location"))


def redirected(site: Site, step: Step, request: Request, head: Head, secrets: Collection[str]) -> Request:
    """The request that a redirect asks for (Fetch, section 4.4). Raises RedirectRefused.

    A prompt is repeated, by 307 and 308, on the same host only.
    """
    target = joined(head.url, quote(head.get("location") or "", safe=_URL_CHARACTERS)).partition("#")[0]
    if not may_visit(target, site.origins):
        leads = f"HTTP {head.status} leads to {mask(_place(target), secrets)!r}"
        raise _refused(site, step, f"{leads}, which is no place that the site file names; nothing was sent there")
    at_home = may_visit(target, frozenset({origin_of(urlsplit(request.url))}))
    repeats = head.status in {307, 308} or request.method in {"GET", "HEAD"}
    if repeats and request.body is not None and not at_home:
        raise _refused(site, step, f"HTTP {head.status} would repeat the prompt on another host")
    headers = ((name, value) for name, value in request.headers if repeats or name not in OF_A_BODY)
    return msgspec.structs.replace(
        request,
        method=request.method if repeats else "GET",
        url=target,
        headers=tuple((name, value) for name, value in headers if at_home or name in ABROAD),
        body=request.body if repeats else None,
    )


def check_circle(site: Site, step: Step, request: Request, been: Sequence[str]) -> None:
    """Raises RedirectRefused for redirects without an end. `been` is where the step has been before.

    A page may send a visitor back to itself, to see whether cookies are kept. A prompt goes nowhere twice.
    """
    if len(been) > MAX_REDIRECTS or (request.body is not None and request.url in been):
        raise _refused(site, step, f"{len(been)} redirects that lead round in a circle")


def _place(url: str) -> str:
    """Scheme and host of a URL, or its scheme where it names no host. Nothing else of it is shown."""
    scheme, _, rest = url.partition(":")
    host = rest.removeprefix("//").partition("/")[0].rpartition("@")[2]
    return (f"{scheme}://{host}" if rest.startswith("//") and host else f"{scheme}:")[:80]


def _refused(site: Site, step: Step, problem: str) -> RedirectRefused:
    return RedirectRefused(problem, site=site.name, step=step.label)
