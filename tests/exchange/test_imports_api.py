"""Files sent to the API, and what is kept of them."""

import io
from typing import Any

import pytest
import xlsxwriter
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.audit.models import AuditEvent
from app.exchange import service
from app.exchange.models import Import
from app.programmes.models import Programme
from tests.conftest import As
from tests.exchange.conftest import GOOD, HEADER
from tests.programmes.conftest import by_key

PATH = "/api/v1/imports"
MIXED = f"{HEADER}\n{GOOD}\nA2,T,S,WPN-PSN,011\n".encode()
CSV = {"Content-Type": "text/csv"}


@pytest.fixture
def key(app: FastAPI, session: Session, partner: As) -> TestClient:
    return by_key(app, session, partner.organization)


def test_a_file_sent_as_the_body_is_taken_in_and_its_wrong_rows_can_be_had(key: TestClient, session: Session):
    response = key.post(f"{PATH}?kind=programmes", content=MIXED, headers=CSV)

    report = response.json()
    assert response.status_code == 201
    assert response.headers["Location"] == f"{PATH}/{report['id']}"
    assert (report["rows"], report["created"], report["refused"]) == (2, 1, 1)
    assert report["errors"][0]["row"] == 3
    assert report["errors"][0]["column"] == "themes"
    assert key.get(f"{PATH}/{report['id']}").json() == report
    refused = key.get(report["refused_rows"])
    assert refused.headers["Content-Type"].startswith("text/csv")
    assert b"A2,T,S,WPN-PSN,011,3,themes,WPN-PSN," in refused.content
    mended = refused.content.replace(b"S,WPN-PSN", b"S,WPN-PSM")
    assert key.post(f"{PATH}?kind=programmes", content=mended, headers=CSV).json()["created"] == 1


def test_a_file_sent_in_a_form_is_known_by_its_name(key: TestClient):
    row = b'{"title": "T", "summary": "S", "themes": ["WPN-PSM"], "coverage": {"global": true}}'

    report = key.post(f"{PATH}?kind=programmes", files={"file": ("folder/offers.jsonl", row)}).json()

    assert (report["file_name"], report["format"], report["created"]) == ("offers.jsonl", "jsonl", 1)


def test_a_formula_that_was_never_computed_is_named_and_the_rest_of_the_workbook_is_kept(key: TestClient):
    target = io.BytesIO()
    with xlsxwriter.Workbook(target) as workbook:
        sheet = workbook.add_worksheet()
        for number, line in enumerate((HEADER, GOOD, "A2,T,,WPN-PSM,011")):
            sheet.write_row(number, 0, line.split(","))
        sheet.write_formula("C3", "=C2", value="")

    report = key.post(f"{PATH}?kind=programmes", files={"file": ("offers.xlsx", target.getvalue())}).json()

    [error] = report["errors"]
    assert (report["created"], report["refused"]) == (1, 1)
    assert (error["row"], error["column"], error["value"]) == (3, "summary", "=C2")
    assert "save the workbook with a spreadsheet program first" in error["reason"]


def test_a_line_that_goes_too_deep_is_named_and_the_rest_of_the_file_is_kept(key: TestClient):
    good = b'{"title": "T", "summary": "S", "themes": ["WPN-PSM"], "coverage": {"global": true}}'
    deep = good.replace(b'"S"', b"[" * 5_000 + b"]" * 5_000)

    sent = {"file": ("offers.jsonl", good + b"\n" + deep)}
    report = key.post(f"{PATH}?kind=programmes", files=sent).json()

    [error] = report["errors"]
    assert (report["created"], report["refused"]) == (1, 1)
    assert (error["row"], error["column"]) == (2, "summary")
    assert "no field goes deeper than 20" in error["reason"]


def test_a_try_is_recorded_and_keeps_nothing(key: TestClient, session: Session):
    report = key.post(f"{PATH}?kind=programmes&dry_run=true", content=MIXED, headers=CSV).json()

    assert (report["dry_run"], report["created"], report["refused"]) == (True, 1, 1)
    assert session.scalar(select(func.count()).select_from(Programme)) == 0
    assert session.scalars(select(AuditEvent.action)).all() == ["import.done"]


@pytest.mark.parametrize(
    ("query", "content", "headers", "field"),
    [
        ("kind=programmes", MIXED, {}, "format"),
        ("kind=pairings", MIXED, CSV, "kind"),
        ("kind=programmes&format=pdf", MIXED, {}, "format"),
        ("kind=programmes", b"titel\nx\n", CSV, "titel"),
        ("kind=programmes&file_name=%00", MIXED, CSV, "file_name"),
    ],
)
def test_a_request_that_cannot_be_taken_in_is_named(
    key: TestClient, query: str, content: bytes, headers: dict[str, str], field: str
):
    response = key.post(f"{PATH}?{query}", content=content, headers=headers)

    assert response.status_code == 422
    assert response.json()["errors"][0]["pointer"] == field


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b'a,"b'])
def test_a_file_that_cannot_be_read_is_refused(key: TestClient, content: bytes):
    assert key.post(f"{PATH}?kind=programmes", content=content, headers=CSV).status_code == 422


def test_a_form_without_a_file_is_refused(key: TestClient):
    response = key.post(f"{PATH}?kind=programmes", files={"other": ("a.csv", b"x")})

    assert response.json()["errors"][0]["pointer"] == "/file"


def test_a_file_of_too_many_rows_is_refused(key: TestClient, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(service, "MOST_ROWS", 1)

    response = key.post(f"{PATH}?kind=programmes", content=MIXED, headers=CSV)

    assert response.status_code == 422
    assert "send at most 1 at a time" in response.json()["detail"]


def test_a_repeated_request_is_done_once(key: TestClient, session: Session):
    headers = CSV | {"Idempotency-Key": "i1"}
    answers = [key.post(f"{PATH}?kind=programmes", content=MIXED, headers=headers) for _ in range(2)]

    assert answers[0].json() == answers[1].json()
    assert session.scalar(select(func.count()).select_from(Import)) == 1


def test_who_may_import_what(key: TestClient, officer: As, admin: As, donor: As):
    def status(who: Any, kind: str) -> int:
        return int(who.post(f"{PATH}?kind={kind}", content=b"ref\nx\n", headers=CSV).status_code)

    assert [status(key, kind) for kind in ("organizations", "programmes", "needs")] == [403, 422, 403]
    assert [status(officer, kind) for kind in ("organizations", "programmes", "needs")] == [403, 422, 422]
    assert [status(admin, kind) for kind in ("organizations", "programmes", "needs")] == [422, 422, 422]
    assert [status(donor, kind) for kind in ("organizations", "programmes", "needs")] == [403, 403, 403]


def test_imports_are_seen_by_their_organization_and_by_officers(
    key: TestClient, other_partner: As, officer: As, donor: As
):
    report = key.post(f"{PATH}?kind=programmes", content=MIXED, headers=CSV).json()
    path = f"{PATH}/{report['id']}"

    for reader, number in ((key, 1), (officer, 1), (other_partner, 0)):
        assert reader.get(f"{PATH}?count=true").json()["total"] == number
        assert reader.get(path).status_code == (200 if number else 404)
        assert reader.get(f"{path}/refused-rows").status_code == (200 if number else 404)
    assert donor.get(PATH).status_code == 403
