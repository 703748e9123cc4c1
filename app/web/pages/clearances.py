"""Acts that wait for a second officer: what was asked, what the audience would read, and the decision."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from app.access.clearances import queries, service
from app.access.clearances.models import Clearance
from app.access.clearances.schemas import ClearanceDecisionIn, ClearanceFilter
from app.access.permissions import Permission, Requires
from app.core.actor import Actor
from app.core.errors import DomainError
from app.core.http import etag_of
from app.needs.release_schemas import Preview
from app.referrals import clearing, clearing_shown
from app.web.forms import Form, FormDep, attempt_once, filled, same_version
from app.web.lists import PAGE_SIZE, asked, first_path, next_path
from app.web.render import Page, PageDep, go

router = APIRouter(prefix="/clearances", include_in_schema=False)
Reader = Annotated[Actor, Depends(Requires(Permission.CLEARANCE_READ))]
Giver = Annotated[Actor, Depends(Requires(Permission.CLEARANCE_GIVE))]
_DECISIONS = {"clear": True, "refuse": False}


@dataclass(frozen=True, slots=True)
class Text:
    """A need as the audience would read it, or why that cannot be shown any more."""

    ref: str
    revision: int
    preview: Preview | None
    otherwise: str = ""


@router.get("")
def list_page(page: PageDep, actor: Reader) -> Response:
    wanted = asked(page.request, ClearanceFilter).model_copy(update={"limit": PAGE_SIZE, "count": True})
    found = queries.search(page.session, actor, wanted)
    return page.show(
        "consent/clearances.html",
        clearances=queries.shown(page.session, [row[0] for row in found.rows]),
        state=wanted.state,
        total=found.total,
        always=page.request.app.state.settings.clearance == "always",
        first=first_path(page.request),
        next=next_path(page.request, found),
    )


@router.get("/{clearance_id}")
def clearance_page(page: PageDep, actor: Reader, clearance_id: UUID) -> Response:
    return _clearance_page(page, actor, queries.get(page.session, actor, clearance_id), Form())


@router.post("/{clearance_id}/decision")
def decide(page: PageDep, form: FormDep, actor: Giver, clearance_id: UUID) -> Response:
    clearance = queries.get(page.session, actor, clearance_id)

    def do() -> str:
        same_version(form, etag_of(clearance.version))
        said = filled(cleared=_DECISIONS.get(form.text("decision")), note=form.text("note"))
        wanted = ClearanceDecisionIn.model_validate(said)
        return str(service.decide(page.session, actor, clearance, wanted, clearing.EXECUTORS).id)

    if attempt_once(page.session, actor, form, do) is None:
        return _clearance_page(page, actor, clearance, form)
    return go(f"/clearances/{clearance_id}", "cleared" if form.text("decision") == "clear" else "refused")


def _clearance_page(page: Page, actor: Actor, clearance: Clearance, form: Form) -> Response:
    return page.show(
        "consent/clearance.html",
        form.status,
        form=form,
        clearance=queries.shown(page.session, [clearance])[0],
        wanted=clearing_shown.told(page.session, clearance),
        texts=list(_texts(page, clearance)),
        is_own=queries.account_of(page.session, actor) == clearance.asked_by_id,
    )


def _texts(page: Page, clearance: Clearance) -> Iterator[Text]:
    for ref, revision, fields in clearing_shown.texts(page.session, clearance):
        try:
            yield Text(ref, revision, clearing_shown.preview(page.session, ref, revision, fields))
        except DomainError as error:
            yield Text(ref, revision, None, str(error))
