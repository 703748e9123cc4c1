"""Forms for somebody who is not signed in: their token is made from a cookie of the visitor's own."""

import secrets
from typing import Any

from fastapi.responses import HTMLResponse

from app.access.service import csrf_token
from app.web.render import VISITOR_COOKIE, Page, form_key


def show_to_visitor(page: Page, template: str, **context: Any) -> HTMLResponse:
    """Show a page with a form; whoever is known by no cookie yet gets one."""
    if form_key(page.request):
        return page.show(template, **context)
    visitor = secrets.token_urlsafe(24)
    page = page.with_token(csrf_token(page.request.app.state.settings.secret, visitor))
    answer = page.show(template, **context)
    answer.set_cookie(
        VISITOR_COOKIE,
        visitor,
        httponly=True,
        secure=page.request.app.state.settings.cookies_secure,
        samesite="strict",
    )
    return answer
