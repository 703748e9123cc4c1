"""Confirm the codes of many needs, or open many, each by itself: what is wrong with one leaves the others."""

from collections.abc import Callable, Sequence
from functools import partial

from sqlalchemy.orm import Session

from app.assessments.models import Assessment
from app.core.actor import Actor
from app.core.errors import NotFound
from app.core.http import etag_of, honour_match
from app.core.rows import Refused, write
from app.needs import queries, service
from app.needs.bulk_schemas import BulkResult, BulkRow, Chosen
from app.needs.models import Need, NeedStatus
from app.needs.schemas import NeedMove
from app.needs.specificity import THRESHOLD

Act = Callable[[Need], bool]


def confirm_codes(session: Session, actor: Actor, assessment: Assessment, chosen: Sequence[Chosen]) -> BulkResult:
    """Confirm every suggested code of each chosen need."""

    def act(need: Need) -> bool:
        waiting = service.newest(session, need).unconfirmed
        if waiting:
            service.confirm(session, actor, need, list(waiting))
        return bool(waiting)

    return _each(session, actor, assessment, chosen, act)


def open_needs(
    session: Session,
    actor: Actor,
    assessment: Assessment,
    chosen: Sequence[Chosen],
    threshold: float = THRESHOLD,
) -> BulkResult:
    """Open each chosen draft that is specific enough; the others say what is missing."""

    def act(need: Need) -> bool:
        if need.status is NeedStatus.OPEN:
            return False
        service.move(session, actor, need, NeedMove(status=NeedStatus.OPEN), threshold)
        return True

    return _each(session, actor, assessment, chosen, act)


def _each(
    session: Session, actor: Actor, assessment: Assessment, chosen: Sequence[Chosen], act: Act
) -> BulkResult:
    rows = [_row(session, one, partial(_do, session, actor, assessment, one, act)) for one in chosen]
    done = sum(row.outcome == "done" for row in rows)
    return BulkResult(done=done, refused=sum(row.outcome == "refused" for row in rows), rows=rows)


def _do(session: Session, actor: Actor, assessment: Assessment, one: Chosen, act: Act) -> bool:
    need = queries.load(session, actor, one.ref)
    if need.assessment_id != assessment.id:
        raise NotFound("There is no such need in this assessment")
    honour_match(one.etag, etag_of(need.version))
    return act(need)


def _row(session: Session, one: Chosen, do: Callable[[], bool]) -> BulkRow:
    outcome = write(session, do)
    if isinstance(outcome, Refused):
        reasons = [error.message for error in outcome.errors]
        return BulkRow(
            ref=one.ref, outcome="refused", status=outcome.status, detail=outcome.detail, reasons=reasons
        )
    return BulkRow(ref=one.ref, outcome="done" if outcome else "unchanged")
