"""The description of what is served, made from the table of routes and the structs of the bodies.

Source: https://spec.openapis.org/oas/v3.1.1.html
"""

import inspect
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from chatdoor._version import __version__
from chatdoor.gateway.openai.errors import Envelope
from chatdoor.gateway.route import Methods, Route

Schema = dict[str, Any]

JSON: Final = "application/json"
EVENTS: Final = "text/event-stream"
KEY: Final = "key"

_REF: Final = "#/components/schemas/{name}"


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
        "components": {"schemas": components, "securitySchemes": {KEY: {"type": "http", "scheme": "bearer"}}},
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
    operation: Schema = {
        "operationId": f"{method.lower()}_{name}",
        "summary": (inspect.getdoc(route.endpoint) or name).partition("\n")[0],
        "responses": {
            "200": {"description": "The answer.", "content": _content(route, schema_of)},
            "default": {"description": "What went wrong.", "content": {JSON: {"schema": schema_of[Envelope]}}},
        },
        "security": [{}] if route.open else [{KEY: []}, {}],
    }
    if route.prompts:
        taken = schema_of[route.takes] if route.takes else {"type": "object"}
        operation["requestBody"] = {"required": True, "content": {JSON: {"schema": taken}}}
    return operation


def _content(route: Route, schema_of: Mapping[type, Schema]) -> Schema:
    schema = schema_of[route.gives] if route.gives else {}
    events = {EVENTS: {"schema": {"type": "string"}}} if route.streams else {}
    return {route.media: {"schema": schema}, **events}
