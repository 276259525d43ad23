"""The description of the API: valid, whole, and of the structs that are decoded."""

import http.client
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from chatdoor.gateway.openapi import describe
from chatdoor.gateway.quota import Quota
from chatdoor.gateway.route import Route
from chatdoor.gateway.routes import ALL
from chatdoor.practice import Practice
from tests.gateway.door import CHAT, Door, Seen, gateway, key
from tests.gateway.test_metrics import BODIES


@pytest.fixture(scope="module")
def description(door: Door) -> Any:
    """What the gateway says of itself."""
    return door.send("GET", "/openapi.json").json()


def test_it_is_valid(description: Any) -> None:
    """It keeps the rules of OpenAPI 3.1."""
    assert list(OpenAPIV31SpecValidator(description).iter_errors()) == []


def test_every_route_stands_in_it(description: Any) -> None:
    """Each path and method of the table is described, and nothing else."""
    told = {(path, method) for path, item in description["paths"].items() for method in item if method != "parameters"}
    assert told == {(path.decode(), method.lower()) for path, methods in ALL.items() for method in methods}


@pytest.mark.parametrize("path", [path for path in ALL if "POST" in ALL[path]], ids=bytes.decode)
def test_every_prompt_has_its_struct(path: bytes) -> None:
    """An endpoint that takes a prompt says what it takes and gives."""
    route = ALL[path]["POST"]
    assert not route.prompts or (route.takes and route.gives)


def test_requests_are_what_the_schema_says(description: Any) -> None:
    """The schema of a chat request takes a good one and refuses a wrong one."""
    body = description["paths"]["/v1/chat/completions"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    checks = Draft202012Validator({**body, "components": description["components"]})
    good = {"model": "practice", "messages": [{"role": "user", "content": "Hello"}]}
    assert checks.is_valid(good)
    assert not checks.is_valid({**good, "n": 0})
    assert not checks.is_valid({**good, "messages": [{"role": "nobody", "content": "Hello"}]})
    assert not checks.is_valid({"model": "practice"})


def test_answers_are_what_the_schema_says(door: Door, description: Any) -> None:
    """Whole answers of the gateway are valid by its own description, errors too."""
    kept = door.send("POST", "/v1/responses", {"model": "practice", "input": "Hello"}).json()["id"]
    talk = door.send("POST", "/v1/conversations", {}).json()["id"]
    for path, given in (
        *((path, "") for path in ("/v1/models", "/health", "/livez", "/readyz", "/v1/chatdoor/state")),
        ("/v1/models/{id}", "practice"),
        *((path, kept) for path in ("/v1/responses/{id}", "/v1/responses/{id}/input_items")),
        *((path, talk) for path in ("/v1/conversations/{id}", "/v1/conversations/{id}/items")),
    ):
        _check(description, path, "get", door.send("GET", path.replace("{id}", given)))
    _check(description, "/v1/responses/{id}", "delete", door.send("DELETE", f"/v1/responses/{kept}"))
    for path, body in BODIES.items():
        asked = {"frequency_penalty": 1, "tools": [{}]} | dict(body)
        _check(description, path.decode(), "post", door.send("POST", path.decode(), asked))
        _check(description, path.decode(), "post", door.send("POST", path.decode(), {**asked, "model": "none"}))


@pytest.mark.parametrize(
    "fault", [{"limit_every": 1, "retry_after": 600}, {"fail_every": 1}], ids=["limited", "failed"]
)
def test_the_headers_of_failures_stand_in_it(description: Any, fault: dict[str, int]) -> None:
    """Whether and when to ask again, and what a limited key has left, is described where it is said."""
    with Practice(**fault) as site, gateway(site, keys=[key("one", quota=Quota(9, None))]) as door:
        _check(description, CHAT, "post", door.chat({"Authorization": "Bearer one"}))
        _check(description, CHAT, "post", door.chat())


def _check(description: Any, path: str, method: str, seen: Seen) -> None:
    """The answer's body and its headers are as they are described."""
    answers, components = description["paths"][path][method]["responses"], description["components"]
    answer = answers[str(seen.status)] if str(seen.status) in answers else components["responses"]["Problem"]
    schema = answer["content"]["application/json"]["schema"]
    assert schema
    Draft202012Validator({**schema, "components": components}).validate(seen.json())
    ours = {name for name in seen.headers if name.startswith("x-") or name == "retry-after"}
    assert ours <= answer["headers"].keys()
    for name in answer["headers"]:
        header = components["headers"][name]
        assert name in ours or not header["required"]
        if name in ours and header["schema"]["type"] == "string":
            Draft202012Validator(header["schema"]).validate(seen.headers[name])


def test_it_says_where_a_key_is_needed(description: Any) -> None:
    """What needs none says so; metrics and health see one, though their route is open."""

    def keyed(path: str) -> bool:
        return {"key": []} in description["paths"][path]["get"]["security"]

    assert all(map(keyed, ("/v1/models", "/v1/chatdoor/state", "/metrics", "/health")))
    assert not any(map(keyed, ("/", "/page/{id}", "/livez", "/readyz", "/openapi.json")))


def test_what_may_be_asked_for_stands_in_it(description: Any) -> None:
    """The query of a list with its bounds, and the headers that join retries and name conversations."""

    def asked(path: str, method: str) -> dict[str, Any]:
        return {each["name"]: each["schema"] for each in description["paths"][path][method]["parameters"]}

    for path in ("/v1/responses/{id}/input_items", "/v1/conversations/{id}/items"):
        query = asked(path, "get")
        assert query.keys() == {"order", "after", "limit"}
        assert (query["limit"]["minimum"], query["limit"]["maximum"]) == (1, 100)
        assert query["order"]["enum"] == ["asc", "desc"]
    assert asked("/v1/responses/{id}", "get").keys() == {"stream"}
    assert asked(CHAT, "post").keys() == {
        *("Idempotency-Key", "X-Stainless-Retry-Count"),
        *("X-Conversation-Id", "X-OpenWebUI-Chat-Id", "X-LiteLLM-Session-Id"),
    }


def test_a_route_with_nothing_said_of_it_stands_there_too() -> None:
    """A row with an endpoint alone is described by its docstring."""

    async def odd(_state: object, _exchange: object) -> None:
        """Does something odd.

        And more.
        """

    told = describe({b"/odd": {"POST": Route(odd, prompts=True)}})
    assert told["paths"]["/odd"]["post"]["summary"] == "Does something odd."
    assert list(OpenAPIV31SpecValidator(told).iter_errors()) == []


def test_it_needs_no_key_and_is_made_once() -> None:
    """A client may read it before it has a key; the second time it is the same bytes."""
    with gateway(keys=[key("one")]) as door:
        first, second = door.send("GET", "/openapi.json"), door.send("GET", "/openapi.json")
        assert (first.status, first.body) == (200, second.body)
        connection = http.client.HTTPConnection("127.0.0.1", door.port, timeout=10)
        connection.request("HEAD", "/openapi.json")
        assert connection.getresponse().read() == b""
        connection.close()
