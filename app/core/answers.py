"""What every answer has: security headers, HEAD wherever GET is, the whole Allow with a 405, whole bodies."""

import asyncio
from collections.abc import Sequence

from fastapi.routing import iter_route_contexts
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.routing import BaseRoute, compile_path
from starlette.types import ASGIApp, Message, Receive, Scope, Send

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


class WholeBody:
    """Receive the whole body, within a size and a time, before the application begins.

    A transaction that writes begins before a form is read: without this, one slow sender would keep everybody
    else's writes waiting. The limit of size is here because FastAPI's own answers in plain text.
    """

    def __init__(self, app: ASGIApp, max_bytes: int, seconds: float) -> None:
        self.app, self.max_bytes, self.seconds = app, max_bytes, seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        try:
            async with asyncio.timeout(self.seconds):
                body = await self._received(scope, receive)
        except TimeoutError:
            message = f"The body did not arrive within {self.seconds:g} seconds; send it again"
            await refuse(scope, receive, send, HTTPException(408, message, {"Connection": "close"}))
        except HTTPException as error:
            await refuse(scope, receive, send, error)
        except ClientDisconnect:
            return
        else:
            await self.app(scope, _replayed(body, receive), send)

    async def _received(self, scope: Scope, receive: Receive) -> bytes:
        """The body. Raises HTTPException for one too large, at once where its length was said."""
        length = Headers(scope=scope).get("content-length", "0")
        said = int(length[:20]) if length.isdecimal() else 0
        body, more = bytearray(), True
        while more and max(said, len(body)) <= self.max_bytes:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            body += message.get("body", b"")
            more = message.get("more_body", False)
        if max(said, len(body)) > self.max_bytes:
            raise HTTPException(413, f"The body is larger than {self.max_bytes} bytes; send it in parts")
        return bytes(body)


def _replayed(body: bytes, receive: Receive) -> Receive:
    """What the application receives: the body at once, then whatever the server says."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return messages.pop() if messages else await receive()

    return replay


async def refuse(scope: Scope, receive: Receive, send: Send, error: HTTPException) -> None:
    """Answer as the application would: a problem document, or a page for a browser."""
    answer = scope["app"].exception_handlers[HTTPException]
    response = await answer(Request(scope), error)
    await response(scope, receive, send)
