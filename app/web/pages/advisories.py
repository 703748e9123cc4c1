"""Dated notes on States: officers read them, admins keep them, whoever conveys acknowledges them."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from app.access.permissions import Permission, Requires
from app.core.actor import Actor
from app.core.http import etag_of
from app.core.paging import Paging, paginate
from app.referrals import advisories, queries, shown
from app.referrals.schemas import AdvisoryIn, AdvisoryPatch
from app.web.forms import Form, FormDep, attempt_once, filled, same_version
from app.web.lists import PAGE_SIZE, first_path, next_path
from app.web.names import code_of
from app.web.render import Page, PageDep, go

router = APIRouter(prefix="/advisories", include_in_schema=False)
Reader = Annotated[Actor, Depends(Requires(Permission.ADVISORY_READ))]
Keeper = Annotated[Actor, Depends(Requires(Permission.ADVISORY_MANAGE))]


@router.get("")
def list_page(page: PageDep, actor: Reader) -> Response:
    return _list_page(page, actor, Form(), "")


@router.post("")
def create(page: PageDep, form: FormDep, actor: Keeper) -> Response:
    def do() -> str:
        names = ("text", "source", "dated_on", "ended_on")
        values = filled(**{name: form.text(name).strip() for name in names})
        country = code_of(form.text("country"), "country", page.labels)
        wanted = AdvisoryIn.model_validate({**values, **filled(country=country)})
        return str(advisories.create(page.session, actor, wanted).id)

    if attempt_once(page.session, actor, form, do) is None:
        return _list_page(page, actor, form, "")
    return go("/advisories", "advisory-saved")


@router.post("/{advisory_id}/end")
def end(page: PageDep, form: FormDep, actor: Keeper, advisory_id: UUID) -> Response:
    """Say on which day a note ended."""
    note = queries.advisory(page.session, actor, advisory_id)

    def do() -> str:
        same_version(form, etag_of(note.version))
        wanted = AdvisoryPatch.model_validate({"ended_on": form.text("ended_on")})
        return str(advisories.update(page.session, actor, note, wanted).id)

    if attempt_once(page.session, actor, form, do) is None:
        return _list_page(page, actor, form, str(advisory_id))
    return go("/advisories", "advisory-saved")


def _list_page(page: Page, actor: Actor, form: Form, about: str) -> Response:
    paging = Paging(PAGE_SIZE, page.request.query_params.get("cursor", "")[:2000] or None)
    found = paginate(page.session, queries.advisories(actor), queries.ADVISORY_ORDER, paging)
    return page.show(
        "referrals/advisories.html",
        form.status,
        notes=[shown.advisory_shown(row.Advisory) for row in found.rows],
        form=form,
        about=about,
        first=first_path(page.request),
        next=next_path(page.request, found),
    )
