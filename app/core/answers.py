"""What every answer has: security headers, HEAD wherever GET is, the whole Allow with a 405, a limit on bodies."""

from collections.abc import Sequence

from fastapi.routing import iter_route_contexts
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.routing import BaseRoute, compile_path
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.errors import Problem, problem_json

CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}
HSTS = {"Strict-Transport-Security": "max-age=31536000; includeSubDomains"}


class SecurityHeaders:
    """Add the headers that an answer does not set itself. HSTS only where cookies are for HTTPS alone."""

    def __init__(self, app: ASGIApp, https_only: bool) -> None:
        self.app = app
        self.headers = HEADERS | (HSTS if https_only else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def add(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, add)


class Methods:
    """HEAD is GET without the body; a 405 names all the methods that its path knows."""

    def __init__(self, app: ASGIApp, routes: Sequence[BaseRoute]) -> None:
        self.app, self.routes = app, routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headless = scope["method"] == "HEAD"

        async def tell(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == 405:
                MutableHeaders(scope=message)["Allow"] = ", ".join(self.allowed(scope["path"]))
            if message["type"] == "http.response.body" and headless:
                message = {**message, "body": b""}
            await send(message)

        await self.app({**scope, "method": "GET"} if headless else scope, receive, tell)

    def allowed(self, path: str) -> list[str]:
        """Every method that some route answers at `path`."""
        methods: set[str] = set()
        for route in iter_route_contexts(self.routes):
            if route.path and route.methods and compile_path(route.path)[0].match(path):
                methods |= route.methods
        return sorted(methods | ({"HEAD"} if "GET" in methods else set()))


class BodyLimit:
    """Refuse a larger body with a problem document, at once where its length was said, else while it is read.

    FastAPI's own `max_body_size` answers in plain text, outside of every other header of ours.
    """

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self.app, self.max_bytes = app, max_bytes
        self.message = f"The body is larger than {max_bytes} bytes; send it in parts"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        length = Headers(scope=scope).get("content-length", "0") if scope["type"] == "http" else "0"
        if length.isdecimal() and int(length) > self.max_bytes:
            response = problem_json(Request(scope), Problem(413, self.message))
            await response(scope, receive, send)
            return
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self.max_bytes:
                raise HTTPException(413, self.message)
            return message

        await self.app(scope, counted, send)
