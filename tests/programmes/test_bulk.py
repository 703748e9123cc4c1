"""Many programmes in one request."""

from typing import Any

from fastapi.testclient import TestClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.audit.models import AuditEvent
from app.core.jobs import Job
from app.programmes.models import Programme
from tests.conftest import As
from tests.programmes.conftest import MINIMAL, PATH

BULK = f"{PATH}/bulk"


def row(external_id: str, **more: Any) -> dict[str, Any]:
    return MINIMAL | {"external_id": external_id} | more


MIXED = [row("A1"), row("A2", themes=["WPN-PSN"]), row("A3"), row("A1", title="Again"), row("A4", titel="x")]


def count(session: Session, of: Any) -> int:
    return session.scalar(select(func.count()).select_from(of)) or 0


def test_every_row_has_its_result_and_the_good_ones_are_kept(key: TestClient, session: Session):
    response = key.post(BULK, json={"items": MIXED})

    report = response.json()
    assert response.status_code == 200
    assert (report["created"], report["updated"], report["refused"]) == (2, 0, 3)
    assert [result["status"] for result in report["results"]] == [201, 422, 201, 409, 422]
    assert report["results"][1]["errors"][0]["pointer"] == "/themes/0"
    assert "WPN-PSM" in report["results"][1]["errors"][0]["message"]
    assert report["results"][3]["detail"] == "The row that is 3 above is about the same record"
    assert report["results"][4]["errors"][0]["pointer"] == "/titel"
    assert key.get(f"{PATH}/{report['results'][0]['ref']}").json()["title"] == MINIMAL["title"]
    assert count(session, Programme) == 2


def test_with_atomic_one_wrong_row_keeps_all_of_them_out(key: TestClient, session: Session):
    response = key.post(f"{BULK}?atomic=true", json={"items": MIXED})

    assert response.status_code == 422
    assert [error["pointer"] for error in response.json()["errors"]] == [
        "/items/1/themes/0",
        "/items/3/external_id",
        "/items/4/titel",
    ]
    for of in (Programme, AuditEvent, Job):
        assert count(session, of) == 0


def test_with_atomic_right_rows_are_all_kept(key: TestClient):
    report = key.post(f"{BULK}?atomic=true", json={"items": [row("A1"), row("A2")]}).json()

    assert report["created"] == 2


def test_a_repeated_bulk_request_updates(key: TestClient, session: Session):
    key.post(BULK, json={"items": [row("A1"), row("A2")]})

    report = key.post(BULK, json={"items": [row("A1", title="New"), row("A3")]}).json()

    assert (report["created"], report["updated"]) == (1, 1)
    assert count(session, Programme) == 3


def test_a_row_that_contradicts_a_record_takes_nothing_else_along(key: TestClient, session: Session):
    key.post(BULK, json={"items": [row("A1", starts_on="2026-06-01")]})
    rows = [row("A0"), row("A1", ends_on="2026-01-01", title="Half"), row("A2")]

    report = key.post(BULK, json={"items": rows}).json()

    assert [result["status"] for result in report["results"]] == [201, 422, 201]
    kept = session.scalar(select(Programme).where(Programme.external_id == "A1"))
    assert kept is not None
    assert (kept.title, kept.ends_on) == (MINIMAL["title"], None)


def test_a_row_for_another_organization_is_refused_alone(key: TestClient, other_partner: As):
    report = key.post(BULK, json={"items": [row("A1"), row("A2", organization="OTHER")]}).json()

    assert [result["status"] for result in report["results"]] == [201, 403]


def test_each_kept_row_leaves_an_event_and_a_job(key: TestClient, session: Session):
    key.post(BULK, json={"items": MIXED})

    assert count(session, AuditEvent) == 2
    assert count(session, Job) == 2


def test_more_than_a_thousand_rows_are_refused(key: TestClient):
    response = key.post(BULK, json={"items": [{}] * 1001})

    assert response.status_code == 422
    assert "at most 1000" in response.json()["errors"][0]["message"]


def test_a_replayed_bulk_request_is_answered_and_not_done_again(key: TestClient, session: Session):
    headers = {"Idempotency-Key": "b1"}
    first = key.post(BULK, json={"items": [MINIMAL, {}]}, headers=headers)
    second = key.post(BULK, json={"items": [MINIMAL, {}]}, headers=headers)

    assert first.json() == second.json()
    assert count(session, Programme) == 1


def test_a_batch_is_looked_up_once_and_not_row_by_row(key: TestClient, session: Session, statements: list[str]):
    key.post(BULK, json={"items": [row(f"A{n}") for n in range(5)]})
    few = sum("FROM term" in statement or "FROM organization" in statement for statement in statements)
    statements.clear()
    key.post(BULK, json={"items": [row(f"B{n}") for n in range(50)]})
    many = sum("FROM term" in statement or "FROM organization" in statement for statement in statements)

    assert many == few
