"""The page of metrics: what is counted, under which names, and what never stands there."""

import socket
from collections.abc import Mapping

import pytest
from prometheus_client.parser import text_string_to_metric_families

from chatdoor._version import __version__
from chatdoor.drive.pace import Pace
from chatdoor.gateway.routes import PATHS
from chatdoor.gateway.state import Conduct
from tests.gateway.door import CHAT, HELLO, Door, Seen, gateway, key, practice_door
from tests.gateway.test_stream import STREAMED

Labels = frozenset[tuple[str, str]]

BODIES: Mapping[bytes, Mapping[str, object]] = {
    b"/v1/chat/completions": {"model": "practice", "messages": HELLO},
    b"/v1/completions": {"model": "practice", "prompt": "Hello"},
    b"/v1/responses": {"model": "practice", "input": "Hello"},
}
"""A good request for each endpoint that asks a site."""

PROMPTED = [path for path, methods in PATHS.items() if any(route.streams for route in methods.values())]


def samples(page: Seen) -> dict[str, dict[Labels, float]]:
    """Each sample of the page: name -> its labels -> the value."""
    assert page.status == 200
    assert page.headers["content-type"].startswith("text/plain; version=0.0.4")
    found: dict[str, dict[Labels, float]] = {}
    for family in text_string_to_metric_families(page.body.decode()):
        for sample in family.samples:
            found.setdefault(sample.name, {})[frozenset(sample.labels.items())] = sample.value
    return found


def value(door: Door, name: str, **labels: str) -> float:
    """The sum of the samples of that name whose labels include these."""
    found = samples(door.send("GET", "/metrics")).get(name, {})
    return sum(number for its, number in found.items() if labels.items() <= dict(its).items())


@pytest.mark.parametrize("path", PROMPTED, ids=bytes.decode)
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_each_endpoint_that_prompts_is_counted(path: bytes, streamed: bool) -> None:
    """A request has its endpoint, status, site, duration, time to the first piece, and tokens."""
    with practice_door(reply="sse-delta", slow=0.06) as (door, _):
        assert door.send("POST", path.decode(), {**BODIES[path], "stream": streamed}).status == 200
        door.wait_until_idle()
        here = {"endpoint": path.decode(), "site": "practice"}
        assert value(door, "chatdoor_requests_total", status="200", **here) == 1
        for histogram in ("chatdoor_request_seconds", "chatdoor_first_piece_seconds"):
            assert value(door, f"{histogram}_count", **here) == 1
            assert 0.06 <= value(door, f"{histogram}_sum", **here) < 5
            assert value(door, f"{histogram}_bucket", le="0.05", **here) == 0
            assert value(door, f"{histogram}_bucket", le="+Inf", **here) == 1
        for direction in ("input", "output"):
            assert value(door, "chatdoor_tokens_total", site="practice", direction=direction, counted="estimate") > 0


def test_it_counts_what_a_site_does() -> None:
    """Sessions that were opened, errors by their kind, waits that the site asks for."""
    with practice_door() as (door, practice):
        assert door.chat().status == 200
        assert value(door, "chatdoor_sessions_opened_total", site="practice") == 1
        practice.faults(fail_every=1)
        assert door.chat().status == 424
        assert value(door, "chatdoor_site_errors_total", site="practice", error="SiteFailed") == 1
        assert value(door, "chatdoor_site_errors_total") == 1
        practice.faults(fail_every=0, limit_every=1, retry_after=600)
        assert door.chat().status == 429
        assert value(door, "chatdoor_waits_asked_total", site="practice") == 1


def test_an_error_of_one_of_several_choices_is_counted() -> None:
    """A request with `n` fails with one error of the site's, which is noted as that of a single one."""
    with practice_door(fail_every=1) as (door, _):
        assert door.chat(n=2).status == 424
        assert value(door, "chatdoor_site_errors_total", site="practice", error="SiteFailed") == 1
        assert door.send("GET", "/health").json()["sites"]["practice"]["status"] == "failing"


def test_it_counts_renewed_sessions() -> None:
    """A token that expires within a conversation is a session that was renewed, not opened."""
    with practice_door(history="session") as (door, practice):
        named = {"X-Conversation-Id": door.chat().headers["x-conversation-id"]}
        practice.faults(expire=True)
        assert door.chat(named).status == 200
        assert value(door, "chatdoor_sessions_opened_total", site="practice") == 1
        assert value(door, "chatdoor_sessions_refreshed_total", site="practice") == 1


def test_waits_for_the_pace_are_counted() -> None:
    """A call that the site's own pace holds back is a wait of some length."""
    with practice_door() as (inner, _):
        client = inner.state.house.sites["practice"]
        client.visitor.pace = Pace(1, 100.0)
        assert [inner.chat().status for _ in range(3)] == [200] * 3
        assert value(inner, "chatdoor_waits_total", site="practice") == 2
        assert 0 < value(inner, "chatdoor_wait_seconds_total", site="practice") < 3


def test_what_a_client_makes_up_is_no_label() -> None:
    """A thousand unknown models, paths and methods leave the page as long as one of them does."""
    with practice_door() as (door, _):

        def bother(number: int) -> int:
            assert door.chat(model=f"secret-model-{number}").status == 404
            assert door.send("GET", f"/secret-path-{number}").status == 404
            assert door.send("GET", f"/v1/models/secret-{number}").status == 404
            assert door.send(f"SECRET{number}", CHAT).status in {400, 405}
            door.wait_until_idle()
            page = door.send("GET", "/metrics").body
            assert b"secret" not in page.lower()
            return page.count(b"\n")

        bother(0)
        few = bother(1)
        assert [bother(number) for number in range(2, 20)] == [few] * 18


def test_nothing_that_was_said_stands_there() -> None:
    """No prompt, reply, key, session token or conversation id is on the page."""
    with practice_door(history="session") as (inner, _):
        site = inner.state.house.sites["practice"].site
        with gateway(site, keys=[key("very-secret-key")]) as door:
            bearer = {"Authorization": "Bearer very-secret-key"}
            seen = door.chat(bearer, messages=[{"role": "user", "content": "say exactly: kiwi"}])
            assert "kiwi" in seen.json()["choices"][0]["message"]["content"]
            page = door.send("GET", "/metrics", headers=bearer).body.decode()
    for secret in ("kiwi", "very-secret", seen.headers["x-conversation-id"], key("very-secret-key").digest.hex()[:8]):
        assert secret not in page


def test_who_may_read_it() -> None:
    """Where there are keys it needs one, for all sites; an operator may open it. A page of elsewhere gets nothing."""
    keys = [key("all"), key("some", sites=frozenset({"practice"}))]
    with gateway(keys=keys) as door:
        asked = {
            name: door.send("GET", "/metrics", headers={"Authorization": f"Bearer {name}"})
            for name in ("all", "some", "no")
        }
        assert {name: seen.status for name, seen in asked.items()} == {"all": 200, "some": 403, "no": 401}
        assert door.send("GET", "/metrics").error["code"] is None
    with gateway(keys=keys, conduct=Conduct(open_metrics=True)) as door:
        assert door.send("GET", "/metrics").status == 200
    with gateway() as door:
        assert door.send("GET", "/metrics").status == 200
        assert door.send("GET", "/metrics", headers={"Origin": "https://evil.example"}).status == 403


def test_a_client_that_leaves_is_a_499() -> None:
    """Who leaves before the head of the answer is counted as such, and the site is not to blame."""
    with practice_door(reply="sse-delta", slow=5.0) as (door, _):
        with socket.create_connection(("127.0.0.1", door.port)) as connection:
            head = f"POST {CHAT} HTTP/1.1\r\nHost: 127.0.0.1:{door.port}\r\nContent-Type: application/json\r\n"
            connection.sendall(f"{head}Content-Length: {len(STREAMED)}\r\n\r\n".encode() + STREAMED)
            while not door.state.running:
                pass
        door.wait_until_idle()
        assert value(door, "chatdoor_requests_total", status="499", site="practice") == 1
        assert value(door, "chatdoor_site_errors_total") == 0


def test_what_is_no_request_is_counted() -> None:
    """Connections that are ended before there is a request have a count of their own, by status."""
    with gateway() as door:
        assert door.raw(b"no HTTP at all\r\n\r\n").startswith(b"HTTP/1.1 400")
        assert value(door, "chatdoor_connections_refused_total", status="400") == 1


def test_all_names_have_the_same_beginning() -> None:
    """Each metric says what it is and begins with our name; the version is a label."""
    with gateway() as door:
        page = door.send("GET", "/metrics").body.decode()
        assert value(door, "chatdoor_build_info", version=__version__) == 1
        assert value(door, "chatdoor_requests_running") == 1
    lines = page.splitlines()
    names = [line.split()[2] for line in lines if line.startswith("# TYPE")]
    assert all(name.startswith("chatdoor_") for name in names)
    assert names == [line.split()[2] for line in lines if line.startswith("# HELP") and len(line.split()) > 3]
