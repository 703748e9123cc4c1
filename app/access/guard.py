"""Refuse requests that another site's page makes with the visitor's cookie."""

from urllib.parse import urlsplit

from fastapi import Request

from app.core.errors import NotPermitted

_SAFE = {"GET", "HEAD", "OPTIONS"}


def refuse_cross_site(request: Request) -> None:
    """Let a writing request pass when it has a Bearer key, or when a browser says that our own page made it.

    A caller that sends neither Sec-Fetch-Site nor Origin is no browser. Raises NotPermitted.
    """
    if request.method in _SAFE or request.headers.get("authorization", "").lower().startswith("bearer "):
        return
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    own = site in {"same-origin", "none"} if site else origin is None or _is_own(request, origin)
    if not own:
        raise NotPermitted("This request was made by a page of another site")


def _is_own(request: Request, origin: str) -> bool:
    """Whether the page's host is the one that was asked, or the one of the public address (behind a proxy)."""
    public = urlsplit(request.app.state.settings.base_url).netloc
    try:
        asking = urlsplit(origin).netloc
    except ValueError:  # not an address at all
        return False
    return asking in {request.headers.get("host", ""), public} - {""}
