"""Self-assessments over HTTP, for officers alone: one State's sheet at a time, never two beside each other."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from app.access.once import OnceDep
from app.access.permissions import Permission, Requires
from app.core.actor import Actor
from app.core.db import SessionDep
from app.core.http import next_path, set_etag
from app.core.paging import Page, PagingDep, set_link
from app.maturity import queries, service
from app.maturity.schemas import SelfAssessmentHead, SelfAssessmentIn, SelfAssessmentOut, SheetOut

router = APIRouter(prefix="/maturity", tags=["maturity"])
Reader = Annotated[Actor, Depends(Requires(Permission.MATURITY_READ))]
Writer = Annotated[Actor, Depends(Requires(Permission.MATURITY_WRITE))]


@router.get("")
def list_self_assessments(
    request: Request, response: Response, actor: Reader, session: SessionDep, paging: PagingDep
) -> Page[SelfAssessmentHead]:
    """Which States sent a sheet on which document, the newest first; what they say is on each one's own page."""
    items, found = queries.page(session, actor, paging)
    set_link(response, next_path(request), found)
    return Page(items=items, next=found.next, total=found.total)


@router.post("")
def take_in_self_assessment(
    response: Response, actor: Writer, session: SessionDep, values: SelfAssessmentIn, once: OnceDep
) -> SheetOut:
    """Take in a State's sheet as rows: its levels are kept, and each gap drafts a need. A newer sheet updates."""
    return once(
        response,
        lambda: service.take_in(session, actor, values, values.rows),
        lambda done: [done.ref, done.model_dump_json()],
        lambda kept: SheetOut.model_validate_json(kept[1]),
    )


@router.get("/{ref}")
def read_self_assessment(response: Response, actor: Reader, session: SessionDep, ref: str) -> SelfAssessmentOut:
    """One State's sheet: each clause with its levels, the need that the gap became, and that need's outcome."""
    shown = queries.shown(session, queries.get(session, actor, ref))
    set_etag(response, shown.etag)
    return shown
