"""What was answered was committed before: a commit that fails is never a 201."""

import pytest
from fastapi import FastAPI, Response
from fastapi.testclient import TestClient
from sqlalchemy import event, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.core.db import SessionDep


@pytest.fixture
def failing(own_app: FastAPI) -> TestClient:
    """Routes that succeed, in transactions that cannot be committed."""

    @own_app.post("/api/v1/fails/{how}", status_code=201)
    def create(how: str, session: SessionDep, response: Response) -> dict[str, str]:
        event.listen(session, "before_commit", REASONS[how], once=True)
        response.headers["Location"] = "/somewhere"
        return {"how": how}

    return TestClient(own_app, headers={"Authorization": "Bearer x"}, raise_server_exceptions=False)


def _bug(_session: Session) -> None:
    raise ZeroDivisionError


def _contradiction(session: Session) -> None:
    raise IntegrityError("INSERT", {}, ValueError("UNIQUE constraint failed"))


REASONS = {"bug": _bug, "contradiction": _contradiction}


@pytest.mark.parametrize(("how", "status"), [("bug", 500), ("contradiction", 409)])
def test_a_commit_that_fails_is_an_error_and_not_a_201(failing: TestClient, how: str, status: int):
    answer = failing.post(f"/api/v1/fails/{how}")

    assert answer.status_code == status
    assert "Location" not in answer.headers


def test_a_route_that_raises_leaves_nothing_behind(own_app: FastAPI, session: Session):
    @own_app.post("/api/v1/half")
    def half(session: SessionDep) -> None:
        session.execute(
            text("INSERT INTO term (kind, code, position, labels, facts) VALUES ('x','y',1,'{}','{}')")
        )
        raise ZeroDivisionError

    TestClient(own_app, headers={"Authorization": "Bearer x"}, raise_server_exceptions=False).post("/api/v1/half")

    assert session.scalar(text("SELECT count(*) FROM term WHERE kind = 'x'")) == 0
