"""The description of what is served, made from the table of routes and the structs of the bodies.

Source: https://spec.openapis.org/oas/v3.1.1.html
"""

import inspect
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from chatdoor._version import __version__
from chatdoor.gateway import told
from chatdoor.gateway.openai.errors import Envelope
from chatdoor.gateway.route import Methods, Route
from chatdoor.gateway.told import Told

Schema = dict[str, Any]

JSON: Final = "application/json"
EVENTS: Final = "text/event-stream"
KEY: Final = "key"

_REF: Final = "#/components/schemas/{name}"

_FAILED: Final[Mapping[str, Told]] = {**told.ID, **told.PROMPTED, **told.FAILED}

_UNKEYED: Final[Schema] = {}
"""Stands for no key, among the ways to be let in: a gateway may have none."""


def describe(routes: Mapping[bytes, Methods]) -> Schema:
    """The description. Paths have `{id}` where their argument is."""
    structs = _structs(routes)
    schemas, components = msgspec.json.schema_components(structs, ref_template=_REF)
    schema_of = dict(zip(structs, schemas, strict=True))
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "chatdoor",
            "version": __version__,
            "description": "Web chatbots behind an OpenAI-compatible API.",
        },
        "paths": {path.decode(): _methods(path, methods, schema_of) for path, methods in routes.items()},
        "components": {
            "schemas": components,
            "headers": {name: _header(header) for name, header in {**_FAILED, **told.SAID}.items()},
            "responses": {"Problem": _answer("What went wrong.", _FAILED, {JSON: {"schema": schema_of[Envelope]}})},
            "securitySchemes": {KEY: {"type": "http", "scheme": "bearer"}},
        },
    }


def _structs(routes: Mapping[bytes, Methods]) -> list[type[msgspec.Struct]]:
    found: dict[type[msgspec.Struct], None] = {Envelope: None}
    for route in (route for methods in routes.values() for route in methods.values()):
        found |= {struct: None for struct in (route.takes, route.gives) if struct}
    return list(found)


def _methods(path: bytes, methods: Methods, schema_of: Mapping[type, Schema]) -> Schema:
    item: Schema = {method.lower(): _operation(method, route, schema_of) for method, route in methods.items()}
    if b"{id}" in path:
        item["parameters"] = [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}]
    return item


def _operation(method: str, route: Route, schema_of: Mapping[type, Schema]) -> Schema:
    name = getattr(route.endpoint, "__name__", type(route.endpoint).__name__)
    content = {} if method == "HEAD" else _content(route, schema_of)
    operation: Schema = {
        "operationId": f"{method.lower()}_{name}",
        "summary": (inspect.getdoc(route.endpoint) or name).partition("\n")[0],
        "parameters": [*_query(route), *_asked(route)],
        "responses": {
            "200": _answer("The answer.", _told(route), content),
            **{str(status): _answer(says, told.ID, {}) for status, says in route.also.items()},
            "default": {"$ref": "#/components/responses/Problem"},
        },
        "security": [_UNKEYED] if route.open and not route.sees_key else [{KEY: []}, _UNKEYED],
    }
    if route.prompts:
        taken = schema_of[route.takes] if route.takes else {"type": "object"}
        operation["requestBody"] = {"required": True, "content": {JSON: {"schema": taken}}}
    return operation


def _answer(says: str, headers: Mapping[str, Told], content: Schema) -> Schema:
    named = {name: {"$ref": f"#/components/headers/{name}"} for name in headers}
    return {"description": says, "headers": named, **({"content": content} if content else {})}


def _content(route: Route, schema_of: Mapping[type, Schema]) -> Schema:
    schema = schema_of[route.gives] if route.gives else {}
    events = {EVENTS: {"schema": {"type": "string"}}} if route.streams else {}
    return {route.media: {"schema": schema}, **events}


def _told(route: Route) -> Mapping[str, Told]:
    """The headers of the route's good answers."""
    return {**told.ID, **(told.PROMPTED if route.prompts else {}), **(told.SAID if route.streams else {})}


def _asked(route: Route) -> Iterator[Schema]:
    """The headers of the route's requests."""
    headers = {**(told.ASKED if route.prompts else {}), **(told.NAMED if route.streams else {})}
    for name, header in headers.items():
        yield {"name": name, "in": "header", "description": header.says, "schema": header.schema}


def _query(route: Route) -> Iterator[Schema]:
    if route.query is None:
        return
    (_,), components = msgspec.json.schema_components([route.query])
    for name, schema in components[route.query.__name__]["properties"].items():
        yield {"name": name, "in": "query", "description": schema.pop("description"), "schema": schema}


def _header(header: Told) -> Schema:
    return {"description": header.says, "required": header.always, "schema": header.schema}
