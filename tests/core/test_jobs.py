"""Work that a process left behind when it died is taken up again, and only then."""

from datetime import timedelta
from uuid import UUID

import pytest
from fastapi import FastAPI
from sqlalchemy.orm import Session

from app.core.db import utc_now
from app.core.jobs import ATTEMPTS, Job, JobStatus, run_pending


@pytest.fixture
def done(app: FastAPI) -> list[UUID]:
    """The jobs that were done, of the kind `note`."""
    noted: list[UUID] = []
    app.state.job_handlers = {"note": lambda _session, job: noted.append(job.id)}
    return noted


def _begun(session: Session, seconds_ago: int, attempts: int = 1) -> Job:
    claimed = utc_now() - timedelta(seconds=seconds_ago)
    job = Job(kind="note", status=JobStatus.RUNNING, claimed_at=claimed, due_at=claimed, attempts=attempts)
    session.add(job)
    session.commit()
    return job


def test_a_job_whose_process_died_is_taken_up_again_within_two_minutes(
    app: FastAPI, session: Session, done: list[UUID]
):
    job = _begun(session, seconds_ago=120)

    run_pending(app.state.open_session, app.state.job_handlers)

    session.refresh(job)
    assert (done, job.status, job.attempts) == ([job.id], JobStatus.DONE, 2)


def test_a_job_that_was_just_claimed_is_left_to_its_process(app: FastAPI, session: Session, done: list[UUID]):
    _begun(session, seconds_ago=5)

    assert run_pending(app.state.open_session, app.state.job_handlers) == 0
    assert done == []


def test_a_job_that_kills_every_process_is_given_up(app: FastAPI, session: Session, done: list[UUID]):
    job = _begun(session, seconds_ago=120, attempts=ATTEMPTS)

    run_pending(app.state.open_session, app.state.job_handlers)

    session.refresh(job)
    assert (done, job.status) == ([], JobStatus.FAILED)
    assert "Lost" in str(job.message)
