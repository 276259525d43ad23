"""Redirects: where they may lead, and what goes along."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatdoor.errors import ChatdoorError, RedirectRefused
from chatdoor.flow.redirect import MAX_REDIRECTS
from chatdoor.flow.session import Session
from chatdoor.site import load_site
from tests.flow.script import TOKEN, Said, Script, header, old_session, page, reply, said, site_of, start, to

TWO_HOSTS = site_of("""
    hosts = ["other.example"]
    extends = "django"
""")

REFUSED = [
    ("another host", "https://evil.example/x", "https://evil.example"),
    ("another host, without a scheme", "//evil.example/x", "https://evil.example"),
    ("another port", "https://bot.example:8443/x", "https://bot.example:8443"),
    ("back to http", "http://bot.example/x", "http://bot.example"),
    ("a subdomain", "https://www.bot.example/x", "https://www.bot.example"),
    ("home as the user's name", "https://bot.example@evil.example/x", "https://evil.example"),
    ("home as user and password", "https://bot.example:443@evil.example/x", "https://evil.example"),
    ("a user's name at home", "https://user@bot.example/x", "https://bot.example"),
    ("a backslash before the name", "https://evil.example\\@bot.example/x", "https://bot.example"),
    ("a file", "file:///etc/passwd", "file:"),
    ("data", "data:text/html,<p>", "data:"),
    ("a script", "javascript:alert(1)", "javascript:"),
    ("half an address", "http://[::1", ":"),
    ("the cloud's own address", "http://169.254.169.254/latest", "http://169.254.169.254"),
    ("a secret as a host", f"https://{TOKEN}.evil.example/", r"https://\*\*\*.evil.example"),
]


@pytest.mark.parametrize(("location", "named"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
@pytest.mark.parametrize("status", [302, 307])
def test_where_a_redirect_may_not_lead(location: str, named: str, status: int) -> None:
    """A host that is not named is not visited; the error names it, and nothing else of the URL."""
    script = Script([to(location, status)], old_session())
    with pytest.raises(RedirectRefused, match=f"leads to '{named}'") as caught:
        script.ask()
    assert TOKEN not in str(caught.value)
    assert script.story == "POST /generate_response/"


@given(st.text(max_size=30))
def test_no_location_leads_away(location: str) -> None:
    """Whatever a site writes there: one of ours is raised, or the request stays at home."""
    script = Script([to(location), *[page()] * 3], old_session())
    with pytest.raises(ChatdoorError):
        script.ask()
    assert all(request.url.startswith("https://bot.example/") for request in script.requests)
    assert all(request.url.isascii() and request.url.isprintable() for request in script.requests)


@pytest.mark.parametrize("status", [301, 302, 303])
def test_a_post_becomes_a_get(status: int) -> None:
    """As in a browser: no body, no content type, no Origin; the prompt is not repeated."""
    script = Script([to("/done", status), reply()], old_session())
    assert script.ask().text == "Good day."
    request = script.requests[1]
    assert (request.method, request.url, request.body) == ("GET", "https://bot.example/done", None)
    assert (header(request, "content-type"), header(request, "origin")) == (None, None)
    assert [type(effect).__name__ for effect in script.effects] == ["OpenSession", "Send", "Discard", "Send", "Decode"]
    assert header(request, "cookie") == f"csrftoken={TOKEN}; visitor=v1"


@pytest.mark.parametrize("status", [307, 308])
def test_a_prompt_is_repeated_at_home(status: int) -> None:
    """307 and 308 keep method, body and headers, on the same host."""
    script = Script([to("../other/?a=1#top", status), reply()], old_session())
    assert script.ask().text == "Good day."
    first, second = script.requests
    assert (second.method, second.url, second.body) == ("POST", "https://bot.example/other/?a=1", first.body)
    assert second.headers == first.headers


@pytest.mark.parametrize("status", [307, 308])
def test_a_prompt_is_not_repeated_elsewhere(status: int) -> None:
    """Not even on a host that the site file names."""
    script = Script([to("https://other.example/", status)], Session(generation=1, opened=0.0, values={"csrf": "x"}))
    with pytest.raises(RedirectRefused, match="repeat the prompt on another host"):
        script.ask(TWO_HOSTS)
    assert script.story == "POST /chat"


def test_no_token_goes_to_another_host() -> None:
    """A redirect to a host that the file names takes no cookie, no value and no header of ours along."""
    script = Script([start(), to("https://other.example/done", 303), said(200, '{"response": "a"}')])
    script.ask(TWO_HOSTS)
    assert script.requests[2].url == "https://other.example/done"
    assert [name for name, _ in script.requests[2].headers] == ["accept"]
    assert TOKEN not in str(script.requests[2])


def test_a_site_that_moves_to_https_is_followed_there_and_stays() -> None:
    """As in a browser: after the page was opened by https, so goes the rest; a Secure cookie is with it."""
    script = Script([to("https://bot.example/", 301), page(f"csrftoken={TOKEN}; Path=/; Secure"), reply()])
    assert script.ask(load_site("voigpt", url="http://bot.example")).text == "Good day."
    sent = script.requests[2]
    assert sent.url == "https://bot.example/generate_response/"
    assert header(sent, "origin") == "https://bot.example"
    assert header(sent, "referer") == "https://bot.example/"
    assert header(sent, "cookie") == f"csrftoken={TOKEN}"


def test_cookies_of_redirects_are_kept() -> None:
    """What an answer on the way sets goes out with the next request, and is where a value may come from."""
    script = Script([to("/home", 302, set_cookie=f"csrftoken={TOKEN}; Path=/"), page(), reply()])
    script.ask()
    assert header(script.requests[1], "cookie") == f"csrftoken={TOKEN}"
    assert header(script.requests[2], "x-csrftoken") == TOKEN


def test_a_page_may_lead_back_to_itself() -> None:
    """Sites do so to see whether cookies are kept."""
    script = Script([to("/", 302, set_cookie="seen=1; Path=/"), start(), reply()])
    assert script.ask().text == "Good day."


def test_a_circle_ends() -> None:
    """Eleven pages, then an error."""
    script = Script([to("/") for _ in range(20)])
    with pytest.raises(RedirectRefused, match="round in a circle"):
        script.ask()
    assert len(script.requests) == MAX_REDIRECTS + 1


@pytest.mark.parametrize(
    ("answers", "sent"),
    [([to("", 307)], 1), ([to("#top", 307)], 1), ([to("/a", 307), to("/b", 307), to("/a", 307)], 3)],
)
def test_a_prompt_goes_round_in_no_circle(answers: list[Said], sent: int) -> None:
    """The second time that it would go to the same place is an error."""
    script = Script(answers, old_session())
    with pytest.raises(ChatdoorError):
        script.ask()
    assert len(script.requests) == sent


def test_a_step_may_not_want_to_be_led() -> None:
    """`follow_redirects = false`: the redirect is the answer; in `session`, it is a good one."""
    login = (
        '[session]\npost = "/login"\nform = { user = "guest" }\nfollow_redirects = false\nexpect = { url = "/chat" }'
    )
    script = Script([to("/chat", 302, set_cookie="s=1; Path=/"), said(200, '{"response": "a"}')])
    script.ask(site_of(login))
    assert script.story == "POST /login | POST /chat"
    assert header(script.requests[1], "cookie") == "s=1"
