"""What `counterpart check` finds, each by one line; what is in order it passes over."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text, update
from sqlalchemy.orm import Session

from app.cli.findings import CHECKS
from app.core.db import utc_now
from app.core.jobs import Job, JobStatus
from app.needs import service as needs
from app.needs.models import Need, NeedStatus
from app.needs.schemas import NeedIn, NeedMove
from app.pairings.models import MatchRun, Origin, Pairing, PairingStatus, RunStatus
from app.programmes import service as programmes
from app.programmes.models import Programme, ProgrammeStatus
from app.programmes.schemas import ProgrammeIn
from tests.conftest import As


@pytest.fixture
def programme(session: Session, partner: As) -> Programme:
    said = {
        "title": "Armoury management",
        "summary": "Trains storekeepers of police armouries.",
        "themes": ["WPN-PSM"],
        "coverage": {"countries": ["TG"]},
        "status": "active",
    }
    made, _ = programmes.register(session, partner.actor, ProgrammeIn.model_validate(said))
    session.commit()
    return made


@pytest.fixture
def need(session: Session, officer: As) -> Need:
    said = {
        "recipient": {"countries": ["TG"]},
        "title": "Armouries without registers",
        "description": "The police keep rifles in armouries without registers.",
        "source": "state_request",
    }
    made = needs.create(session, officer.actor, NeedIn.model_validate(said))
    needs.move(session, officer.actor, made, NeedMove(status=NeedStatus.OPEN, override_reason="a test"))
    session.commit()
    return made


def _found(session: Session) -> list[str]:
    session.expire_all()
    return [finding for look in CHECKS for finding in look(session)]


def test_records_made_by_the_services_are_in_order(session: Session, programme: Programme, need: Need):
    assert _found(session) == []


def test_an_assurance_that_is_past_is_found(session: Session, programme: Programme):
    programme.assured_until = utc_now().date() - timedelta(days=1)
    session.commit()

    assert [f"programme {programme.ref}: assured until" in line for line in _found(session)] == [True]


def test_an_active_programme_that_ended_is_found_and_one_that_ends_today_is_not(
    session: Session, programme: Programme
):
    programme.ends_on = utc_now().date()
    session.commit()
    assert _found(session) == []

    programme.ends_on = utc_now().date() - timedelta(days=1)
    session.commit()
    assert [f"programme {programme.ref}: it is active, but its dates say" in line for line in _found(session)] == [
        True
    ]


def test_the_actual_end_counts_more_than_the_planned_one(session: Session, programme: Programme):
    programme.ends_on = utc_now().date() - timedelta(days=1)
    programme.actual_ends_on = utc_now().date() + timedelta(days=30)
    session.commit()

    assert _found(session) == []


def test_a_programme_that_is_not_active_may_be_over(session: Session, programme: Programme):
    programme.status = ProgrammeStatus.ENDED
    programme.ends_on = programme.assured_until = utc_now().date() - timedelta(days=1)
    session.commit()

    assert _found(session) == []


def test_a_need_whose_status_was_changed_past_its_history_is_found(session: Session, need: Need):
    session.execute(update(Need).where(Need.id == need.id).values(status=NeedStatus.ON_HOLD))
    session.commit()

    assert _found(session) == [f"need {need.ref}: is on_hold, but its history ends with open"]


def test_a_need_that_names_a_revision_it_does_not_have_is_found(session: Session, need: Need):
    session.execute(update(Need).where(Need.id == need.id).values(revision=7))
    session.commit()

    assert _found(session) == [f"need {need.ref}: its current revision is not there"]


def test_a_pairing_that_its_newest_decision_does_not_explain_is_found(
    session: Session, need: Need, programme: Programme
):
    pairing = Pairing(
        need_id=need.id,
        programme_id=programme.id,
        origin=Origin.OFFICER,
        score=0.5,
        need_revision=1,
        model="m",
        status=PairingStatus.ACCEPTED,
    )
    session.add(pairing)
    session.flush()
    session.execute(
        text(
            "INSERT INTO decision (id, pairing_id, number, judgement, reason, note, facts, at) "
            "VALUES (:id, :pairing, 1, 'reject', 'timing', '', '', :at)"
        ),
        _bound(session, pairing),
    )

    assert _found(session) == [f"pairing {pairing.id}: is accepted, but the newest decision is to reject"]


def test_jobs_that_failed_for_good_are_counted(session: Session):
    session.add_all([Job(kind="match.need", status=JobStatus.FAILED, payload={}) for _ in range(2)])
    session.commit()

    assert _found(session) == ["jobs: 2 of match.need failed for good; see /api/v1/jobs"]


def test_jobs_and_runs_whose_process_died_are_named(session: Session):
    long_ago = utc_now() - timedelta(hours=1)
    session.add(Job(kind="match.need", status=JobStatus.RUNNING, claimed_at=long_ago))
    run = MatchRun(full=True, status=RunStatus.RUNNING, queued_at=long_ago, needs_total=50, needs_done=25)
    session.add(run)
    session.flush()

    assert _found(session) == [
        "jobs: 1 of match.need were begun and never ended; is a worker running?",
        f"match run {run.id}: its process ended after 25 of 50 needs; run it again",
    ]


def test_missing_vocabularies_are_named(session: Session):
    session.execute(text("UPDATE term SET kind = 'wepon' WHERE kind = 'weapon'"))

    assert _found(session) == ["vocabularies: there are no terms of weapon"]


def _bound(session: Session, pairing: Pairing) -> dict[str, object]:
    """Ids are stored as text on SQLite, as UUIDs on PostgreSQL."""
    if session.get_bind().dialect.name == "sqlite":
        return {"id": uuid4().hex, "pairing": pairing.id.hex, "at": "2026-11-01 00:00:00"}
    return {"id": uuid4(), "pairing": pairing.id, "at": utc_now()}
