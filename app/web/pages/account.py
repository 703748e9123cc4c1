"""Sign in and out, and set a password by a single-use link."""

import secrets
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from app.access import links, service
from app.access.authentication import SESSION_COOKIE
from app.access.passwords import SHORTEST
from app.core.errors import NotFound
from app.web.forms import Form, FormDep, attempt
from app.web.render import VISITOR_COOKIE, PageDep, form_key, go

router = APIRouter(include_in_schema=False)


@router.get("/sign-in")
def sign_in_page(page: PageDep, next: str = "/") -> Response:
    if page.viewer.actor:
        return go(_inside(next))
    return _with_visitor(page, "account/sign_in.html", Form({"next": [next]}))


@router.post("/sign-in")
def sign_in(page: PageDep, form: FormDep) -> Response:
    settings, attempts = page.request.app.state.settings, page.request.app.state.sign_in_attempts
    email, password = form.text("email"), form.text("password")
    token = attempt(
        page.session,
        form,
        lambda: service.sign_in(
            page.session, email, password, _address(page.request), settings=settings, attempts=attempts
        ),
    )
    if token is None:
        return page.show("account/sign_in.html", form.status, form=form)
    answer = go(_inside(form.text("next", "/")))
    answer.set_cookie(
        SESSION_COOKIE,
        token,
        max_age=settings.session_hours * 3600,
        httponly=True,
        secure=settings.cookies_secure,
        samesite="lax",
    )
    answer.delete_cookie(VISITOR_COOKIE)
    return answer


@router.post("/sign-out")
def sign_out(page: PageDep, form: FormDep) -> RedirectResponse:
    if token := page.request.cookies.get(SESSION_COOKIE):
        service.sign_out(page.session, token)
    answer = go("/sign-in", "signed-out")
    answer.delete_cookie(SESSION_COOKIE)
    return answer


@router.get("/forgotten")
def forgotten_page(page: PageDep) -> Response:
    return _with_visitor(page, "account/forgotten.html", Form())


@router.post("/forgotten")
def ask_for_link(page: PageDep, form: FormDep) -> Response:
    attempts = page.request.app.state.sign_in_attempts
    service.request_reset(page.session, form.text("email"), _address(page.request), attempts)
    return go("/sign-in", "link-asked")


@router.get("/link/{secret}")
def link_page(page: PageDep, secret: str) -> Response:
    user = links.find_user(page.session, secret)
    if user is None:
        raise NotFound(service.DEAD_LINK)
    return _with_visitor(page, "account/password.html", Form(), email=user.email, shortest=SHORTEST)


@router.post("/link/{secret}")
def use_link(page: PageDep, form: FormDep, secret: str) -> Response:
    user = links.find_user(page.session, secret)
    if user is None:
        raise NotFound(service.DEAD_LINK)
    email = user.email
    if form.text("password") != form.text("again"):
        form.errors["again"] = ["The two passwords differ; enter the same one twice"]
    elif attempt(page.session, form, lambda: service.use_link(page.session, secret, form.text("password"))):
        return go("/sign-in", "password-set")
    return page.show("account/password.html", 422, form=form, email=email, shortest=SHORTEST)


def _with_visitor(page: PageDep, template: str, form: Form, **context: Any) -> HTMLResponse:
    """Show a form to somebody who is not signed in: its token is made from a cookie of the visitor's own."""
    if form_key(page.request):
        return page.show(template, form=form, **context)
    visitor = secrets.token_urlsafe(24)
    page = page.with_token(service.csrf_token(visitor))
    answer = page.show(template, form=form, **context)
    answer.set_cookie(
        VISITOR_COOKIE,
        visitor,
        httponly=True,
        secure=page.request.app.state.settings.cookies_secure,
        samesite="strict",
    )
    return answer


def _address(request: Request) -> str:
    return request.client.host if request.client else "unknown"


def _inside(path: str) -> str:
    """`path` if it is one of ours, else the home page: no link may send people to another site."""
    ours = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if ours and "\\" not in path else "/"
