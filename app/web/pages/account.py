"""Sign in and out, and set a password by a single-use link."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from app.access import links, service
from app.access.authentication import SESSION_COOKIE
from app.access.limits import address_of
from app.access.passwords import SHORTEST, hash_password
from app.access.service import Proof
from app.core.errors import NotFound
from app.web.forms import Form, FormDep, attempt
from app.web.render import VISITOR_COOKIE, PageDep, go
from app.web.visitors import show_to_visitor

router = APIRouter(include_in_schema=False)


# Passwords are looked at in a session that only reads, before the one that writes begins: a route asks for these
# before its page, because hashing takes long and would keep every other write waiting.
def _proved(request: Request, form: FormDep) -> Proof | None:
    email, password, attempts = form.text("email"), form.text("password"), request.app.state.sign_in_attempts
    with request.app.state.open_session(False) as session:
        return attempt(
            session, form, lambda: service.prove(session, email, password, address_of(request), attempts)
        )


def _chosen(request: Request, form: FormDep, secret: str) -> str | None:
    """The hash of the password that was chosen, or None with what is wrong in the form. Raises NotFound."""
    with request.app.state.open_session(False) as session:
        if links.find_user(session, secret) is None:
            raise NotFound(service.DEAD_LINK)
        if form.text("password") != form.text("again"):
            form.errors["again"] = ["The two passwords differ; enter the same one twice"]
            return None
        return attempt(session, form, lambda: hash_password(form.text("password")))


ProofDep = Annotated[Proof | None, Depends(_proved)]
ChosenDep = Annotated[str | None, Depends(_chosen)]


@router.get("/sign-in")
def sign_in_page(page: PageDep, next: str = "/") -> Response:
    if page.viewer.actor:
        return go(_inside(next))
    return show_to_visitor(page, "account/sign_in.html", form=Form({"next": [next]}))


@router.post("/sign-in")
def sign_in(proof: ProofDep, page: PageDep, form: FormDep) -> Response:
    settings, before = page.request.app.state.settings, page.request.cookies.get(SESSION_COOKIE)
    token = proof and attempt(
        page.session, form, lambda: service.open_session(page.session, proof, settings, before)
    )
    if not token:
        return page.show("account/sign_in.html", form.status, form.headers, form=form)
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
    return show_to_visitor(page, "account/forgotten.html", form=Form())


@router.post("/forgotten")
def ask_for_link(page: PageDep, form: FormDep) -> Response:
    attempts = page.request.app.state.link_attempts
    service.request_reset(page.session, form.text("email"), address_of(page.request), attempts)
    return go("/sign-in", "link-asked")


@router.get("/link/{secret}")
def link_page(page: PageDep, secret: str) -> Response:
    user = links.find_user(page.session, secret)
    if user is None:
        raise NotFound(service.DEAD_LINK)
    return show_to_visitor(page, "account/password.html", form=Form(), email=user.email, shortest=SHORTEST)


@router.post("/link/{secret}")
def use_link(chosen: ChosenDep, page: PageDep, form: FormDep, secret: str) -> Response:
    user = links.find_user(page.session, secret)
    if user is None:
        raise NotFound(service.DEAD_LINK)
    email = user.email
    if chosen and attempt(page.session, form, lambda: service.use_link(page.session, secret, chosen)):
        return go("/sign-in", "password-set")
    return page.show("account/password.html", 422, form=form, email=email, shortest=SHORTEST)


def _inside(path: str) -> str:
    """`path` if it is one of ours, else the home page: no link may send people to another site."""
    ours = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if ours and "\\" not in path else "/"
