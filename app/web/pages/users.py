"""Accounts, for admins: who there is, invite somebody, give a new link, disable and enable."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from app.access.permissions import Permission, Requires
from app.core.actor import Actor, Role
from app.core.http import etag_of
from app.organizations.users import queries, service
from app.organizations.users.schemas import LinkOut, UserFilter, UserIn, UserPatch
from app.web.forms import Form, FormDep, attempt, attempt_once, same_version
from app.web.pages.organizations import choices_by_role
from app.web.render import Page, PageDep, go

router = APIRouter(prefix="/users", include_in_schema=False)
Manager = Annotated[Actor, Depends(Requires(Permission.USER_MANAGE))]


@router.get("")
def list_page(page: PageDep, actor: Manager) -> Response:
    return _list_page(page, actor, Form({"role": [Role.PARTNER.value]}))


@router.post("")
def invite(page: PageDep, form: FormDep, actor: Manager) -> Response:
    shown: list[tuple[str, LinkOut]] = []  # whom, and the link, in this answer alone

    def do() -> str:
        names = ("email", "role", "organization")
        values = UserIn.model_validate({name: form.text(name).strip() for name in names})
        user, link = service.add(page.session, actor, values, page.request.app.state.settings)
        shown.append((user.email, link))
        return str(user.id)

    if attempt_once(page.session, actor, form, do) is None:
        return _list_page(page, actor, form)
    if not shown:
        return go("/users", "user-invited-before")
    return page.show("admin/link.html", 201, email=shown[0][0], link=shown[0][1])


@router.post("/{user_id}/link")
def give_link(page: PageDep, form: FormDep, actor: Manager, user_id: UUID) -> Response:
    user = queries.get(page.session, actor, user_id)
    settings = page.request.app.state.settings
    link = attempt(page.session, form, lambda: service.reset(page.session, actor, user, settings))
    if link is None:
        return _list_page(page, actor, form)
    return page.show("admin/link.html", 201, email=user.email, link=link)


@router.post("/{user_id}")
def change(page: PageDep, form: FormDep, actor: Manager, user_id: UUID) -> Response:
    user = queries.get(page.session, actor, user_id)

    def do() -> str:
        same_version(form, etag_of(user.version))
        values = UserPatch.model_validate({"disabled": form.text("disabled") == "yes"})
        return str(service.update(page.session, actor, user, values).id)

    if attempt_once(page.session, actor, form, do) is None:
        return _list_page(page, actor, form)
    return go("/users", "user-changed")


def _list_page(page: Page, actor: Actor, form: Form) -> Response:
    found = queries.search(page.session, actor, UserFilter(limit=200, count=True))
    return page.show(
        "admin/users.html",
        form.status,
        form=form,
        users=queries.rows_shown(found),
        total=found.total,
        roles=[(role.value, role.value) for role in Role],
        organizations=choices_by_role(page.session, actor),
    )
