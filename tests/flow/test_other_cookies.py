"""What is said of a cookie that did not come."""

import pytest

from chatdoor.flow.cookies import Cookie, Jar
from chatdoor.flow.other_cookies import MAX_CHARS, MAX_NAMES, other_cookies
from chatdoor.site.model import Source

WANTED = Source(place="cookie", name="csrftoken")


def jar(*names: str) -> Jar:
    """A jar of cookies of these names."""
    return Jar(tuple(Cookie(name, "geheim123", "bot.example") for name in names))


def test_the_names_of_those_that_came() -> None:
    """Names alone, with the setting that changes the name, where its framework is known."""
    told = " (what came is 'sid', 'shop_csrf'; the name may differ in this deployment{})"
    assert other_cookies(WANTED, jar("sid", "shop_csrf"), ()) == told.format(", in Django by CSRF_COOKIE_NAME")
    assert other_cookies(Source(place="cookie", name="t"), jar("sid", "shop_csrf"), ()) == told.format("")


@pytest.mark.parametrize(("source", "names"), [(WANTED, ("csrftoken",)), (Source(place="meta", name="csrf"), ("sid",))])
def test_where_the_name_is_not_what_is_wrong(source: Source, names: tuple[str, ...]) -> None:
    """The cookie came without a value, or the value is no cookie: nothing is said."""
    assert other_cookies(source, jar(*names), ()) == ""


def test_many_and_long_names_are_cut() -> None:
    """A site sets what it likes; so is one that holds a secret masked."""
    told = other_cookies(WANTED, jar("geheim123", "x" * 500, *(f"c{at}" for at in range(20))), {"geheim123"})
    assert f"'***', '{'x' * (MAX_CHARS - 1)}…', 'c0'" in told
    assert f" and {22 - MAX_NAMES} more; " in told
