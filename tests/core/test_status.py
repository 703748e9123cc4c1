"""What those who run the service ask it."""

from pathlib import Path

from fastapi import FastAPI
from fastapi.testclient import TestClient
from pydantic import SecretStr

from app.core.jobs import enqueue
from app.core.settings import Settings
from app.main import create_app
from tests.conftest import As


def test_the_process_says_that_it_is_alive(anybody: TestClient):
    assert anybody.get("/healthz").text == "ok\n"


def test_a_migrated_database_is_ready(anybody: TestClient):
    assert anybody.get("/readyz").status_code == 200


def test_a_database_that_is_not_migrated_is_not_ready_and_says_what_to_do(settings: Settings):
    app = create_app(settings)

    with TestClient(app) as client:
        answer = client.get("/readyz")
    app.state.engine.dispose()

    assert answer.status_code == 503
    assert "counterpart init" in answer.json()["detail"]


def test_a_database_that_cannot_be_reached_is_not_ready(settings: Settings, tmp_path: Path):
    url = f"sqlite:///{tmp_path}"  # a folder is no database
    app = create_app(settings.model_copy(update={"database_url": url}))

    with TestClient(app) as client:
        answer = client.get("/readyz")
    app.state.engine.dispose()

    assert (answer.status_code, answer.json()["detail"]) == (503, "The database cannot be reached")


def test_without_a_token_in_the_settings_there_are_no_metrics(admin: As):
    assert admin.get("/metrics").status_code == 404


def test_metrics_count_requests_and_jobs_for_who_has_the_token(app: FastAPI, officer: As, session):
    app.state.settings = app.state.settings.model_copy(update={"metrics_token": SecretStr("t0ken")})
    enqueue(session, "match.need", need_id="x")
    officer.get("/api/v1/jobs")

    refused = officer.get("/metrics", headers={"Authorization": "Bearer wrong"})
    counted = officer.get("/metrics", headers={"Authorization": "Bearer t0ken"})

    assert refused.status_code == 401
    assert 'http_requests_total{method="GET",route="/api/v1/jobs",status="200"} 1.0' in counted.text
    assert 'jobs{status="queued"} 1' in counted.text
