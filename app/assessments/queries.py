"""Every SELECT on assessments. Officers see all of them, nobody else sees any."""

from uuid import UUID

from sqlalchemy import Select, false, or_, select
from sqlalchemy.orm import Session

from app.assessments.models import Assessment, AssessmentState
from app.assessments.schemas import AssessmentFilter, AssessmentOut
from app.core.actor import Actor
from app.core.errors import NotFound
from app.core.http import etag_of
from app.core.paging import Found, Key, Paging, paginate

ORDER = (Key(Assessment.created_at, descending=True), Key(Assessment.id))


def visible(actor: Actor) -> Select[Assessment]:
    return select(Assessment) if actor.is_cted else select(Assessment).where(false())


def search(session: Session, actor: Actor, wanted: AssessmentFilter, paging: Paging) -> Found:
    """One page of assessments, newest first."""
    statement = visible(actor)
    if wanted.state:
        of_states = select(AssessmentState.assessment_id).where(AssessmentState.code.in_(wanted.state))
        statement = statement.where(Assessment.id.in_(of_states))
    if wanted.kind:
        statement = statement.where(Assessment.kind.in_(wanted.kind))
    if wanted.agreement:
        statement = statement.where(Assessment.agreement == wanted.agreement)
    return paginate(session, statement, ORDER, paging)


def get(session: Session, actor: Actor, name: str) -> Assessment:
    """Find an assessment by its id, reference or external identifier. Raises NotFound."""
    if found := find(session, actor, name):
        return found
    raise NotFound("There is no such assessment")


def find(session: Session, actor: Actor, name: str) -> Assessment | None:
    names = [Assessment.ref == name, Assessment.external_id == name]
    if identity := _as_uuid(name):
        names.append(Assessment.id == identity)
    return session.scalar(visible(actor).where(or_(*names)).limit(1))


def shown(assessment: Assessment) -> AssessmentOut:
    fields = {name: getattr(assessment, name) for name in AssessmentOut.model_fields if name not in _MADE}
    states = [state.code for state in assessment.states]
    answering = {"responsible": assessment.responsible, "deputy": assessment.deputy}
    emails = {name: user.email if user else None for name, user in answering.items()}
    return AssessmentOut(**fields, **emails, states=states, etag=etag_of(assessment.version))


_MADE = {"etag", "states", "responsible", "deputy"}


def _as_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
