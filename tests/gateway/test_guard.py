"""Who may ask, seen from outside: pages of a browser, hosts, limits, methods."""

import pytest

from tests.gateway.door import CHAT, Door, gateway, key, practice_door

PAGE = "https://app.example.org"


def test_our_own_page_may_ask(door: Door) -> None:
    """A page of the gateway's own origin is no foreign one, nor is what a person typed."""
    own = {"Origin": f"http://127.0.0.1:{door.port}", "Sec-Fetch-Site": "same-origin"}
    assert door.chat(own).status == 200
    assert door.send("GET", "/v1/models", headers={"Sec-Fetch-Site": "none"}).status == 200
    for name in ("localhost", "LOCALHOST", "[::1]"):
        assert door.send("GET", "/v1/models", headers={"Host": f"{name}:{door.port}"}).status == 200


LINK = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}


def test_a_link_of_another_site_leads_to_the_page(door: Door) -> None:
    """A person who follows one sees the page and its files; nothing else is served so, and no frame or script."""
    for method, path in [("GET", "/"), ("HEAD", "/"), ("GET", "/page/main.js")]:
        assert door.send(method, path, headers=LINK).status == 200
    others = [{"Sec-Fetch-Dest": "iframe"}, {"Sec-Fetch-Mode": "no-cors"}, {"Origin": PAGE}]
    assert [door.send("GET", "/", headers=LINK | other).status for other in others] == [403] * 3
    for method, path in [("POST", "/"), ("GET", "/v1/models"), ("GET", "/health"), ("POST", CHAT)]:
        assert door.send(method, path, headers=LINK).status == 403


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "", "application/jsonp"])
def test_only_json_is_read(door: Door, kind: str) -> None:
    """What a form of any page can send without asking is not read."""
    seen = door.send("POST", CHAT, b"{}", {"Content-Type": kind})
    assert (seen.status, seen.error["code"]) == (415, "content_type")
    typed = door.send("POST", CHAT, b"{}", {"Content-Type": "Application/JSON; charset=utf-8"})
    assert typed.status == 400


@pytest.mark.parametrize(("coding", "status"), [("gzip", 415), ("br, gzip", 415), ("Identity", 200)])
def test_a_compressed_body_is_refused(door: Door, coding: str, status: int) -> None:
    """It is said that it would have to be plain, and not that it is no JSON."""
    seen = door.chat({"Content-Encoding": coding})
    assert seen.status == status
    if status == 415:
        assert seen.error["code"] == "content_encoding"


def test_a_page_that_is_allowed_may_ask() -> None:
    """With --cors a browser is told that the page may ask, and reads our headers; other pages may not."""
    with gateway(cors=[PAGE]) as door:
        asked = {"Origin": PAGE, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-a"}
        preflight = door.send("OPTIONS", CHAT, headers=asked)
        assert preflight.status == 204
        assert preflight.headers["access-control-allow-origin"] == PAGE
        assert preflight.headers["access-control-allow-headers"] == "x-a"
        assert preflight.headers["access-control-allow-methods"] == "POST"
        answer = door.send("GET", "/v1/models", headers={"Origin": PAGE, "Sec-Fetch-Site": "cross-site"})
        assert answer.status == 200
        assert "x-request-id" in answer.headers["access-control-expose-headers"]
        other = door.send("OPTIONS", CHAT, headers=asked | {"Origin": "https://evil.example"})
        assert (other.status, "access-control-allow-origin" in other.headers) == (403, False)


WAYS = [("/v1/models", "GET, HEAD, OPTIONS"), (CHAT, "POST, OPTIONS"), ("*", "DELETE, GET, HEAD, POST, OPTIONS")]


@pytest.mark.parametrize(("path", "allowed"), WAYS)
def test_who_asks_for_the_methods_is_told(path: str, allowed: str) -> None:
    """OPTIONS of a path, or of all (`*`), needs no key and no page; a page of another origin is not told."""
    with gateway(keys=[key("one")]) as door:
        told = door.send("OPTIONS", path)
        assert (told.status, told.headers["allow"], told.body) == (204, allowed, b"")
        assert "access-control-allow-methods" not in told.headers
        assert door.send("OPTIONS", path, headers={"Origin": PAGE}).status == 403


def test_with_a_key_the_key_decides() -> None:
    """A page that knows a key may ask; one that does not may not."""
    with gateway(keys=[key("one")]) as door:
        foreign = {"Origin": "https://evil.example"}
        assert door.send("GET", "/v1/models", headers=foreign).status == 401
        assert door.send("GET", "/v1/models", headers=foreign | {"Authorization": "Bearer one"}).status == 200


def test_limits_are_told_and_kept() -> None:
    """Each answer says how many requests are left; what is too much is a 429 and reaches no site."""
    from chatdoor.gateway.quota import Quota

    with practice_door() as (inner, practice):
        site = inner.state.house.sites["practice"].site
        with gateway(site, keys=[key("one", quota=Quota(None, 2)), key("two")]) as door:
            one = {"Authorization": "Bearer one"}
            left = [door.chat(one).headers["x-ratelimit-remaining-requests"] for _ in range(2)]
            assert left == ["1", "0"]
            refused = door.chat(one)
            assert (refused.status, refused.error["code"]) == (429, "rate_limit_exceeded")
            assert int(refused.headers["retry-after"]) > 0
            assert door.chat({"Authorization": "Bearer two"}).status == 200
            assert door.send("GET", "/v1/models", headers=one).status == 200
        assert practice.stats()["accepted"] == 3


def test_methods_that_are_not_there(door: Door) -> None:
    """405 says what is allowed."""
    seen = door.send("GET", CHAT)
    assert (seen.status, seen.headers["allow"], seen.error["code"]) == (405, "POST", "method_not_allowed")
    assert door.send("DELETE", "/v1/models/practice").headers["allow"] == "GET, HEAD"


def test_a_clients_id_is_taken_over(door: Door) -> None:
    """A plain id comes back, so that a client finds its request again; without one it gets ours."""
    assert door.send("GET", "/livez", headers={"X-Request-Id": "their-1"}).headers["x-request-id"] == "their-1"
    ids = {door.send("GET", "/livez").headers["x-request-id"] for _ in range(3)}
    assert len(ids) == 3


def test_a_model_name_with_a_slash(door: Door) -> None:
    """A slash in a model's name may be as it is, or percent-encoded."""
    for path in ("practice/eliza", "practice%2Feliza", "practice%2feliza"):
        assert door.send("GET", f"/v1/models/{path}").json()["id"] == "practice/eliza"
