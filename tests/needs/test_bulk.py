"""Codes of many needs are confirmed, and many opened, each by itself."""

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit.models import AuditEvent
from tests.conftest import As

VISITS = "/api/v1/assessments"
GOOD = (
    "The Logistics Directorate keeps 14,000 rifles in nine depots. A standing order asks for a monthly count. "
    "Storekeepers should be able to count by serial number."
)
MARKS = ["themes:WPN-PSM", "provisions:2370:6"]


@pytest.fixture
def visit(officer: As) -> str:
    return str(officer.post(VISITS, json={"kind": "focused", "states": ["TG"]}).json()["ref"])


def state(officer: As, visit: str, number: str, description: str = GOOD) -> dict[str, Any]:
    values = {
        "recipient": {"countries": ["TG"]}, "title": "Depots", "description": description, "source": "assessment",
        "assessment": visit, "source_ref": number, "themes": ["WPN-PSM"], "unconfirmed": MARKS,
        "provisions": [{"instrument": "2370", "paragraph": "6"}],
    }  # fmt: skip
    answer = officer.post("/api/v1/needs", json=values)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def act(officer: As, visit: str, what: str, *needs: dict[str, Any], **headers: str) -> Any:
    chosen = [{"ref": need["ref"], "etag": need["etag"]} for need in needs]
    answer = officer.post(f"{VISITS}/{visit}/{what}", json={"needs": chosen}, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_one_call_confirms_all_suggested_codes_of_the_chosen_needs(officer: As, visit: str, session: Session):
    one, two = state(officer, visit, "1"), state(officer, visit, "2")

    result = act(officer, visit, "confirmations", one, two)

    assert (result["done"], result["refused"]) == (2, 0)
    assert officer.get(f"/api/v1/needs/{one['ref']}").json()["unconfirmed"] == []
    changed = select(AuditEvent.subject_id).where(AuditEvent.action == "need.changed")
    assert len(set(session.scalars(changed))) == 2


def test_confirming_again_changes_nothing(officer: As, visit: str):
    one = state(officer, visit, "1")
    act(officer, visit, "confirmations", one)

    again = act(officer, visit, "confirmations", officer.get(f"/api/v1/needs/{one['ref']}").json())

    assert [row["outcome"] for row in again["rows"]] == ["unchanged"]


def test_drafts_that_are_specific_enough_open_and_the_others_say_what_is_missing(officer: As, visit: str):
    good, vague = state(officer, visit, "1"), state(officer, visit, "2", "Assistance is needed.")

    result = act(officer, visit, "openings", good, vague)

    assert [(row["outcome"], row["status"]) for row in result["rows"]] == [("done", None), ("refused", 422)]
    assert any(reason.startswith("institution") for reason in result["rows"][1]["reasons"])
    statuses = [officer.get(f"/api/v1/needs/{need['ref']}").json()["status"] for need in (good, vague)]
    assert statuses == ["open", "draft"]


def test_a_need_that_changed_meanwhile_is_left_as_it_is(officer: As, visit: str):
    one = state(officer, visit, "1")
    officer.patch(f"/api/v1/needs/{one['ref']}", json={"title": "Newer"}, headers={"If-Match": one["etag"]})

    result = act(officer, visit, "openings", one)

    assert [row["status"] for row in result["rows"]] == [412]


def test_needs_of_another_assessment_are_not_found_in_this_one(officer: As, visit: str):
    other = str(officer.post(VISITS, json={"kind": "survey", "states": ["BJ"]}).json()["ref"])
    one = state(officer, visit, "1")

    rows = act(officer, other, "openings", one, {"ref": "N-2026-NONE0", "etag": None})["rows"]

    assert [row["status"] for row in rows] == [404, 404]


def test_a_closed_need_does_not_open(officer: As, visit: str):
    one = state(officer, visit, "1")
    closing = {"status": "closed", "outcome": "withdrawn"}
    closed = officer.post(f"/api/v1/needs/{one['ref']}/status", json=closing, headers={"If-Match": one["etag"]})

    assert act(officer, visit, "openings", closed.json())["rows"][0]["status"] == 409


def test_a_repeated_key_acts_once_and_answers_the_same(officer: As, visit: str):
    one = state(officer, visit, "1")

    answers = [act(officer, visit, "confirmations", one, **{"Idempotency-Key": "k"}) for _ in range(2)]

    assert answers[0] == answers[1]
    assert answers[0]["done"] == 1


def test_nobody_but_officers_acts_on_needs(partner: As, donor: As, visit: str):
    for outsider in (partner, donor):
        for what in ("confirmations", "openings"):
            answer = outsider.post(f"{VISITS}/{visit}/{what}", json={"needs": [{"ref": "N-2026-AAAAA"}]})
            assert answer.status_code == 403


def test_a_mark_of_a_provision_that_is_not_cited_is_refused(officer: As):
    values = {
        "recipient": {"countries": ["TG"]}, "title": "T", "description": "D", "source": "other",
        "unconfirmed": ["provisions:1373:2 (a)"],
    }  # fmt: skip
    assert officer.post("/api/v1/needs", json=values).status_code == 422
