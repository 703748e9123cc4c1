"""The house itself: migrations match the models, and the audit chain protects itself."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.audit.models import AuditEvent
from app.core.actor import Actor, Role
from app.core.model import Base
from app.organizations.models import Organization
from migrations.env_filter import is_ours


def test_the_migrations_make_what_the_models_say(connection: Connection):
    context = MigrationContext.configure(connection, opts={"compare_type": True, "include_name": is_ours})
    assert compare_metadata(context, Base.metadata) == []


@pytest.mark.parametrize("change", ["UPDATE audit_event SET action = 'x'", "DELETE FROM audit_event"])
def test_an_audit_event_cannot_be_changed(session: Session, cted: Organization, change: str):
    audit.record(session, Actor(Role.ADMIN, cted.id), "tested", cted)
    session.commit()

    with pytest.raises(DBAPIError, match="append-only"):
        session.execute(text(change))


def test_events_are_chained(session: Session, cted: Organization):
    for action in ("first", "second"):
        audit.record(session, Actor(Role.ADMIN, cted.id), action, cted)
    session.commit()

    first, second = session.query(AuditEvent).order_by(AuditEvent.number)
    assert second.previous_hash == first.hash == audit.chain_hash(first)


def test_a_savepoint_that_fails_takes_its_events_with_it(session: Session, cted: Organization):
    actor = Actor(Role.ADMIN, cted.id)
    audit.record(session, actor, "kept", cted)
    savepoint = session.begin_nested()
    audit.record(session, actor, "lost", cted)
    savepoint.rollback()
    session.commit()

    assert [event.action for event in session.query(AuditEvent)] == ["kept"]


def test_a_savepoint_that_fails_takes_the_events_of_those_released_in_it_too(session: Session, cted: Organization):
    actor = Actor(Role.ADMIN, cted.id)
    savepoint = session.begin_nested()
    with session.begin_nested():
        audit.record(session, actor, "lost", cted)
    savepoint.rollback()
    session.commit()

    assert session.query(AuditEvent).count() == 0
