"""Acts that wait for a second officer, over HTTP: for officers alone."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy.orm import Session

from app.access.clearances import queries, service
from app.access.clearances.models import Clearance
from app.access.clearances.schemas import ClearanceDecisionIn, ClearanceFilter, ClearanceOut
from app.access.once import OnceDep
from app.access.permissions import Permission, Requires
from app.core.actor import Actor
from app.core.db import SessionDep
from app.core.http import NeedsMatch, etag_of, next_path, require_match, set_etag
from app.core.paging import Page, set_link
from app.referrals.clearing import EXECUTORS

router = APIRouter(prefix="/clearances", tags=["clearances"])
Reader = Annotated[Actor, Depends(Requires(Permission.CLEARANCE_READ))]
Giver = Annotated[Actor, Depends(Requires(Permission.CLEARANCE_GIVE))]


@router.get("", response_model=Page[ClearanceOut])
def list_clearances(
    request: Request,
    response: Response,
    actor: Reader,
    session: SessionDep,
    wanted: Annotated[ClearanceFilter, Query()],
) -> Page[ClearanceOut]:
    """Acts that wait, or waited, for a second officer, newest first."""
    found = queries.search(session, actor, wanted)
    set_link(response, next_path(request), found)
    items = queries.shown(session, [row[0] for row in found.rows])
    return Page(items=items, next=found.next, total=found.total)


@router.get("/{clearance_id}", response_model=ClearanceOut)
def read_clearance(response: Response, actor: Reader, session: SessionDep, clearance_id: UUID) -> ClearanceOut:
    """One act that waits, or waited, for a second officer, with what was asked."""
    return _answer(response, session, queries.get(session, actor, clearance_id))


@router.post("/{clearance_id}/decisions", response_model=ClearanceOut)
def decide_on_clearance(
    if_match: NeedsMatch,
    response: Response,
    actor: Giver,
    session: SessionDep,
    clearance_id: UUID,
    wanted: ClearanceDecisionIn,
    once: OnceDep,
) -> ClearanceOut:
    """Clear a held act, which does it with all its checks, or refuse it. Whoever asked for it cannot clear it."""

    def do() -> Clearance:
        clearance = queries.get(session, actor, clearance_id)
        require_match(if_match, etag_of(clearance.version))
        return service.decide(session, actor, clearance, wanted, EXECUTORS)

    decided = once(
        response, do, lambda done: [str(done.id)], lambda ids: queries.get(session, actor, UUID(ids[0]))
    )
    return _answer(response, session, decided)


def _answer(response: Response, session: Session, clearance: Clearance) -> ClearanceOut:
    shown = queries.shown(session, [clearance])[0]
    set_etag(response, shown.etag)
    return shown
