"""Whether the gateway lives, whether it takes requests, and how its sites are."""

import time

import pytest

from chatdoor.gateway.state import RUNNING_MOST
from tests.gateway.door import Door, gateway, key, practice_door


def test_anybody_may_ask_whether_it_lives(door: Door) -> None:
    """It lives and is ready, with HEAD too."""
    for path in ("/livez", "/readyz"):
        assert door.send("GET", path).json() == {"status": "ok"}
        assert (door.send("HEAD", path).status, door.send("HEAD", path).body) == (200, b"")


@pytest.mark.parametrize("reason", ["closing", "running"])
def test_who_is_busy_still_says_how_it_is(reason: str) -> None:
    """About to end, it lives and is not ready; with too much to do it is both. Prompts are refused in both cases."""
    with practice_door() as (door, _):
        setattr(door.state, reason, True if reason == "closing" else RUNNING_MOST)
        seen = {path: door.send("GET", path).status for path in ("/livez", "/readyz", "/health", "/metrics")}
        health = door.send("GET", "/health").json()
        refused = door.chat()
        door.state.running = 0
    assert seen == {"/livez": 200, "/readyz": 503 if reason == "closing" else 200, "/health": 200, "/metrics": 200}
    assert health["status"] == ("closing" if reason == "closing" else "ok")
    assert (refused.status, refused.headers["x-should-retry"]) == (503, "true")


def test_health_tells_how_sites_are() -> None:
    """A site has no session at first, then one of some age; its last failure stands there until a call succeeds."""
    with practice_door() as (door, practice):
        before = door.send("GET", "/health").json()["sites"]["practice"]
        assert before == {"status": "ok", "session_age": None, "failure": None}
        assert door.chat().status == 200
        assert 0 <= door.send("GET", "/health").json()["sites"]["practice"]["session_age"] < 10
        practice.faults(fail_every=1)
        assert door.chat().status == 424
        failing = door.send("GET", "/health").json()["sites"]["practice"]
        assert (failing["status"], failing["failure"]["error"]) == ("failing", "SiteFailed")
        assert abs(failing["failure"]["at"] - time.time()) < 10
        practice.faults(fail_every=0)
        assert door.chat().status == 200
        assert door.send("GET", "/health").json()["sites"]["practice"]["status"] == "ok"


def test_a_secret_that_is_missing_is_a_failure_of_the_site() -> None:
    """No client can mend it: it is no 400, and whoever runs the gateway sees it."""
    with practice_door(login="form") as (door, _):
        seen = door.chat()
        assert (seen.status, seen.error["type"], seen.error["code"]) == (424, "site_error", "secret_missing")
        site = door.send("GET", "/health").json()["sites"]["practice"]
        assert (site["status"], site["failure"]["error"]) == ("failing", "SecretMissing")


def test_with_keys_sites_are_shown_to_those_who_may_ask_them() -> None:
    """Without its key nobody learns which sites there are; a key for other sites sees none of them."""
    with practice_door() as (inner, _):
        site = inner.state.house.sites["practice"].site
        keys = [key("all"), key("other", sites=frozenset({"other"}))]
        with gateway(site, keys=keys) as door:
            told = {
                name: door.send("GET", "/health", headers={"Authorization": f"Bearer {name}"}).json()["sites"]
                for name in ("all", "other", "wrong")
            }
            assert door.send("GET", "/health").json()["sites"] is None
    assert (list(told["all"]), told["other"], told["wrong"]) == (["practice"], {}, None)
