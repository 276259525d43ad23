"""A session as a value: what changes do to it, and what in it is secret."""

from chatdoor.flow.cookies import Cookie, Jar
from chatdoor.flow.session import Changes, Session

OTHER = Cookie("a", "1", "bot.example")
TOKEN = Cookie("csrftoken", "old", "bot.example")
SESSION = Session(generation=3, opened=10.0, jar=Jar((TOKEN,)), values={"csrf": "old"}, page="https://bot.example/")


def test_changes_are_merged() -> None:
    """Cookies, values and page are taken over; what is not named stays."""
    merged = SESSION.merge(
        Changes((Cookie("a", "1", "bot.example"),), {"nonce": "n"}, "https://bot.example/b", at=20.0)
    )
    assert merged.jar.header("https://bot.example/", 20.0) == "csrftoken=old; a=1"
    assert merged.values == {"csrf": "old", "nonce": "n"}
    assert (merged.page, merged.generation, merged.opened) == ("https://bot.example/b", 3, 10.0)
    assert SESSION.values == {"csrf": "old"}


def test_changes_of_two_answers_do_not_undo_each_other() -> None:
    """Each merge touches what its answer brought, in whatever order the answers come."""
    one, other = Changes(values={"a": 1}), Changes(values={"b": 2})
    assert SESSION.merge(one).merge(other) == SESSION.merge(other).merge(one)


def test_nothing_changes_nothing() -> None:
    """An answer without news leaves the session as it was."""
    assert SESSION.merge(Changes()) == SESSION


def test_a_value_that_is_gone_is_removed() -> None:
    """A value whose cookie was deleted is no value any more; one that came in its place stays."""
    assert SESSION.merge(Changes(gone=("csrf",))).values == {}
    assert SESSION.merge(Changes(values={"csrf": "new"}, gone=("csrf",))).values == {"csrf": "new"}


def test_a_given_token_stays() -> None:
    """Neither the value nor the cookie that the caller gave is replaced or deleted; the rest is merged."""
    new = Cookie("csrftoken", "new", "bot.example")
    changes = Changes((new, OTHER), {"csrf": "new", "b": 2}, gone=("csrf",))
    merged = Session(generation=1, opened=0.0, jar=Jar((TOKEN,)), values={"csrf": "old"}, given=True).merge(changes)
    assert merged.jar.header("https://bot.example/", 20.0) == "csrftoken=old; a=1"
    assert merged.values == {"csrf": "old", "b": 2}


def test_all_that_cookies_and_values_hold_is_secret() -> None:
    """Texts and numbers, however deep, and no empty one."""
    values: dict[str, object] = {"a": "text", "b": {"c": ["deep", 1234, None]}, "d": "", "e": {}}
    session = Session(generation=1, opened=0.0, jar=Jar((TOKEN, Cookie("empty", "", "bot.example"))), values=values)
    assert session.secrets == {"old", "text", "deep", "1234"}


def test_a_deep_value_is_no_trouble() -> None:
    """A value nested as deep as JSON can be read is looked through without recursion."""
    deep: object = "bottom"
    for _ in range(20_000):
        deep = [deep]
    assert Session(generation=1, opened=0.0, values={"a": deep}).secrets == {"bottom"}
