"""Domain errors carry their status; the handlers here turn any failure into a problem document (RFC 9457)."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm.exc import StaleDataError
from starlette.exceptions import HTTPException

log = structlog.get_logger()
_FOR_PROGRAMS = ("/api/", "/exports/", "/feeds/", "/openapi.json", "/healthz", "/readyz", "/metrics")
ProblemRenderer = Callable[[Request, "Problem"], Response]


@dataclass(frozen=True, slots=True)
class FieldError:
    """One bad field: where it is (a JSON pointer into the body, or the parameter's name) and what is wrong."""

    pointer: str
    message: str


class DomainError(Exception):
    """Something the caller can understand and act on. Never a bug."""

    status = 400
    headers: dict[str, str]
    errors: Sequence[FieldError]

    def __init__(self, detail: str, errors: Sequence[FieldError] = (), **headers: str) -> None:
        super().__init__(detail)
        self.errors = errors
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


class NotSignedIn(DomainError):
    status = 401


class NotPermitted(DomainError):
    status = 403


class NotFound(DomainError):
    status = 404


class Conflict(DomainError):
    status = 409


class Stale(DomainError):
    status = 412


class PreconditionRequired(DomainError):
    status = 428


class TooMany(DomainError):
    status = 429


class Unavailable(DomainError):
    status = 503


class Invalid(DomainError):
    """Bad input: `errors` names each field and says what would be right."""

    status = 422

    @classmethod
    def field(cls, pointer: str, message: str) -> "Invalid":
        return cls(message, [FieldError(pointer, message)])


@dataclass(frozen=True, slots=True)
class Problem:
    """What the caller is told, whatever went wrong and however it is shown."""

    status: int
    detail: str
    errors: Sequence[FieldError] = ()
    headers: dict[str, str] | None = None

    @property
    def title(self) -> str:
        return HTTPStatus(self.status).phrase

    def document(self, instance: str) -> dict[str, Any]:
        body: dict[str, Any] = {
            "type": "about:blank",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "instance": instance,
        }
        if self.errors:
            body["errors"] = [{"pointer": error.pointer, "message": error.message} for error in self.errors]
        return body


def problem_json(request: Request, problem: Problem) -> Response:
    body = problem.document(request.url.path)
    return JSONResponse(body, problem.status, problem.headers, media_type="application/problem+json")


def install(app: FastAPI, render_page: ProblemRenderer) -> None:
    """Answer every failure: as a problem document where programs ask, through `render_page` elsewhere."""

    def handler(to_problem: Callable[[Any], Problem]) -> Callable[[Request, Exception], Awaitable[Response]]:
        async def answer(request: Request, error: Exception) -> Response:
            problem = to_problem(error)
            if problem.status == HTTPStatus.SERVICE_UNAVAILABLE:  # bugs are logged where they pass, in observe
                log.error("service unavailable", exc_info=error)
            render = problem_json if request.url.path.startswith(_FOR_PROGRAMS) else render_page
            return render(request, problem)

        return answer

    for kind, to_problem in _PROBLEMS.items():
        app.add_exception_handler(kind, handler(to_problem))


def _from_domain(error: DomainError) -> Problem:
    return Problem(error.status, str(error), error.errors, error.headers)


def _from_validation(error: RequestValidationError) -> Problem:
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        return Problem(422, _no_json(first, error.body))
    if first["loc"] == ("body",) and isinstance(error.body, bytes):  # it was not read, for its content type
        return Problem(415, "The body is not sent as JSON; send Content-Type: application/json")
    errors = [FieldError(_pointer(item["loc"]), _plain(item)) for item in error.errors()]
    return Problem(422, "Some of what was sent cannot be accepted", errors)


def _no_json(item: dict[str, Any], body: Any) -> str:
    before = str(body)[: item["loc"][-1]]
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    return f"The body is not valid JSON (line {line}, column {column}): {item['ctx']['error']}"


def _pointer(location: Sequence[str | int]) -> str:
    origin, *rest = location
    return "/" + "/".join(str(part) for part in rest) if origin == "body" else ".".join(map(str, rest))


def _plain(item: dict[str, Any]) -> str:
    return str(item["msg"]).removeprefix("Value error, ")


def _from_http(error: HTTPException) -> Problem:
    return Problem(error.status_code, str(error.detail), (), dict(error.headers or {}))


def _from_integrity(_error: IntegrityError) -> Problem:
    return Problem(409, "This contradicts a record that exists already; read it again and retry")


def _from_stale(_error: StaleDataError) -> Problem:
    return Problem(412, "Somebody else changed this record meanwhile; read it again and retry")


def _from_operational(_error: OperationalError) -> Problem:
    detail = "The database is busy or cannot be reached; nothing was saved, try again shortly"
    return Problem(503, detail, (), {"Retry-After": "5"})


def _from_bug(_error: Exception) -> Problem:
    return Problem(500, "Something went wrong on our side; nothing was saved and the fault was logged")


_PROBLEMS: dict[type[Exception], Callable[[Any], Problem]] = {
    DomainError: _from_domain,
    RequestValidationError: _from_validation,
    HTTPException: _from_http,
    IntegrityError: _from_integrity,
    StaleDataError: _from_stale,
    OperationalError: _from_operational,
    Exception: _from_bug,
}
