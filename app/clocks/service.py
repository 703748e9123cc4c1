"""Pass what an officer answers for to another. One use case, with one audit event for each record that passes."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from app.assessments.models import Assessment
from app.audit import service as audit
from app.clocks import queries
from app.clocks.schemas import HandoverIn, HandoverOut
from app.core.actor import Actor
from app.core.errors import Conflict, FieldError, Invalid
from app.needs.models import Need
from app.organizations.users.queries import officer_id

Answered = Need | Assessment


def hand_over(session: Session, actor: Actor, values: HandoverIn) -> HandoverOut:
    """Pass needs, or all needs and assessments, from one officer to another: as responsible and as deputy.

    Raises Invalid for who is no officer in service and for a need that is not theirs, Conflict for all of nothing.
    """
    from_id = queries.account_id(session, values.from_, "/from") if values.from_ is not None else None
    to_id, deputy_id = (
        officer_id(session, email, at) for email, at in ((values.to, "/to"), (values.deputy, "/deputy"))
    )
    needs, assessments = _passing(session, actor, values, from_id)
    records: list[Answered] = [*needs, *assessments]
    emails = _emails(session, records, [to_id, deputy_id])
    befores = [_roles(record, emails) for record in records]
    for record in records:
        _pass(record, from_id, to_id, deputy_id)
    session.flush()
    for record, before in zip(records, befores, strict=True):
        after = {**_roles(record, emails), "reason": values.reason}
        audit.record(session, actor, f"{type(record).__name__.lower()}.handed_over", record, before, after)
    return HandoverOut(
        from_=values.from_,
        to=values.to,
        needs=[need.ref for need in needs],
        assessments=[assessment.ref for assessment in assessments],
    )


def _passing(
    session: Session, actor: Actor, values: HandoverIn, from_id: UUID | None
) -> tuple[Sequence[Need], Sequence[Assessment]]:
    if not values.all:
        return _named(session, actor, values.needs, from_id), []
    if from_id is None:
        raise Invalid.field("/from", "Say from whom all needs pass")
    needs = queries.answered_for(session, actor, Need, from_id)
    assessments = queries.answered_for(session, actor, Assessment, from_id)
    if not needs and not assessments:
        raise Conflict(f"{values.from_} answers for nothing")
    return needs, assessments


def _named(session: Session, actor: Actor, refs: Sequence[str], from_id: UUID | None) -> list[Need]:
    found = queries.named(session, actor, refs)
    errors = []
    for n, ref in enumerate(refs):
        if ref not in found:
            errors.append(FieldError(f"/needs/{n}", f"There is no need {ref[:60]!r}"))
        elif not _is_theirs(found[ref], from_id):
            whose = "of the officer in `from`" if from_id else "without an officer: say `from` whom it passes"
            errors.append(FieldError(f"/needs/{n}", f"{ref} is not {whose}"))
    if errors:
        raise Invalid(errors[0].message, errors)
    return [found[ref] for ref in sorted(set(refs))]


def _is_theirs(need: Need, from_id: UUID | None) -> bool:
    if from_id is None:
        return need.responsible_id is None
    return from_id in (need.responsible_id, need.deputy_id)


def _pass(record: Answered, from_id: UUID | None, to_id: UUID | None, deputy_id: UUID | None) -> None:
    """Set who answers. Nobody stands in for themselves; a new deputy is set where the responsible one changes."""
    deputy = to_id if from_id is not None and record.deputy_id == from_id else record.deputy_id
    if record.responsible_id == from_id:
        record.responsible_id, deputy = to_id, deputy_id or deputy
    record.deputy_id = None if deputy == record.responsible_id else deputy


def _roles(record: Answered, emails: dict[UUID, str]) -> dict[str, str | None]:
    answering = {"responsible": record.responsible_id, "deputy": record.deputy_id}
    return {role: emails[identity] if identity else None for role, identity in answering.items()}


def _emails(session: Session, records: Sequence[Answered], others: Sequence[UUID | None]) -> dict[UUID, str]:
    ids = {identity for record in records for identity in (record.responsible_id, record.deputy_id)} | set(others)
    return queries.emails(session, ids)
