"""Answers that refuse: status codes, limits, and the pages that bot checks show."""

from .fault import HTML, JSON, Fault, answer, html, json, page
from .pages import LOGIN_PAGE

# Django's own page, django/views/csrf.py, as DEBUG = False shows it.
CSRF_FAILURE = page("403 Forbidden").replace(b"<body>", b"<body><h1>CSRF verification failed. Request aborted.</h1>")


def _limited(*headers: str) -> Fault:
    return answer(429, b'{"error": "too many requests"}', JSON, *headers)


STATUSES = {
    "bad_request": json(b'{"error": "messages is missing"}', status=400),
    "unauthorized": json(b'{"detail": "Authentication credentials were not provided."}', status=401),
    "csrf_403": html(403, CSRF_FAILURE),
    "csrf_403_json": json(b'{"detail": "CSRF Failed: CSRF token from the \'X-Csrftoken\' header incorrect."}', 403),
    "csrf_403_new_token": html(403, CSRF_FAILURE, "Set-Cookie: csrftoken=@TOKEN@; Path=/"),
    "csrf_419": html(419, page("Page Expired")),
    "forbidden_unknown": html(403, page("Forbidden")),
    "forbidden_empty": answer(403),
    "forbidden_login": html(403, LOGIN_PAGE),
    "not_found": html(404, page("Not Found")),
    "too_large": html(413, page("Request Entity Too Large")),
    "server_error": html(500, page("Server Error (500)")),
    "bad_gateway": html(502, page("Bad Gateway")),
    "unavailable": html(503, page("Service Unavailable")),
    "unavailable_1s": html(503, page("Service Unavailable"), "Retry-After: 1"),
    "no_such_status": html(799, page("What is this?")),
}
LIMITS = {
    "rate_limited_1s": _limited("Retry-After: 1"),
    "rate_limited_zero": _limited("Retry-After: 0"),
    "rate_limited_endless": _limited("Retry-After: 86400"),
    "rate_limited_400_digits": _limited(f"Retry-After: {'9' * 400}"),
    "rate_limited_nonsense": _limited("Retry-After: soon"),
    "rate_limited_negative": _limited("Retry-After: -1"),
    "rate_limited_fraction": _limited("Retry-After: 0.5"),
    "rate_limited_date": _limited("Retry-After: @DATE_IN_2S@"),
    "rate_limited_past_date": _limited("Retry-After: Wed, 21 Oct 2015 07:28:00 GMT"),
    "rate_limited_far_date": _limited("Retry-After: Fri, 31 Dec 9999 23:59:59 GMT"),
    "rate_limited_none": _limited(),
    "rate_limited_empty": _limited("Retry-After:"),
}
# What each vendor's answer is known by, as its own documentation says or its answers show.
BOT_CHECKS = {
    "bot_check_cloudflare": html(403, page("Just a moment..."), "Server: cloudflare", "cf-mitigated: challenge"),
    "bot_check_cloudflare_503": html(503, page("Just a moment..."), "Server: cloudflare", "cf-mitigated: challenge"),
    "bot_check_akamai": html(403, page("Access Denied. Reference #18.2d351ab8.1"), "Server: AkamaiGHost"),
    "bot_check_aws_waf": html(405, page("Human Verification"), "x-amzn-waf-action: captcha"),
    "bot_check_aws_waf_202": html(202, b"", "x-amzn-waf-action: challenge"),
    "bot_check_datadome": answer(
        403,
        b'{"url": "https://geo.captcha-delivery.com/captcha/?initialCid=1"}',
        JSON,
        "x-datadome: protected",
        "Set-Cookie: datadome=value; Path=/",
    ),
    "bot_check_imperva": html(
        403,
        b'<html><body><iframe src="/_Incapsula_Resource?CWUDNSAI=1">Request unsuccessful.</iframe></body></html>',
        "X-Iinfo: 1-1-0",
        "X-CDN: Imperva",
    ),
    "bot_check_human": json(b'{"appId": "PXabc", "blockScript": "/abc/captcha.js", "vid": "", "uuid": "1"}', 403),
    "bot_check_human_html": html(403, b'<html><body><div id="px-captcha"></div></body></html>'),
    "bot_check_vercel": html(429, page("Vercel Security Checkpoint"), "x-vercel-mitigated: challenge"),
    "bot_check_turnstile_200": answer(
        200,
        b'<html><body><script src="https://challenges.cloudflare.com/turnstile/v0/api.js"></script></body></html>',
        HTML,
    ),
}
