"""The description of the API: valid, whole, and of the structs that are decoded."""

import http.client
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from chatdoor.gateway.openapi import describe
from chatdoor.gateway.route import Route
from chatdoor.gateway.routes import ALL
from tests.gateway.door import Door, gateway, key


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
    assert not checks.is_valid({"model": "practice"})


def test_answers_are_what_the_schema_says(door: Door, description: Any) -> None:
    """Whole answers of the gateway are valid by its own description, errors too."""

    def schema(path: str, method: str, status: str) -> Draft202012Validator:
        content = description["paths"][path][method]["responses"][status]["content"]["application/json"]
        return Draft202012Validator({**content["schema"], "components": description["components"]})

    schema("/v1/chat/completions", "post", "200").validate(door.chat().json())
    schema("/v1/chat/completions", "post", "default").validate(door.chat(model="none").json())
    schema("/v1/models", "get", "200").validate(door.send("GET", "/v1/models").json())
    schema("/v1/models/{id}", "get", "200").validate(door.send("GET", "/v1/models/practice").json())
    schema("/health", "get", "200").validate(door.send("GET", "/health").json())


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
