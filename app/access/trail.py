"""Read the audit trail over HTTP: admins all of it, officers what happened to one record."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from app.access.permissions import Permission, Requires, check
from app.audit import queries
from app.audit.models import AuditEvent
from app.audit.schemas import EventOut
from app.core.actor import Actor
from app.core.db import SessionDep
from app.core.fields import Line
from app.core.http import next_path
from app.core.paging import Key, Page, PagingDep, paginate, set_link

router = APIRouter(tags=["audit"])
Reader = Annotated[Actor, Depends(Requires(Permission.AUDIT_READ))]
Subject = Annotated[
    Annotated[str, Line(100)] | None, Query(description="Reference or id of a record; officers must name one")
]
NEWEST_FIRST = (Key(AuditEvent.number, descending=True),)


@router.get("/audit", response_model=Page[EventOut])
def list_audit_events(
    request: Request,
    response: Response,
    actor: Reader,
    session: SessionDep,
    paging: PagingDep,
    subject: Subject = None,
) -> Page[EventOut]:
    """List what was changed, newest first: of one record, or of all for an admin."""
    if subject is None:
        check(actor, Permission.AUDIT_READ_ALL)
    found = paginate(session, queries.events_of(actor, subject), NEWEST_FIRST, paging)
    set_link(response, next_path(request), found)
    items = [EventOut.model_validate(row[0]) for row in found.rows]
    return Page(items=items, next=found.next, total=found.total)
