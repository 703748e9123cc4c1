"""Read the audit trail, as far as the reader may."""

from sqlalchemy import Select, select

from app.audit.models import AuditEvent
from app.core.actor import Actor, Role

_NOT_OF_RECORDS = ("User", "ApiKey", "SignInLink", "SecretAddress", "SavedSearch")


def visible(actor: Actor) -> Select[AuditEvent]:
    """Admins see the whole trail, officers that of records, others nothing.

    Accounts and keys are no records, nor is what an organization keeps for itself, such as its saved searches.
    """
    statement = select(AuditEvent)
    if actor.role is Role.ADMIN:
        return statement
    if actor.role is Role.OFFICER:
        return statement.where(AuditEvent.subject_type.not_in(_NOT_OF_RECORDS))
    return statement.where(AuditEvent.number < 0)


def events_of(actor: Actor, subject: str | None) -> Select[AuditEvent]:
    """Select what `actor` may see of the record with this reference or id, or of all records."""
    statement = visible(actor)
    if subject is None:
        return statement
    return statement.where((AuditEvent.subject_ref == subject) | (AuditEvent.subject_id == subject))
