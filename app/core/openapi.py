"""The machine-readable description: problem documents on every operation, both ways to sign in, readable ids."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from app.core.http import NEEDED

DESCRIPTION = """\
Links the counter-terrorism capacity needs of Member States with the programmes that can meet them.

Send an API key as `Authorization: Bearer …`, or use a signed-in browser. Errors are problem documents
(RFC 9457). Lists are paged by an opaque cursor (`next`). Updates and moves need `If-Match`; every POST
takes an `Idempotency-Key`. What a caller may not see does not exist for that caller: 404.
"""
_PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "RFC 9457 problem document",
    "required": ["type", "title", "status", "detail", "instance"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "message"],
                "properties": {"pointer": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}
_ALWAYS = {
    "401": "Not signed in, or the key is not valid",
    "403": "A role that may never do this",
    "422": "Bad input: `errors` names each field and says what would be right",
    "429": "Too many requests; see Retry-After",
}
_NAMING_ONE = {"404": "There is no such record for the caller"}
_WHEN_WRITING = {
    "400": "The body is not what its content type says",
    "409": "What is there already forbids this",
    "412": "Somebody changed the record meanwhile",
    "413": "The body is too large",
}
_WHERE_NEEDED = {"428": "If-Match is missing"}
_SECURITY = {
    "key": {"type": "http", "scheme": "bearer", "description": "An API key: cpk_…"},
    "session": {"type": "apiKey", "in": "cookie", "name": "counterpart_session"},
}


def operation_id(route: APIRoute) -> str:
    """What a generated client calls the operation: the name of its function, used once (a test holds it)."""
    return route.name


def describe(app: FastAPI) -> dict[str, Any]:
    """Return the application's OpenAPI 3.1 document, made once."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title,
            version=app.version,
            openapi_version="3.1.0",
            description=DESCRIPTION,
            routes=app.routes,
            license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        )
        app.openapi_schema = _completed(document)
    return app.openapi_schema


def _completed(document: dict[str, Any]) -> dict[str, Any]:
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas["ProblemDocument"] = _PROBLEM
    components["securitySchemes"] = _SECURITY
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if path.startswith(("/api/", "/exports/", "/feeds/")):
                _complete(operation, path, method)
    return document


def _names_one(parameter: dict[str, Any]) -> bool:
    """Whether a parameter names the one record that is looked at, in the path or, of a text, as its programme."""
    return parameter["in"] == "path" or (parameter["name"], parameter["schema"].get("type")) == (
        "programme",
        "string",
    )


def _complete(operation: dict[str, Any], path: str, method: str) -> None:
    operation.setdefault("security", [{"key": []}, {"session": []}])
    reading = method in {"get", "head"}
    parameters = operation.get("parameters", [])
    names_one = any(_names_one(parameter) for parameter in parameters)
    told = _ALWAYS | (_NAMING_ONE if names_one else {}) | ({} if reading else _WHEN_WRITING)
    if any(parameter.get("description") == NEEDED for parameter in parameters):
        told |= _WHERE_NEEDED
    responses = operation["responses"]
    for status, description in told.items():
        responses[status] = {
            "description": description,
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}},
        }
