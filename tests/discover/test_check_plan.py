"""What a check does, and how much it may send."""

import pytest

from chatdoor.discover.check_plan import CHECKS, MESSAGES, NEEDS, PAUSE_SECONDS, credentials, pause_before, plan_check
from chatdoor.errors import ArgumentError
from chatdoor.site.load import loads_site
from chatdoor.site.model import Site

PLAIN = """
schema = 1
name = "bot"
url = "https://bot.example.org"
[session]
get = "/"
[chat]
post = "/chat"
json = { text = "{prompt}" }
[reply]
json = "text"
"""


def site(*changes: tuple[str, str]) -> Site:
    """The plain site, with some of its text replaced."""
    text = PLAIN
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return loads_site(text)


def test_all_checks_are_made_where_none_is_named() -> None:
    """Without a wish nothing is left out, and each check that sends a message counts once."""
    plan = plan_check(site())
    assert plan.told == plan.made == set(CHECKS)
    assert plan.messages == len(MESSAGES)


def test_a_check_needs_those_before_it() -> None:
    """What a check rests on is made too, and not told of; needs always come earlier in the order."""
    plan = plan_check(site(), only=["memory"])
    assert (plan.told, plan.made) == ({"memory"}, {"memory", "turn", "token", "session", "reachable"})
    names = list(CHECKS)
    assert all(names.index(need) < names.index(name) for name, needs in NEEDS.items() for need in needs)


def test_a_check_that_is_skipped_sends_nothing() -> None:
    """Fewer checks send fewer messages and requests; the first ones send no message at all."""
    everything, few = plan_check(site()), plan_check(site(), skip=["refusal", "refresh", "isolation"])
    assert (everything.messages, few.messages) == (5, 2)
    assert few.requests < everything.requests
    assert plan_check(site(), only=["session"]).messages == 0


def test_what_is_skipped_is_made_where_another_check_rests_on_it() -> None:
    """A skipped check is not told of, even where it has to be made."""
    plan = plan_check(site(), skip=["refusal"])
    assert "refusal" in plan.made
    assert "refusal" not in plan.told


def test_a_site_without_session_steps_is_reached_by_its_first_message() -> None:
    """Nothing else would show whether it answers."""
    assert "turn" in plan_check(site(('[session]\nget = "/"\n', "")), only=["reachable"]).made


@pytest.mark.parametrize(("only", "skip", "says"), [(["turns"], [], "turn"), ([], ["x"], "'x'"), ([], CHECKS, "left")])
def test_a_wish_that_can_not_be_met_is_an_error(only: list[str], skip: list[str], says: str) -> None:
    """A name that is none, and nothing left to do."""
    with pytest.raises(ArgumentError, match=says):
        plan_check(site(), only=only, skip=skip)


def test_a_step_that_is_polled_may_be_repeated() -> None:
    """More requests are allowed for it than for another, and never without end."""
    chat = '[chat]\npost = "/chat"\njson = { text = "{prompt}" }\n'
    until = 'until = { json = { done = true } }\nevery = "10ms"\n'
    polled = site((chat, f'[[chat]]\npost = "/chat"\ntext = "{{prompt}}"\n[[chat]]\nget = "/job"\n{until}'))
    assert plan_check(site()).requests < plan_check(polled).requests <= 420


def test_the_pace_is_polite_elsewhere() -> None:
    """Messages keep their distance, except on one's own machine."""
    assert pause_before(site()) == PAUSE_SECONDS
    assert pause_before(site(("https://bot.example.org", "http://127.0.0.1:1"))) == 0


def test_credentials_are_all_that_the_file_names() -> None:
    """Those of the session, of a step and of the headers, each once."""
    asking = site(
        ('get = "/"', 'post = "/login"\nform = { u = "{env:A}", p = "{env:B}" }'),
        ('"/chat"\n', '"/chat"\nheaders = { X = "{env:B}" }\n'),
        ("[reply]", '[headers]\nY = "{file:c}"\n[reply]'),
    )
    assert credentials(asking) == ("env:A", "env:B", "file:c")
