"""Each stack's site protects itself by its framework, keeps its talks apart, and tells what it saw."""

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from http.client import HTTPConnection

import pytest
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin

from tests.servers.stacks.commands import COMMANDS
from tests.servers.stacks.fixtures import Stack
from tests.servers.stacks.server import STACKS, StackServer
from tests.servers_test.visitors import SECONDS, VISITORS, Channels, DjangoLogin, Express, Got, Php, Rails, Visitor

Enter = Callable[[StackServer], Visitor]

FIRST = Got(200, "You said 1 things; the last was: Hello")
CROWD = 6
CHARACTERS = 'Quotes ", newlines\n, braces {csrf} {{x}}, <b>&amp;, 50% + emoji 😀'


@pytest.fixture(params=VISITORS)
def site(request: pytest.FixtureRequest, stack: Stack) -> StackServer:
    """The site of each stack in turn."""
    return stack(request.param)


@pytest.fixture
def enter() -> Iterator[Enter]:
    """Lets a visitor in: one who has opened the site's page."""
    with ExitStack() as stack:

        def enter(site: StackServer) -> Visitor:
            visitor = VISITORS[site.name](site)
            stack.enter_context(visitor.opened)
            visitor.enter()
            return visitor

        yield enter


@pytest.fixture
def visitor(site: StackServer, enter: Enter) -> Visitor:
    """One who has opened the page of each stack in turn."""
    return enter(site)


def test_every_stack_is_visited() -> None:
    """A stack's folder holds a site file, and somebody visits it."""
    assert {path.parent.name for path in STACKS.glob("*/site.toml")} == set(VISITORS) == set(COMMANDS)


def test_right_token_is_accepted(site: StackServer, visitor: Visitor) -> None:
    """A page, then a message with its token, gets the reply, and all of it is counted."""
    assert (site.stats().pages, site.stats().tokens) == visitor.ENTRY
    assert visitor.ask("Hello") == FIRST
    assert (site.stats().accepted, site.stats().refused, site.stats().heard) == (1, 0, [["Hello"]])


def test_wrong_token_is_refused_by_the_framework(site: StackServer, visitor: Visitor) -> None:
    """Another token than the one that was given out gets the framework's own refusal, and the chat never runs."""
    visitor.spoil()
    got = visitor.ask("Hello")
    status, words = visitor.REFUSAL
    assert (got.status, words in got.text) == (status, True), got
    stats = site.stats()
    assert (stats.accepted, stats.refused, stats.heard) == (0, 1, [])


def test_each_turn_finds_the_ones_before(site: StackServer, visitor: Visitor) -> None:
    """The third turn is counted as such, and the first is known by then."""
    turns = ["Hello", CHARACTERS, "secret?"]
    replies = [visitor.ask(turn).text for turn in turns]
    assert replies[1:] == [
        f"You said 2 things; the last was: {CHARACTERS}",
        "You said 3 things; the first was: Hello",
    ]
    assert site.stats().heard == [turns[:1], turns[:2], turns]


def test_talks_are_kept_apart(site: StackServer, visitor: Visitor, enter: Enter) -> None:
    """Two visitors who take turns each hear only of what they said."""
    other = enter(site)
    visitor.ask("The key is blue")
    other.ask("The key is red")
    assert visitor.ask("secret?").text == "You said 2 things; the first was: The key is blue"
    assert other.ask("secret?").text == "You said 2 things; the first was: The key is red"


def test_talks_at_the_same_time_are_kept_apart(site: StackServer, enter: Enter) -> None:
    """Visitors who talk at once are all heard, each in a talk of its own."""
    visitors = {f"The key is {number}": enter(site) for number in range(CROWD)}

    def talk(secret: str) -> list[str]:
        return [visitors[secret].ask(turn).text for turn in (secret, "Hello", "secret?")]

    with ThreadPoolExecutor(CROWD) as threads:
        for secret, replies in zip(visitors, threads.map(talk, visitors), strict=True):
            assert replies[2] == f"You said 3 things; the first was: {secret}"
    assert (site.stats().accepted, site.stats().refused) == (3 * CROWD, 0)


def test_a_connection_may_be_kept(site: StackServer) -> None:
    """Request after request on one connection is answered, which not every server of such a site can do."""
    with closing(HTTPConnection(site.url.removeprefix("http://"), timeout=SECONDS)) as connection:
        for _ in range(20):
            connection.request("GET", "/")
            with connection.getresponse() as answer:
                assert answer.status < 500, answer.read()
                answer.read()


def test_an_expired_session_is_refused_until_one_enters_again(
    site: StackServer, visitor: Visitor, enter: Enter
) -> None:
    """After expire() what was given out is refused by the framework, and a new visitor is let in."""
    visitor.ask("Hello")
    site.expire()
    assert visitor.ask("Hello").status == visitor.EXPIRED
    assert site.stats().refused == 1
    assert enter(site).ask("Hello") == FIRST


def test_each_test_counts_from_zero(site: StackServer, visitor: Visitor) -> None:
    """A reset leaves nothing of what was seen before, and those who are in stay in."""
    visitor.ask("Hello")
    site.reset()
    assert site.stats().heard == []
    assert visitor.ask("Hello").status == 200
    assert (site.stats().pages, site.stats().accepted) == (0, 1)


def test_an_id_finds_its_talk_from_a_new_session(stack: Stack) -> None:
    """Express keeps a talk under its id: it goes on after expire(), and is a 404 after lose()."""
    site = stack("express")
    before, after = Express(site), Express(site)
    before.enter()
    before.ask("Hello")
    site.expire()
    after.enter()
    after.conversation = before.conversation
    assert after.ask("secret?").text == "You said 2 things; the first was: Hello"
    site.lose()
    assert after.ask("Hello").status == 404


def test_a_foreign_page_gets_no_socket(stack: Stack) -> None:
    """Channels refuses the handshake to a page of another host."""
    visitor = Channels(stack("channels"))
    visitor.enter()
    with pytest.raises(InvalidStatus) as refused:
        visitor.connect(Origin("https://foreign.example"))
    assert refused.value.response.status_code == 403


def test_a_form_is_sent_once(stack: Stack) -> None:
    """PHP's token is spent by the message it came with."""
    site = stack("php")
    visitor = Php(site)
    visitor.enter()
    token = visitor.token
    visitor.ask("Hello")
    visitor.token = token
    assert visitor.ask("Hello again").status == 403
    assert (site.stats().accepted, site.stats().refused) == (1, 1)


def test_each_page_masks_its_token_anew(stack: Stack) -> None:
    """The tokens of two pages of Rails look different, and both of them are good."""
    visitor = Rails(stack("rails"))
    visitor.enter()
    first = visitor.token
    visitor.enter()
    assert visitor.token != first
    assert visitor.ask("Hello").status == 200
    visitor.token = first
    assert visitor.ask("Hello").status == 200


def test_a_login_rotates_the_token(stack: Stack) -> None:
    """The token of Django's login page is not good for the chat that the login opens."""
    site = stack("django_login")
    visitor = DjangoLogin(site)
    before = visitor.token_of(visitor.send("/login/"))
    visitor.sign_in(before)
    visitor.token = before
    assert visitor.ask("Hello").status == 403
    assert (site.stats().logins, site.stats().refused) == (1, 1)


@pytest.mark.parametrize("name", ["django_login", "gradio", "openai", "tornado"])
def test_what_the_site_file_asks_of_the_environment_is_there(name: str, stack: Stack) -> None:
    """Each reference of a site file has its secret."""
    site = stack(name)
    assert set(re.findall(r"{env:(\w+)}", site.site_file.read_text())) == set(site.secrets())
    assert all(site.secrets().values())
