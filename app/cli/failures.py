"""Say in one line what went wrong, where an operator can do something about it."""

from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from app.core.errors import DomainError


class Failure(DomainError):
    """A command cannot do what it was asked to; the message says why and what would help."""


def explain(error: Exception) -> str | None:
    """Return one line about `error`, or None when it is a bug of ours."""
    if isinstance(error, DomainError):
        fields = [f"{e.pointer}: {e.message}" for e in error.errors if e.message != str(error)]
        return _line("; ".join([str(error), *fields]))
    if isinstance(error, ValidationError):
        return _settings(error) or _arguments(error)
    if isinstance(error, DBAPIError):
        return _line(f"the database refused or cannot be reached: {error.orig}")
    if isinstance(error, SQLAlchemyError):
        return _line(f"the database cannot be used: {error}")
    if isinstance(error, OSError):
        return _line(f"{error.strerror or error}: {error.filename}" if error.filename else str(error))
    return None


def _settings(error: ValidationError) -> str | None:
    if error.title != "Settings":
        return None
    wrong = [f"COUNTERPART_{str(e['loc'][0]).upper()}: {e['msg']}" for e in error.errors() if e["loc"]]
    return _line("; ".join(wrong))


def _arguments(error: ValidationError) -> str | None:
    if not error.title.endswith("In"):  # what comes in is named so; anything else is a bug
        return None
    wrong = [f"{'.'.join(map(str, e['loc']))}: {e['msg'].removeprefix('Value error, ')}" for e in error.errors()]
    return _line("; ".join(wrong))


def _line(text: str) -> str:
    return " ".join(text.split())
