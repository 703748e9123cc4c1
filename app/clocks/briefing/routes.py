"""The Committee's briefing: its figures, its forms to hand out, and that it was given."""

import enum
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from app.access.once import OnceDep
from app.access.permissions import Permission, Requires
from app.audit.notes import Print, note
from app.clocks.briefing import queries, service
from app.clocks.briefing.document import document_of, workbook_of
from app.clocks.briefing.models import Briefing
from app.clocks.briefing.schemas import BriefingFilter, BriefingIn, BriefingOut, GivenOut, PrintFilter
from app.core.actor import Actor
from app.core.db import SessionDep, utc_now
from app.core.documents import CONTENT_TYPES, DocumentFormat
from app.core.http import document_answer, next_path
from app.core.marking import RECIPIENT_ALONE
from app.core.paging import Page, PagingDep, set_link
from app.core.parameters import refuse_unknown_parameters
from app.vocabularies import queries as vocabularies

router = APIRouter(prefix="/briefing", tags=["briefing"])
exports = APIRouter(prefix="/exports", tags=["briefing"], dependencies=[Depends(refuse_unknown_parameters)])
Reader = Annotated[Actor, Depends(Requires(Permission.BRIEFING_READ))]
Giver = Annotated[Actor, Depends(Requires(Permission.BRIEFING_GIVE))]
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_BINARY = {"schema": {"type": "string", "format": "binary"}}
_FORMS = {"text/html": {}, CONTENT_TYPES[DocumentFormat.DOCX]: _BINARY, XLSX: _BINARY}
_FILE: dict[int | str, dict[str, Any]] = {200: {"description": "The briefing", "content": _FORMS}}


class BriefingFormat(enum.StrEnum):
    HTML = "html"
    DOCX = "docx"
    XLSX = "xlsx"


@router.get("")
def read_briefing(
    request: Request, actor: Reader, session: SessionDep, wanted: Annotated[BriefingFilter, Query()]
) -> BriefingOut:
    """Count a period beside the one before: new, matched, unsupported, delivered, declined; by region and theme.

    Needs and States are in the annex alone, exactly as they are released to the group.
    """
    settings = request.app.state.settings
    period = queries.period_of(session, actor, wanted, settings)
    return queries.briefing(session, actor, period, settings, wanted.group)


@router.post("", status_code=201)
def record_briefing(
    request: Request, response: Response, actor: Giver, session: SessionDep, values: BriefingIn, once: OnceDep
) -> GivenOut:
    """Record that a briefing was given, with its period: the next one is due so many months later."""
    response.status_code = 201
    settings = request.app.state.settings

    def again(kept: list[str]) -> Briefing:
        return queries.get(session, actor, UUID(kept[0]))

    made = once(response, lambda: service.give(session, actor, values, settings), lambda one: [str(one.id)], again)
    return queries.shown(made)


@router.get("/given")
def list_briefings(
    request: Request, response: Response, actor: Reader, session: SessionDep, paging: PagingDep
) -> Page[GivenOut]:
    """List the briefings that were given, newest first."""
    found = queries.given(session, actor, paging)
    set_link(response, next_path(request), found)
    items = [queries.shown(row.Briefing) for row in found.rows]
    return Page(items=items, next=found.next, total=found.total)


@exports.get("/briefing.{form}", response_class=Response, responses=_FILE)
def export_briefing(
    request: Request,
    actor: Reader,
    session: SessionDep,
    form: BriefingFormat,
    wanted: Annotated[PrintFilter, Query()],
) -> Response:
    """Hand a briefing out as a page for print, a .docx or a spreadsheet; who did so, for whom, is audited."""
    settings = request.app.state.settings
    period = queries.period_of(session, actor, wanted, settings)
    found = queries.briefing(session, actor, period, settings, wanted.group)
    told = {
        "form": form,
        "recipient": wanted.recipient,
        "marking": RECIPIENT_ALONE,
        "group": found.annex and found.annex.group,
    }
    about = Print("briefing", f"{period.from_on} to {period.until_on}")
    request_id = getattr(request.state, "request_id", "")
    note(request.app.state.open_session, actor, "briefing.exported", about, told, request_id)
    made = found, wanted.recipient, utc_now().date(), vocabularies.labels(session, "en")
    name = f"briefing-{period.until_on}"
    if form is not BriefingFormat.XLSX:
        return document_answer(document_of(*made), DocumentFormat(form.value), name)
    headers = {"Content-Disposition": f'attachment; filename="{name}.xlsx"'}
    return Response(workbook_of(*made), media_type=XLSX, headers=headers)
