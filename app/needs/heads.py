"""What is true of a need whatever it says: where it comes from and who answers for it."""

from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.assessments import queries as assessments
from app.core.actor import Actor
from app.core.db import utc_now
from app.core.errors import Conflict, Invalid
from app.needs.models import Need, Source
from app.needs.schemas import NeedIn, NeedPatch
from app.organizations.users.queries import officer_id

_KEPT = ("source", "assessment_id", "source_ref", "responsible_id", "deputy_id", "illustrative")


def write_head(session: Session, actor: Actor, need: Need, values: NeedIn | NeedPatch) -> None:
    """Set the fields of the head that were sent. Raises Invalid or Conflict where they contradict something."""
    with session.no_autoflush:  # a look-up would flush a head changed by half, which the database refuses
        _set(session, actor, need, values)
        _check_source(session, need)


def facts_of(need: Need) -> dict[str, Any]:
    """The head's fields, for the audit trail."""
    return {name: getattr(need, name) for name in _KEPT}


def by_source(session: Session, actor: Actor, values: NeedIn) -> Need | None:
    """The need that an earlier import made of the same line of the same source."""
    if values.source_ref is None:
        return None
    assessment_id = _assessment_id(session, actor, values.assessment)
    return _with_source(session, assessment_id, values.source_ref)


def _set(session: Session, actor: Actor, need: Need, values: NeedIn | NeedPatch) -> None:
    sent = values.model_fields_set
    if "source" in sent and values.source:
        need.source = values.source
    if "assessment" in sent:
        need.assessment_id = _assessment_id(session, actor, values.assessment)
    if "source_ref" in sent:
        need.source_ref = values.source_ref
    if "responsible" in sent:
        need.responsible_id = officer_id(session, values.responsible, "/responsible")
    if "deputy" in sent:
        need.deputy_id = officer_id(session, values.deputy, "/deputy")
    if "illustrative" in sent and need.illustrative != bool(values.illustrative):
        need.illustrative, need.shown_at = bool(values.illustrative), utc_now()


def _with_source(session: Session, assessment_id: UUID | None, source_ref: str) -> Need | None:
    return session.scalar(
        select(Need).where(Need.assessment_id.is_not_distinct_from(assessment_id), Need.source_ref == source_ref)
    )


def _assessment_id(session: Session, actor: Actor, name: str | None) -> UUID | None:
    if name is None:
        return None
    if found := assessments.find(session, actor, name):
        return found.id
    message = f"There is no assessment {name!r}; give its reference, id or external identifier"
    raise Invalid.field("/assessment", message)


def _check_source(session: Session, need: Need) -> None:
    if (need.source is Source.ASSESSMENT) != (need.assessment_id is not None):
        message = "Name the assessment where the source is `assessment`, and only there"
        raise Invalid.field("/assessment", message)
    if need.source_ref is None:
        return
    other = _with_source(session, need.assessment_id, need.source_ref)
    if other is not None and other is not need:
        raise Conflict(f"{other.ref} has this source_ref already; change that need instead")
