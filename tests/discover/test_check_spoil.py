"""Sessions that are wrong on purpose."""

from string import ascii_letters, digits

import pytest

from chatdoor.discover.check_spoil import spoil, tokens_of, wrong
from chatdoor.flow.cookies import Cookie, Jar
from chatdoor.flow.session import Session
from chatdoor.site.load import loads_site
from chatdoor.site.model import Site

JAR = Jar((Cookie("sid", "abc", "bot.example.org"),))


def site(take: str, sent: str = "{csrf}") -> Site:
    """A site that takes something and sends a header."""
    return loads_site(f"""
schema = 1
name = "bot"
url = "https://bot.example.org"
[take]
{take}
[session]
get = "/"
[chat]
post = "/chat"
headers = {{ X-Token = "{sent}" }}
json = {{ text = "{{prompt}}" }}
[reply]
json = "text"
""")


@pytest.mark.parametrize("token", [digits, ascii_letters, "0123456789abcdef", "a", "9", "Zz-0.fF"])
def test_a_wrong_token_looks_like_a_right_one(token: str) -> None:
    """It has the length and the kinds of characters, hexadecimal stays so, and each letter is another one."""
    spoiled = wrong(token)
    assert spoiled != token
    assert [(c.isdigit(), c.isupper(), c.isalpha()) for c in spoiled] == [
        (c.isdigit(), c.isupper(), c.isalpha()) for c in token
    ]
    assert len(set(spoiled)) == len(set(token))
    if all(c in "0123456789abcdef" for c in token):
        int(spoiled, 16)


def test_tokens_that_go_out_are_spoiled_and_cookies_stay() -> None:
    """What a page gave and nothing sends is left alone: it would change nothing, or something else."""
    bot = site('csrf = { meta = "csrf" }\nbuild = { meta = "build" }')
    assert list(tokens_of(bot)) == ["csrf"]
    session = Session(generation=1, opened=1.0, jar=JAR, values={"csrf": "abc1", "build": "x"})
    spoiled = spoil(bot, session, given=True)
    assert spoiled is not None
    assert (spoiled.values, spoiled.jar, spoiled.given) == ({"csrf": wrong("abc1"), "build": "x"}, JAR, True)


def test_without_a_token_the_cookies_go() -> None:
    """Where cookies are all that a site knows a visitor by, a visitor without them is to be refused."""
    bot = site('other = { meta = "x" }', sent="plain")
    spoiled = spoil(bot, Session(generation=1, opened=1.0, jar=JAR))
    assert spoiled is not None
    assert (spoiled.jar.cookies, spoiled.given) == ((), False)


def test_where_there_is_neither_nothing_can_be_spoiled() -> None:
    """A token that has no letter and no digit is as good as none."""
    bot = site('csrf = { meta = "csrf" }')
    assert spoil(bot, Session(generation=1, opened=1.0)) is None
    assert spoil(bot, Session(generation=1, opened=1.0, values={"csrf": "-"})) is None
