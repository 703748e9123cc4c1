"""Refuse query parameters that a route does not have: a misspelt filter would show too much."""

from difflib import get_close_matches

from fastapi import Request
from fastapi.dependencies.utils import get_flat_params
from fastapi.params import Cookie, Header, Path

from app.core.errors import FieldError, Invalid


def refuse_unknown_parameters(request: Request) -> None:
    """Raise Invalid naming each parameter of the address that the route does not declare."""
    if not request.query_params:
        return
    declared = get_flat_params(request.scope["route"].dependant)
    known = [field.alias for field in declared if not isinstance(field.field_info, (Path, Header, Cookie))]
    errors = [
        FieldError(name, _said(name, known)) for name in dict.fromkeys(request.query_params) if name not in known
    ]
    if errors:
        raise Invalid(errors[0].message, errors)


def _said(name: str, known: list[str]) -> str:
    near = get_close_matches(name[:60], known, n=3)
    hint = f"; the nearest: {', '.join(near)}" if near else ""
    return f"There is no parameter {name[:60]!r} here{hint}"
