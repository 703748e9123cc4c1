"""Many needs of one assessment at once: confirm what was suggested, open what is specific enough."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from app.access.once import OnceDep
from app.access.permissions import Permission, Requires
from app.assessments import queries as assessments
from app.core.actor import Actor
from app.core.db import SessionDep
from app.needs import bulk
from app.needs.bulk_schemas import BulkResult, BulkRow, ChosenNeeds

router = APIRouter(prefix="/assessments", tags=["assessments"])
Writer = Annotated[Actor, Depends(Requires(Permission.NEED_WRITE))]


@router.post("/{assessment_id}/confirmations", response_model=BulkResult)
def confirm_codes_of_needs(
    response: Response, actor: Writer, session: SessionDep, assessment_id: str, wanted: ChosenNeeds, once: OnceDep
) -> BulkResult:
    """Confirm all suggested codes of the chosen needs of an assessment, each need by itself."""
    assessment = assessments.get(session, actor, assessment_id)
    return once(response, lambda: bulk.confirm_codes(session, actor, assessment, wanted.needs), _kept, _as_it_was)


@router.post("/{assessment_id}/openings", response_model=BulkResult)
def open_needs_of_assessment(
    request: Request,
    response: Response,
    actor: Writer,
    session: SessionDep,
    assessment_id: str,
    wanted: ChosenNeeds,
    once: OnceDep,
) -> BulkResult:
    """Open the chosen drafts that are specific enough; the others say what is missing."""
    assessment = assessments.get(session, actor, assessment_id)
    threshold = request.app.state.settings.specificity_threshold
    return once(
        response, lambda: bulk.open_needs(session, actor, assessment, wanted.needs, threshold), _kept, _as_it_was
    )


def _kept(done: BulkResult) -> list[str]:
    return [row.model_dump_json() for row in done.rows]


def _as_it_was(kept: list[str]) -> BulkResult:
    """What became of each need then: references and reasons alone, of which nothing is hidden from officers."""
    rows = [BulkRow.model_validate_json(row) for row in kept]
    done = sum(row.outcome == "done" for row in rows)
    return BulkResult(done=done, refused=sum(row.outcome == "refused" for row in rows), rows=rows)
