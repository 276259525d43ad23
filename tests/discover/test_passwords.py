"""Fields that hold a password, whatever they are called."""

import tomllib

import pytest
from msgspec.structs import replace

from chatdoor.discover.discovery import discover
from chatdoor.discover.har import read_har
from chatdoor.discover.passwords import Passwords, passwords_of
from chatdoor.discover.scrub import prove, scrub
from tests.discover.chats import ASKED, OTHER, SAID, got, page, recorded

FORM = '<form method=post><input name=who><INPUT name="k" Type=Password><input type="password"></form>'


def visit() -> bytes:
    """A login whose field for the password has a name that says nothing, and two turns."""
    login = got("POST", "/login", "", body=(("who", "alice"), ("k", "sunflower")), status=303)
    login["response"]["redirectURL"] = "/chat"
    login["response"]["headers"].append({"name": "Set-Cookie", "value": f"sid={OTHER}"})
    turns = [got("POST", "/ask", {"answer": said}, body={"q": q}) for q, said in zip(ASKED, SAID, strict=True)]
    return recorded(page(FORM, path="/login"), login, page(path="/chat"), *turns)


def test_a_page_says_which_of_its_fields_are_passwords() -> None:
    """The names of the fields of that type, of whatever case; a field without a name is none."""
    assert passwords_of(read_har(visit(), "a.har")).fields == {"k"}


def test_the_login_is_found_by_the_pages_own_field() -> None:
    """The site file signs in, by reference, and holds neither the user nor the password."""
    made = discover(read_har(visit(), "a.har"), "a.har")
    assert tomllib.loads(made.text)["session"] == {
        "post": "/login",
        "form": {"who": "{env:BOT_EXAMPLE_USER}", "k": "{env:BOT_EXAMPLE_PASSWORD}"},
        "expect": {"url": "/chat"},
    }


def test_what_was_typed_into_such_a_field_is_scrubbed() -> None:
    """It is found by the page's word alone: neither its name nor its look says what it is."""
    done = scrub(visit(), "a.har")
    prove(done.data, "a.har", done.rewriter)
    assert b"sunflower" not in done.data
    assert next(count for count in done.counts if count.kind == "password").values == 1


def script_login() -> bytes:
    """A login by a form that a script makes: it stands in no page, and its fields have names that say nothing."""
    login = got("POST", "/in", {"jwt": OTHER}, body={"u": "ada", "k": "lovelace wrote"})
    sent = {"Authorization": f"Bearer {OTHER}"}
    turns = [
        got("POST", "/ask", {"answer": said}, body={"q": q}, sent=sent) for q, said in zip(ASKED, SAID, strict=True)
    ]
    return recorded(page(), login, *turns)


def test_texts_that_get_one_in_are_asked_about() -> None:
    """Nothing shows that one of them is a password; the person is asked, by the names of the fields alone."""
    made = discover(read_har(script_login(), "a.har"), "a.har")
    assert "POST /in (entry 1) sends u, k as recorded; is one a password?" in str(made.findings)


def test_what_the_recorder_typed_is_known_by_its_value() -> None:
    """The file signs in by reference, and the scrubbed recording does not hold it."""
    data = script_login()
    made = discover(replace(read_har(data, "a.har"), passwords=("lovelace wrote",)), "a.har")
    assert tomllib.loads(made.text)["session"]["json"] == {
        "u": "{env:BOT_EXAMPLE_USER}",
        "k": "{env:BOT_EXAMPLE_PASSWORD}",
    }
    done = scrub(data, "a.har", passwords=("lovelace wrote",))
    prove(done.data, "a.har", done.rewriter)
    assert b"lovelace wrote" not in done.data


@pytest.mark.parametrize("name", ["password", "pw", "user_pw", "passwd2", "pwd", "pswd", "passcode", "senha", "mdp"])
def test_names_of_passwords(name: str) -> None:
    """A field of that name holds one, without a page that says so."""
    assert Passwords(frozenset(), frozenset()).holds(name, "")


@pytest.mark.parametrize("name", ["message", "compass", "upward", "passage", "bypass_cache", "mpw_count"])
def test_names_of_something_else(name: str) -> None:
    """A field of that name holds none."""
    assert not Passwords(frozenset(), frozenset()).holds(name, "")
