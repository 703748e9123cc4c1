from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from app.access.once import OnceDep
from app.access.permissions import Permission, Requires
from app.assessments import queries, service
from app.assessments.models import Assessment
from app.assessments.schemas import AssessmentFilter, AssessmentIn, AssessmentOut, AssessmentPatch
from app.core.actor import Actor
from app.core.db import SessionDep
from app.core.http import IfMatch, NeedsMatch, etag_of, honour_match, next_path, require_match, set_etag
from app.core.paging import Page, Paging, set_link

router = APIRouter(prefix="/assessments", tags=["assessments"])
Reader = Annotated[Actor, Depends(Requires(Permission.ASSESSMENT_READ))]
Writer = Annotated[Actor, Depends(Requires(Permission.ASSESSMENT_WRITE))]


@router.get("", response_model=Page[AssessmentOut])
def list_assessments(
    request: Request,
    response: Response,
    actor: Reader,
    session: SessionDep,
    wanted: Annotated[AssessmentFilter, Query()],
) -> Page[AssessmentOut]:
    """List assessments, newest first."""
    found = queries.search(session, actor, wanted, Paging(wanted.limit, wanted.cursor, wanted.count))
    set_link(response, next_path(request), found)
    return Page(items=[queries.shown(row[0]) for row in found.rows], next=found.next, total=found.total)


@router.post("", response_model=AssessmentOut, status_code=201)
def record_assessment(
    if_match: IfMatch,
    response: Response,
    actor: Writer,
    session: SessionDep,
    values: AssessmentIn,
    once: OnceDep,
) -> AssessmentOut:
    """Record an assessment, or update the one that has this external identifier (200)."""

    def do() -> Assessment:
        existing = queries.find(session, actor, values.external_id) if values.external_id else None
        if existing:
            honour_match(if_match, etag_of(existing.version))
        assessment, is_new = service.register(session, actor, values)
        response.status_code = 201 if is_new else 200
        return assessment

    assessment = once(response, do, lambda done: [done.ref], lambda refs: queries.get(session, actor, refs[0]))
    return _answer(response, assessment)


@router.get("/{assessment_id}", response_model=AssessmentOut)
def read_assessment(response: Response, actor: Reader, session: SessionDep, assessment_id: str) -> AssessmentOut:
    """Read one assessment by its id, reference or external identifier."""
    return _answer(response, queries.get(session, actor, assessment_id))


@router.patch("/{assessment_id}", response_model=AssessmentOut)
def change_assessment(
    if_match: NeedsMatch,
    response: Response,
    actor: Writer,
    session: SessionDep,
    assessment_id: str,
    values: AssessmentPatch,
) -> AssessmentOut:
    """Change an assessment: absent fields are kept, null clears. Needs If-Match."""
    assessment = queries.get(session, actor, assessment_id)
    require_match(if_match, etag_of(assessment.version))
    return _answer(response, service.update(session, actor, assessment, values))


def _answer(response: Response, assessment: Assessment) -> AssessmentOut:
    shown = queries.shown(assessment)
    set_etag(response, shown.etag)
    return shown
