"""What the process tells about itself: a request id, one JSON log line a request, counters. Never a secret."""

import logging
import re
import sys
import time
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.processors import ExceptionRenderer
from structlog.tracebacks import ExceptionDictTransformer

log = structlog.get_logger()
_SANE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_QUIET = {"/healthz", "/readyz", "/metrics"}


def configure_logging(level: int = logging.INFO) -> None:
    """Write log lines as JSON on stderr. Tracebacks leave out local variables: they may hold secrets."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            ExceptionRenderer(ExceptionDictTransformer(show_locals=False)),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),  # as it is now, not as it was
        cache_logger_on_first_use=False,
    )


class Counters:
    """The counters of one application, in a registry of its own so that two applications never share any."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        labels = ["method", "route", "status"]
        self.requests = Counter("http_requests", "Requests answered", labels, registry=self.registry)
        self.seconds = Histogram(
            "http_request_seconds", "Time to answer", ["method", "route"], registry=self.registry
        )

    def note(self, method: str, route: str, status: int, seconds: float) -> None:
        self.requests.labels(method, route, str(status)).inc()
        self.seconds.labels(method, route).observe(seconds)


class Observed:
    """Give each request an id, time it, count it, log it, and answer what nobody else caught."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = scope.setdefault("state", {})["request_id"] = _request_id(scope)
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            await self._answer(scope, receive, send, request_id)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        status, began = 0, time.perf_counter()

        async def tell(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-ID"] = request_id
            await send(message)

        try:
            await self.app(scope, receive, tell)
        except Exception as error:
            log.exception("request failed", route=route_of(scope))
            if not status:
                await _apologize(scope, receive, tell, error)
            raise
        finally:
            self._note(scope, status, time.perf_counter() - began)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route = route_of(scope)
        scope["app"].state.counters.note(scope["method"], route, status, seconds)
        if route not in _QUIET:
            milliseconds = round(seconds * 1000, 1)
            log.info("request", method=scope["method"], route=route, status=status, milliseconds=milliseconds)


def route_of(scope: Mapping[str, Any]) -> str:
    """The path as its route spells it: what stands in its parameters may be secret, and would be many labels."""
    if "endpoint" not in scope:
        return "unmatched"
    names = {str(value): name for name, value in scope.get("path_params", {}).items() if str(value)}
    return "/".join(_spelled(part, names) for part in scope["path"].split("/"))


def _spelled(part: str, names: Mapping[str, str]) -> str:
    """One part of a path; a parameter may have an ending of the route's own, such as `{search_id}.atom`."""
    stem, dot, ending = part.partition(".")
    if part in names or stem not in names:
        return f"{{{names[part]}}}" if part in names else part
    return f"{{{names[stem]}}}{dot}{ending}"


def _request_id(scope: Scope) -> str:
    """The caller's own id if it is a sane one, else a random one."""
    given = dict(scope["headers"]).get(b"x-request-id", b"").decode("latin-1")
    return given if _SANE_ID.fullmatch(given) else uuid4().hex


async def _apologize(scope: Scope, receive: Receive, send: Send, error: Exception) -> None:
    """Answer a bug here, inside the other middleware, so that a 500 has its request id and headers too."""
    request = Request(scope, receive)
    answer = scope["app"].exception_handlers[Exception]
    response = await answer(request, error)
    await response(scope, receive, send)
