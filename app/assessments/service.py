"""What can be done to an assessment. Each function is one use case and leaves one audit event."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.assessments.models import Agreement, Assessment, AssessmentState
from app.assessments.schemas import AssessmentIn, AssessmentPatch
from app.audit import service as audit
from app.core.actor import Actor
from app.core.db import utc_now
from app.core.errors import Conflict, Invalid
from app.core.model import new_ref
from app.organizations.users.queries import officer_id
from app.vocabularies.queries import check_codes


def register(session: Session, actor: Actor, values: AssessmentIn) -> tuple[Assessment, bool]:
    """Store an assessment, or update the one with this external identifier; say whether it is new.

    Whoever records it answers for it unless another officer is named.
    """
    if existing := _by_external_id(session, values.external_id):
        return update(session, actor, existing, values), False
    assessment = Assessment(ref=new_ref("A", utc_now().year), external_id=values.external_id)
    assessment.responsible_id = actor.user_id
    _apply(session, assessment, values.model_dump(exclude_none=True))
    session.add(assessment)
    session.flush()
    audit.record(session, actor, "assessment.recorded", assessment, after=_facts(assessment))
    return assessment, True


def update(
    session: Session, actor: Actor, assessment: Assessment, values: AssessmentIn | AssessmentPatch
) -> Assessment:
    """Change the fields that were sent. Raises Invalid for dates out of order or an unknown State."""
    before = _facts(assessment)
    taken = _by_external_id(session, values.external_id)
    if taken is not None and taken is not assessment:
        raise Conflict(f"{taken.ref} has this external identifier")
    _apply(session, assessment, values.model_dump(exclude_unset=True))
    session.flush()
    session.expire(assessment, ["responsible", "deputy"])
    after = _facts(assessment)
    changed = [name for name in after if after[name] != before[name]]
    if changed:
        old, new = ({name: side[name] for name in changed} for side in (before, after))
        audit.record(session, actor, "assessment.changed", assessment, old, new)
    return assessment


def _by_external_id(session: Session, external_id: str | None) -> Assessment | None:
    if external_id is None:
        return None
    return session.scalar(select(Assessment).where(Assessment.external_id == external_id))


def _apply(session: Session, assessment: Assessment, values: dict[str, Any]) -> None:
    if states := values.pop("states", None):
        check_codes(session, "country", states, "/states")
        kept = {state.code: state for state in assessment.states}
        assessment.states = [kept.get(code) or AssessmentState(code=code) for code in dict.fromkeys(states)]
    for role in ("responsible", "deputy"):
        if role in values:
            setattr(assessment, f"{role}_id", officer_id(session, values.pop(role), f"/{role}"))
    for name, value in values.items():
        setattr(assessment, name, _EMPTY.get(name) if value is None else value)
    _check(assessment)


_EMPTY = {"symbol": "", "agreement": Agreement.PENDING, "illustrative": False}


def _check(assessment: Assessment) -> None:
    if assessment.kind is None:
        raise Invalid.field("/kind", "An assessment has a kind; it cannot be cleared")
    begins, ends = assessment.visit_from, assessment.visit_until
    if ends and (begins is None or ends < begins):
        raise Invalid.field("/visit_until", "`visit_until` needs a `visit_from` that is not after it")
    for name in ("observations_received_on", "steps_reported_on"):
        answered = getattr(assessment, name)
        if answered and (assessment.report_received_on is None or answered < assessment.report_received_on):
            raise Invalid.field(f"/{name}", f"`{name}` needs a `report_received_on` that is not after it")
    if (assessment.agreement == Agreement.PENDING) != (assessment.agreement_on is None):
        raise Invalid.field("/agreement_on", "Give the day of the State's agreement or refusal, and only then")


def _facts(assessment: Assessment) -> dict[str, Any]:
    columns = {column.key: getattr(assessment, column.key) for column in Assessment.__table__.columns}
    for name in ("id", "created_at", "version", "ref"):
        del columns[name]
    return {**columns, "states": [state.code for state in assessment.states]}
