"""Nobody may ask more often than the setting says."""

from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.access.limits import RequestLimit
from tests.conftest import As


def test_a_caller_that_asks_too_often_is_told_how_long_to_wait(app: FastAPI, officer: As, admin: As):
    app.state.request_limit = RequestLimit(2)

    answers = [officer.get("/api/v1/jobs") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert 1 <= int(answers[2].headers["Retry-After"]) <= 60
    assert answers[2].json()["title"] == "Too Many Requests"
    assert admin.get("/api/v1/jobs").status_code == 200  # another caller has a window of its own


def test_callers_that_are_not_signed_in_share_the_window_of_their_address(app: FastAPI, anybody: TestClient):
    app.state.request_limit = RequestLimit(1)

    codes = [anybody.get("/api/v1/jobs").status_code for _ in range(2)]

    assert codes == [401, 429]


def test_a_limit_of_nought_is_none(app: FastAPI, officer: As):
    app.state.request_limit = RequestLimit(0)

    assert {officer.get("/api/v1/jobs").status_code for _ in range(5)} == {200}
