"""Jobs over HTTP: CTED sees all, others their own."""

from uuid import uuid4

from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from app.core.jobs import enqueue
from tests.conftest import As


def test_a_partner_sees_its_own_jobs_alone(partner: As, officer: As, session: Session):
    own = enqueue(session, "import", user_id=partner.user.id, file="x")
    other = enqueue(session, "match.need", need_id="y")
    session.flush()
    own_id, other_id = own.id, other.id

    seen = partner.get("/api/v1/jobs?count=true").json()

    assert ([item["id"] for item in seen["items"]], seen["total"]) == ([str(own_id)], 1)
    assert partner.get(f"/api/v1/jobs/{own_id}").status_code == 200
    assert partner.get(f"/api/v1/jobs/{other_id}").status_code == 404
    assert officer.get("/api/v1/jobs?count=true").json()["total"] == 2


def test_a_job_shows_its_progress_and_not_what_it_was_given(officer: As, session: Session):
    job = enqueue(session, "match.run", full=True)
    session.flush()
    address = f"/api/v1/jobs/{job.id}"

    seen = officer.get(address).json()

    assert (seen["status"], seen["progress"]) == ("queued", {})
    assert "payload" not in seen


def test_a_job_that_is_not_there_is_not_found(officer: As):
    assert officer.get(f"/api/v1/jobs/{uuid4()}").status_code == 404


def test_nobody_signed_in_sees_no_job(anybody: TestClient):
    assert anybody.get("/api/v1/jobs").status_code == 401
