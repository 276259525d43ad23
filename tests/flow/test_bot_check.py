"""Bot checks, by vendor: what each sends, as its own documents or its answers show; and what is none."""

import pytest

from chatdoor.errors import BotCheckMet
from chatdoor.flow.answer import Answer
from chatdoor.flow.bot_check import bot_check, bot_check_instead
from chatdoor.flow.effects import Head, Moment
from tests.flow.script import Script, page, said


def _answer(status: int, body: str, **headers: str) -> Answer:
    pairs = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Answer(Head(status, pairs, "https://bot.example/", Moment(0.0, 0.0)), body.encode())


CLOUDFLARE = "<title>Just a moment...</title><script>(function(){window._cf_chl_opt={cvId:'3'}})()</script>"
BLOCKED = '<title>Attention Required! | Cloudflare</title><div id="cf-error-details">Sorry, you have been blocked</div>'
AWS = '<script>window.awsWafCookieDomainList = []; window.gokuProps = {"key":"AQ"};</script>'
DATADOME = "<script>var dd={'rt':'c','host':'geo.captcha-delivery.com'}</script>"
DATADOME_JSON = '{"url":"https://geo.captcha-delivery.com/captcha/?initialCid=1"}'
HUMAN = '<h1>Press & Hold to confirm you are a human</h1><div id="px-captcha"></div>'
HUMAN_JSON = '{"appId":"PX1","jsClientSrc":"/x/init.js","vid":"","uuid":"1","blockScript":"/x/captcha.js"}'
IMPERVA = "<html><body>Request unsuccessful. Incapsula incident ID: 1-2</body></html>"
IMPERVA_FRAME = '<html><iframe id="main-iframe" src="/_Incapsula_Resource?SWUDNSAI=31&xinfo=1"></iframe></html>'
AKAMAI = (
    "<title>Access Denied</title>Reference&#32;&#35;18&#46;2d https&#58;&#47;&#47;errors&#46;edgesuite&#46;net&#47;18"
)
AKAMAI_WAIT = '<div id="sec-if-cpt-container"></div>'
AKAMAI_JSON = '{"sec-cp-challenge": "true","provider":"crypto"}'
ANUBIS = '<title>Making sure you&#39;re not a bot!</title><script src="/.within.website/x/cmd/anubis/static/js/m.mjs">'
SUCURI = "<title>You are being redirected...</title><script>var s={},sucuri_cloudproxy_js='',S='YT0n'</script>"
TURNSTILE = '<script src="https://challenges.cloudflare.com/turnstile/v0/api.js"></script><div class="x"></div>'
RECAPTCHA = '<script src="https://www.google.com/recaptcha/api.js"></script><p>Are you a robot?</p>'

CHECKS = [
    ("Cloudflare", _answer(403, CLOUDFLARE, cf_mitigated="challenge")),
    ("Cloudflare", _answer(503, CLOUDFLARE)),
    ("Cloudflare", _answer(403, BLOCKED)),
    ("AWS WAF", _answer(202, "", x_amzn_waf_action="challenge")),
    ("AWS WAF", _answer(405, "", x_amzn_waf_action="captcha")),
    ("AWS WAF", _answer(405, AWS)),
    ("DataDome", _answer(403, DATADOME, x_datadome="protected")),
    ("DataDome", _answer(403, DATADOME_JSON, content_type="application/json")),
    ("DataDome", _answer(403, "{}", x_dd_b="1")),
    ("HUMAN", _answer(403, HUMAN)),
    ("HUMAN", _answer(403, HUMAN_JSON)),
    ("Imperva", _answer(403, IMPERVA)),
    ("Akamai", _answer(403, AKAMAI, server="AkamaiGHost")),
    ("Akamai", _answer(403, AKAMAI)),
    ("Akamai", _answer(403, "", server="AkamaiGHost")),
    ("Akamai", _answer(428, AKAMAI_JSON)),
    ("Vercel", _answer(429, "", x_vercel_mitigated="challenge")),
    ("Vercel", _answer(403, "<title>Vercel Security Checkpoint</title>")),
    ("reCAPTCHA", _answer(403, RECAPTCHA)),
    ("Turnstile", _answer(403, TURNSTILE)),
    ("hCaptcha", _answer(429, '<script src="https://js.hcaptcha.com/1/api.js">')),
]


@pytest.mark.parametrize(("vendor", "answer"), CHECKS)
def test_a_check_is_known(vendor: str, answer: Answer) -> None:
    """An error, or an answer whose headers say so, is the check of this vendor."""
    assert bot_check(answer) == vendor


@pytest.mark.parametrize("status", [200, 401, 403, 404, 405, 428, 429, 500, 503])
def test_a_widget_counts_with_the_statuses_of_checks(status: int) -> None:
    """An error page may have the site's own sign-up form on it."""
    assert bot_check(_answer(status, RECAPTCHA)) == ("reCAPTCHA" if status in {403, 405, 428, 429, 503} else None)


INSTEAD = [
    ("Cloudflare", CLOUDFLARE),
    ("Imperva", IMPERVA),
    ("Imperva", IMPERVA_FRAME),
    ("HUMAN", HUMAN),
    ("Akamai", AKAMAI_WAIT),
    ("Anubis", ANUBIS),
    ("Sucuri", SUCURI),
    ("Turnstile", TURNSTILE),
    ("reCAPTCHA", RECAPTCHA),
]


@pytest.mark.parametrize(("vendor", "body"), INSTEAD)
def test_a_check_that_is_sent_as_a_success(vendor: str, body: str) -> None:
    """Some come with 200: they count where something else was due, and not before."""
    answer = _answer(200, body)
    assert bot_check_instead(answer) == vendor
    assert bot_check(answer) is None


NONE = [
    ("a page about captchas", _answer(200, "<h1>Blog</h1><p>We use a captcha, hcaptcha.com, and Cloudflare.</p>" * 9)),
    ("a page with a captcha on its form", _answer(200, f"{RECAPTCHA}<form>{'<p>Sign up for our newsletter</p>' * 20}")),
    ("a page behind Cloudflare", _answer(200, '<script src="/cdn-cgi/challenge-platform/scripts/jsd/main.js">Hi')),
    ("an error behind Cloudflare", _answer(403, '<script src="/cdn-cgi/challenge-platform/scripts/jsd/main.js">No')),
    ("an error behind DataDome", _answer(403, "Forbidden", x_datadome="protected")),
    ("an error behind Imperva", _answer(403, '<script src="/_Incapsula_Resource?SWJIYLWA=719d"></script>Forbidden')),
    ("a page from Akamai", _answer(200, "Hello", server="AkamaiGHost")),
    ("a page without a word", _answer(200, "<script src='app.js'></script>")),
    ("a server error of a site with a captcha", _answer(500, RECAPTCHA)),
    ("a login of a site with a captcha", _answer(401, RECAPTCHA)),
    ("data that tells of a check", _answer(200, f'{{"response": "{IMPERVA} px-captcha"}}')),
    ("another mitigation", _answer(403, "", cf_mitigated="block", x_amzn_waf_action="count")),
]


@pytest.mark.parametrize("answer", [row[1] for row in NONE], ids=[row[0] for row in NONE])
def test_what_is_no_check(answer: Answer) -> None:
    """Pages that mention captchas, offer one on a form, or stand behind a vendor."""
    assert bot_check(answer) is None
    assert bot_check_instead(answer) is None


@pytest.mark.parametrize("body", [row[1] for row in INSTEAD], ids=[row[0] for row in INSTEAD])
def test_a_check_in_place_of_the_page_is_named(body: str) -> None:
    """It is the bot check that is missing the token, not the site file that is wrong."""
    script = Script([page(body=body)])
    with pytest.raises(BotCheckMet, match="chatdoor does not pass bot checks"):
        script.ask()
    assert script.story == "GET /"


def test_a_check_on_the_way_in_is_named() -> None:
    """An error of a session step that is a bot check says so."""
    with pytest.raises(BotCheckMet, match="AWS WAF"):
        Script([said(405, x_amzn_waf_action="captcha")]).ask()
