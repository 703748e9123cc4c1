"""Whose body is read at all, and how much of it: before the application parses anything."""

import re

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.answers import refuse

MAX_JSON_SIZE = 4_000_000  # parsing blocks the process: 9 MB of brackets took it ten seconds
_FILES = re.compile(r"/api/v1/(?:imports(?:/.*)?|assessments/[^/]+/table)")


class KnownBodies:
    """Refuse a writing request to the API from nobody (401), and JSON that is larger than a limit (413)."""

    def __init__(self, app: ASGIApp, cookie: str) -> None:
        self.app, self.cookie = app, cookie

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith("/api/") or scope["method"] in {"GET", "HEAD"}:
            await self.app(scope, receive, send)
        elif not self._says_who(Headers(scope=scope)):
            message = "Sign in, or send an API key as a Bearer token"
            await refuse(scope, receive, send, HTTPException(401, message, {"WWW-Authenticate": "Bearer"}))
        else:
            await self.app(scope, receive if _FILES.fullmatch(scope["path"]) else _limited(receive), send)

    def _says_who(self, headers: Headers) -> bool:
        """Whether there is a key or a session to check; whether it is good is the application's to say."""
        return "authorization" in headers or self.cookie in cookie_parser(headers.get("cookie", ""))


def _limited(receive: Receive) -> Receive:
    """The same, until what came is larger than the limit: then it raises, where the body is received whole."""
    size = 0

    async def count() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > MAX_JSON_SIZE:
            raise HTTPException(413, f"The body is larger than {MAX_JSON_SIZE} bytes; send it in parts")
        return message

    return count
