"""API keys: a partner's for its own organization, all for an admin. A key is shown once, when it is issued."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from app.access.models import KeyScope
from app.access.permissions import Permission, Requires
from app.core.actor import Actor, Role
from app.organizations.keys import queries, service
from app.organizations.keys.schemas import KeyFilter, KeyIn
from app.web.forms import Form, FormDep, attempt_once, filled
from app.web.pages.organizations import choices_by_role
from app.web.render import Page, PageDep, go

router = APIRouter(prefix="/keys", include_in_schema=False)
Manager = Annotated[Actor, Depends(Requires(Permission.KEY_MANAGE))]


@router.get("")
def list_page(page: PageDep, actor: Manager) -> Response:
    return _list_page(page, actor, Form({"scope": ["write"], "role": ["partner"]}))


@router.post("")
def issue(page: PageDep, form: FormDep, actor: Manager) -> Response:
    shown: list[str] = []  # the key's text, in this answer alone

    def do() -> str:
        ends = form.text("expires_on")
        wanted = filled(
            name=form.text("name"),
            scope=form.text("scope"),
            organization=form.text("organization"),
            role=form.text("role"),
            expires_at=f"{ends}T23:59:59Z" if ends else None,
        )
        key, text = service.issue(page.session, actor, KeyIn.model_validate(wanted))
        shown.append(text)
        return key.public_id

    public_id = attempt_once(page.session, actor, form, do, {"expires_at": "expires_on"})
    if public_id is None:
        return _list_page(page, actor, form)
    if not shown:
        return go("/keys", "key-issued-before", at=public_id)
    return page.show("admin/key_issued.html", 201, public_id=public_id, key=shown[0])


@router.post("/{key_id}/revocation")
def revoke(page: PageDep, form: FormDep, actor: Manager, key_id: str) -> Response:
    service.revoke(page.session, actor, queries.get(page.session, actor, key_id))
    return go("/keys", "key-revoked")


def _list_page(page: Page, actor: Actor, form: Form) -> Response:
    found = queries.search(page.session, actor, KeyFilter(limit=200, count=True))
    mine = actor.role is Role.ADMIN
    return page.show(
        "admin/keys.html",
        form.status,
        form=form,
        keys=queries.rows_shown(found),
        total=found.total,
        roles=[(role.value, role.value) for role in Role if role in service.ISSUABLE[actor.role]],
        scopes=[(KeyScope.WRITE.value, "Read and write"), (KeyScope.READ.value, "Read only")],
        organizations=choices_by_role(page.session, actor) if mine else {},
    )
