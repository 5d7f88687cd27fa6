"""`/openapi.json`: the description of the whole API, made from the route tables and from the types themselves."""

import re
from collections.abc import Iterable
from functools import cache
from typing import Any, cast

import msgspec

from gatepost_gateway.control import answers
from gatepost_gateway.control.endpoint import Access, Answer, Asked, Endpoint, House, Parameter
from gatepost_gateway.control.surface import ROUTES, Route
from gatepost_gateway.settings.fields import Shape
from gatepost_gateway.version import VERSION

_REF = "#/components/schemas/{name}"
_PART = re.compile(r"\{(\w+)\}")
_OPEN: dict[str, Any] = {"type": "object", "additionalProperties": True}


def describe(table: Iterable[Endpoint]) -> dict[str, Any]:
    """The description, OpenAPI 3.1."""
    endpoints = [*table]
    shapes = _shapes(endpoints)
    structs = [one.answer for one in endpoints if one.answer is not None]
    structs += [kind for route in ROUTES for kind in (route.answer, route.body) if kind is not None]
    _, components = msgspec.json.schema_components([*structs, answers.Problem], ref_template=_REF)
    paths: dict[str, dict[str, Any]] = {}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method.lower()] = _data_plane(route)
    for endpoint in endpoints:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _control_plane(endpoint)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Gatepost",
            "version": VERSION,
            "description": "Every model call governed. Money is dollars as exact decimal text; null is unknown.",
        },
        "security": [{"bearer": []}, {"header": []}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": dict(sorted({**components, **shapes}.items())),
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "description": "`gp_...` or, to administer, `gpa_...`"},
                "header": {"type": "apiKey", "in": "header", "name": "x-api-key"},
            },
        },
    }


def _shapes(endpoints: list[Endpoint]) -> dict[str, Any]:
    """The schemas of the bodies, with what they are made of beside them."""
    found: dict[str, Any] = {}
    for shape in {one.body for one in endpoints if one.body is not None}:
        schema = shape.model_json_schema(ref_template=_REF.replace("{name}", "{model}"))
        found.update(cast("dict[str, Any]", schema.pop("$defs", {})))
        found[shape.__name__] = schema
    return found


def _control_plane(endpoint: Endpoint) -> dict[str, Any]:
    reader = " A runtime key sees its own project's." if endpoint.access is Access.READER else ""
    said = _operation(endpoint.summary + "." + reader, endpoint.path, endpoint.status, endpoint.answer)
    said["parameters"] += [_parameter(one) for one in endpoint.query]
    if endpoint.body is not None:
        said["requestBody"] = _body(_named(endpoint.body), required=not endpoint.optional_body)
    if endpoint.access is Access.PUBLIC:
        said["security"] = []
    return said


def _data_plane(route: Route) -> dict[str, Any]:
    said = _operation(route.summary + ".", route.path, route.status, route.answer)
    if route.method in ("POST", "PATCH") and not route.path.endswith("/complete"):
        said["requestBody"] = _body(_named(route.body) if route.body is not None else _OPEN, required=True)
    if route.text:
        said["responses"]["200"]["content"] = {"text/plain": {"schema": {"type": "string"}}}
    if route.public:
        said["security"] = []
    return said


def _operation(summary: str, path: str, status: int, answer: Any) -> dict[str, Any]:
    good: dict[str, Any] = {"description": "Done"}
    if status != 204:
        good["content"] = _json(_named(answer) if answer is not None else _OPEN)
    refusal = {"description": "Refused: `code` says why", "content": _json(_named(answers.Problem))}
    return {
        "summary": summary,
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in _PART.findall(path)
        ],
        "responses": {str(status): good, "default": refusal},
    }


def _parameter(one: Parameter) -> dict[str, Any]:
    text: dict[str, Any] = {"type": "string"}
    schema = {"type": "array", "items": text} if one.repeated else text
    return {"name": one.name, "in": "query", "description": one.about, "schema": schema}


def _body(schema: dict[str, Any], *, required: bool) -> dict[str, Any]:
    return {"required": required, "content": _json(schema)}


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _named(kind: type[Shape] | Any) -> dict[str, Any]:
    return {"$ref": _REF.format(name=kind.__name__)}


def endpoint(table: Iterable[Endpoint]) -> Endpoint:
    """The endpoint that shows the description of `table`, itself included."""
    lines: list[Endpoint] = [*table]

    @cache
    def page() -> msgspec.Raw:
        return msgspec.Raw(msgspec.json.encode(describe(lines)))

    async def show(house: House, asked: Asked) -> Answer:  # noqa: ARG001
        return Answer(page())

    line = Endpoint("GET", "/openapi.json", show, Access.PUBLIC, "This description")
    lines.append(line)
    return line
