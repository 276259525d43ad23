"""The site as a function of requests, with no socket."""

import json

import msgspec
import pytest

from chatdoor.practice.app import ROUTES, answer
from chatdoor.practice.behaviour import Behaviour
from chatdoor.practice.state import State
from chatdoor.practice.wire import Answer, Request

HOST = "127.0.0.1:8000"


def _ask(
    state: State, method: str, path: str, query: str = "", body: object = None, peer: str = "127.0.0.1", **headers: str
) -> Answer:
    names = {name.replace("_", "-"): text for name, text in {"host": HOST, **headers}.items()}
    data = b"" if body is None else json.dumps(body).encode()
    return answer(Request(method=method, path=path, query=query, headers=names, body=data, peer=peer), state)


def _json(given: Answer) -> dict[str, object]:
    value = json.loads(b"".join(given.body))
    assert isinstance(value, dict)
    return value


@pytest.mark.parametrize(
    ("method", "path", "status", "allowed"),
    [
        ("GET", "/nothing", 404, None),
        ("GET", "", 404, None),
        ("GET", "/generate_response", 404, None),
        ("GET", "/generate_response/", 405, "POST"),
        ("GET", "/login", 404, None),
        ("POST", "/login", 404, None),
        ("POST", "/conversations", 404, None),
        ("GET", "/jobs/none", 410, None),
        ("POST", "/jobs/none", 405, "GET"),
        ("POST", "/", 405, "GET"),
        ("DELETE", "/faults", 405, "GET, POST"),
        ("HEAD", "/healthz", 200, None),
        ("GET", "/healthz", 200, None),
        ("GET", "/session", 404, None),
    ],
)
def test_paths_and_methods(method: str, path: str, status: int, allowed: str | None) -> None:
    """A path or a method that the site does not have is refused, with the methods that it has."""
    given = _ask(State(Behaviour()), method, path)
    assert given.status == status
    assert dict(given.headers).get("Allow") == allowed


def test_the_site_is_these_paths() -> None:
    """These are the paths that the documentation names; a browser needs two files beside them."""
    assert set(ROUTES) == {
        "/", "/session", "/login", "/leave", "/conversations", "/generate_response/", "/jobs/", "/stats", "/faults",
        "/healthz", "/chat.css", "/chat.js",
    }  # fmt: skip


@pytest.mark.parametrize("path", ["/", "/chat.css", "/chat.js"])
def test_the_page_needs_nothing_from_outside(path: str) -> None:
    """The page and its files name no other host, and the page's policy allows none."""
    given = _ask(State(Behaviour()), "GET", path)
    text = b"".join(given.body).decode()
    assert "://" not in text
    assert "@" not in text.replace("@media", "")
    if path == "/":
        assert "default-src 'none'" in dict(given.headers)["Content-Security-Policy"]


def test_a_token_in_the_page_is_not_cached() -> None:
    """No cache may keep a page with a token, or give it to another visitor."""
    headers = dict(_ask(State(Behaviour()), "GET", "/").headers)
    assert headers["Cache-Control"] == "no-store"
    assert headers["Vary"] == "Cookie"


def test_faults_are_shown_and_changed() -> None:
    """Faults are read by GET, and changed by POST with a query, a JSON object, or both."""
    state = State(Behaviour())
    assert _json(_ask(state, "GET", "/faults"))["limit_every"] == 0
    changed = _ask(state, "POST", "/faults", "limit_every=3&rotate=1", {"slow": 0.5})
    assert _json(changed) == _json(_ask(state, "GET", "/faults"))
    assert {"limit_every": 3, "rotate": True, "slow": 0.5}.items() <= _json(changed).items()


def test_reading_changes_nothing() -> None:
    """A GET that means to change faults is refused, since a link could do it."""
    state = State(Behaviour())
    given = _ask(state, "GET", "/faults", "limit_every=3")
    assert (given.status, dict(given.headers)["Allow"]) == (405, "POST")
    assert state.behaviour == Behaviour()


@pytest.mark.parametrize(
    ("query", "body"),
    [
        ("limit_every=x", None),
        ("nonsense=1", None),
        ("expire=2", None),
        ("token=none", None),
        ("a=1&" * 200, None),
        ("", []),
        ("", {"expire": 1}),
        ("", {"limit_every": "3"}),
        ("rotate=1", {"slow": -1}),
    ],
)
def test_wrong_faults_change_nothing(query: str, body: object) -> None:
    """Where one fault is wrong, the answer is 400 and nothing is changed."""
    state = State(Behaviour())
    given = _ask(state, "POST", "/faults", query, body)
    assert given.status == 400
    assert _json(given)["error"]
    assert state.behaviour == Behaviour()


@pytest.mark.parametrize(
    "headers",
    [
        {"peer": "192.0.2.1"},
        {"peer": ""},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:9"},
    ],
)
def test_faults_are_changed_from_here_only(headers: dict[str, str]) -> None:
    """Other machines, and pages of other sites, can not change faults."""
    state = State(Behaviour())
    assert _ask(state, "POST", "/faults", "rotate=1", **headers).status == 403
    assert state.behaviour == Behaviour()


@pytest.mark.parametrize("host", [HOST, "localhost:1", "[::1]:8000", "127.9.9.9"])
def test_every_name_of_this_machine_is_here(host: str) -> None:
    """Faults can be changed by any name of this machine, and from the site's own page."""
    given = _ask(State(Behaviour()), "POST", "/faults", "rotate=1", host=host, origin=f"http://{host}", peer="::1")
    assert given.status == 200


def test_expiry_is_a_deed() -> None:
    """Expiry ends the tokens there are, and is not kept as a setting."""
    state = State(Behaviour())
    visitor = state.visitors.admit(None)
    token = state.visitors.token(visitor)
    assert "expire" not in _json(_ask(state, "POST", "/faults", "expire=1"))
    assert not state.visitors.holds(visitor, token)
    _ask(state, "POST", "/faults", body={"expire": False})
    assert state.visitors.holds(visitor, state.visitors.token(visitor))


@pytest.mark.parametrize(
    "host", ["practice.example:8000", "127.0.0.1.practice.example:8000", "", "[", "192.0.2.1:8000"]
)
@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/"), ("POST", "/faults"), ("GET", "/stats"), ("GET", "/nothing")]
)
def test_another_name_is_another_site(method: str, path: str, host: str) -> None:
    """A name that is not this machine's gets nothing, wherever it leads: a page elsewhere could have it lead here."""
    given = _ask(State(Behaviour()), method, path, host=host)
    assert given.status == 421
    assert "the names of this machine only" in str(_json(given)["error"])


@pytest.mark.parametrize(
    ("host", "status"), [("localhost:8000", 200), ("[::1]:8000", 200), ("localhost:81", 421), ("localhost", 421)]
)
def test_another_port_is_another_site(host: str, status: int) -> None:
    """Where the port is known that a request came to, it must ask for that one; without one it asks for 80."""
    request = Request(method="GET", path="/healthz", headers={"host": host}, port=8000)
    assert answer(request, State(Behaviour())).status == status
    assert answer(msgspec.structs.replace(request, port=80), State(Behaviour())).status == (
        200 if host == "localhost" else 421
    )


def test_forgetting_is_a_deed() -> None:
    """Conversations are forgotten by URL, and nothing stays set."""
    state = State(Behaviour(history="id"))
    state.conversations.hear("a", ["Hi"])
    assert "forget" not in _json(_ask(state, "POST", "/faults", "forget=1"))
    assert not state.conversations.knows("a")
