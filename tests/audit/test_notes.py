"""What leaves the house leaves an event."""

from fastapi import FastAPI
from sqlalchemy.orm import Session

from app.audit.models import AuditEvent
from app.audit.notes import Print, note
from tests.conftest import As


def test_a_print_leaves_an_event_with_what_is_told_of_it(app: FastAPI, session: Session, officer: As):
    told = {"recipient": "the Committee", "marking": "Restricted"}

    note(app.state.open_session, officer.actor, "briefing.printed", Print("briefing", "2026-11"), told, "r-1")

    event = session.query(AuditEvent).filter_by(action="briefing.printed").one()
    assert (event.subject_type, event.subject_ref, event.after) == ("Print", "2026-11", told)
    assert (event.actor_user_id, event.request_id) == (officer.user.id, "r-1")
