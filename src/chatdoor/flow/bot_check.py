"""Bot checks: what the known ones look like.

A check is met and named, never passed. It must not be answered by asking again, and it often comes as a 403
as a refusal does, so it is told apart by marks: first those that a vendor documents, then texts that its page
alone holds, then widgets that ordinary pages hold too and that count only where the answer is an error.
"""

from collections.abc import Mapping
from typing import Final

from chatdoor.errors import BotCheckMet
from chatdoor.flow.answer import Answer
from chatdoor.flow.effects import Head
from chatdoor.site.model import Site, Step

HEADERS: Final[Mapping[tuple[str, str], str]] = {
    ("cf-mitigated", "challenge"): "Cloudflare",  # developers.cloudflare.com: detect a Challenge Page response
    ("x-amzn-waf-action", "challenge"): "AWS WAF",  # docs.aws.amazon.com/waf: comes with status 202
    ("x-amzn-waf-action", "captcha"): "AWS WAF",  # docs.aws.amazon.com/waf: comes with status 405
    ("x-dd-b", "1"): "DataDome",  # docs.datadome.co/reference: a blocked request for JSON
    ("x-vercel-mitigated", "challenge"): "Vercel",  # its firewall's "Security Checkpoint"; with status 429 or 403
}
"""Name and value of a header -> vendor. They count with every status."""

PAGES: Final[Mapping[str, str]] = {
    "_cf_chl_opt": "Cloudflare",
    "Attention Required! | Cloudflare": "Cloudflare",
    "gokuProps": "AWS WAF",
    "captcha-delivery.com": "DataDome",
    "px-captcha": "HUMAN",  # the element that HUMAN's own block templates are built around
    '"blockScript"': "HUMAN",  # docs.perimeterx.com: advanced blocking response, to requests for JSON
    "Incapsula incident ID": "Imperva",
    "WUDNSAI=": "Imperva",  # of /_Incapsula_Resource in a block page; the script in ordinary pages has SWJIYLWA=
    "errors.edgesuite.net": "Akamai",
    "errors&#46;edgesuite&#46;net": "Akamai",
    "sec-cp-challenge": "Akamai",
    "sec-if-cpt-container": "Akamai",
    "/.within.website/x/cmd/anubis": "Anubis",
    "Vercel Security Checkpoint": "Vercel",
    "sucuri_cloudproxy_js": "Sucuri",
}
"""Text in the page of a check -> vendor. Pages that are merely protected do not hold it."""

WIDGETS: Final[Mapping[str, str]] = {
    "challenges.cloudflare.com/turnstile": "Turnstile",
    "google.com/recaptcha": "reCAPTCHA",
    "recaptcha.net/recaptcha": "reCAPTCHA",
    "hcaptcha.com": "hCaptcha",
}
"""Text in the page of a captcha -> its name. Many a sign-up form holds it as well, so it counts with few statuses."""

BLOCKERS: Final = {"AkamaiGHost": "Akamai"}
"""`Server` of answers that a vendor makes itself, without asking the site -> vendor."""

STATUSES: Final = frozenset({403, 405, 428, 429, 503})
"""Statuses with which checks are sent, beside 200."""

SPARSE: Final = 200
"""Characters. A page with a widget and fewer words than this has nothing else to offer."""


def announced_check(head: Head) -> str | None:
    """The vendor of the bot check that the headers announce, or None."""
    for header in head.headers:
        if header in HEADERS:
            return HEADERS[header]
    return None


def bot_check(answer: Answer) -> str | None:
    """The vendor of the bot check that the answer is, or None. A success is one only by its headers."""
    status = answer.head.status
    if (vendor := announced_check(answer.head)) or status < 300:
        return vendor
    vendor = _found(PAGES, answer.text)
    if vendor is None and status in STATUSES:
        vendor = BLOCKERS.get(answer.head.get("server") or "") or _found(WIDGETS, answer.text)
    return vendor


def bot_check_instead(answer: Answer) -> str | None:
    """The vendor of the bot check that came, with whatever status, where something else was due; or None."""
    vendor = bot_check(answer)
    if vendor or answer.head.status >= 300 or not answer.is_html:
        return vendor
    return _found(PAGES, answer.text) or (_found(WIDGETS, answer.text) if len(answer.page.text()) < SPARSE else None)


def met(vendor: str, site: Site, step: Step) -> BotCheckMet:
    """The error for a bot check."""
    problem = f"the site asks for proof of a browser or a person ({vendor}); chatdoor does not pass bot checks"
    return BotCheckMet(problem, site=site.name, step=step.label)


def _found(marks: Mapping[str, str], text: str) -> str | None:
    return next((vendor for mark, vendor in marks.items() if mark in text), None)
