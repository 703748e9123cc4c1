"""Changing, moving, assuring and merging a programme."""

from datetime import date, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit.models import AuditEvent
from app.core.db import utc_now
from app.programmes.models import ProgrammeStatus
from app.programmes.service import MOVES
from app.vocabularies.models import Term
from tests.conftest import As
from tests.programmes.conftest import MINIMAL, PATH, aged


def day(distance: int) -> str:
    return (utc_now().date() + timedelta(days=distance)).isoformat()


def register(key: TestClient, **more: Any) -> tuple[str, dict[str, Any]]:
    programme = key.post(PATH, json=MINIMAL | more).json()
    return f"{PATH}/{programme['ref']}", programme


def test_a_change_needs_the_present_tag(key: TestClient):
    path, programme = register(key)

    assert key.patch(path, json={"title": "New"}).status_code == 428
    assert key.patch(path, json={"title": "New"}, headers={"If-Match": '"9"'}).status_code == 412
    changed = key.patch(path, json={"title": "New"}, headers={"If-Match": programme["etag"]})
    assert changed.json()["title"] == "New"
    assert changed.headers["ETag"] != programme["etag"]


def test_a_currency_that_is_withdrawn_stays_until_it_is_changed(key: TestClient, session: Session):
    path, programme = register(key, budget=5, currency="ZWG", external_id="A")
    session.delete(session.get_one(Term, ("currency", "ZWG")))
    session.commit()

    assert key.get(path).json()["currency"] == "ZWG"
    changed = {"title": "New", "currency": "ZWG"}
    assert key.patch(path, json=changed, headers={"If-Match": programme["etag"]}).status_code == 200
    assert key.post(PATH, json=MINIMAL | {"external_id": "A", "budget": 5, "currency": "ZWG"}).status_code == 200
    assert key.post(PATH, json=MINIMAL | {"external_id": "B", "budget": 5, "currency": "ZWG"}).status_code == 422


def test_in_a_change_an_absent_field_is_kept_and_null_clears(key: TestClient):
    path, programme = register(key, capacity=3, weapons=["SALW"], funding="one", starts_on="2026-01-01")
    cleared = {"capacity": None, "weapons": None, "funding": None}

    changed = key.patch(path, json=cleared, headers={"If-Match": programme["etag"]}).json()

    assert (changed["capacity"], changed["weapons"], changed["funding"]) == (None, [], "")
    assert changed["starts_on"] == "2026-01-01"
    assert changed["summary"] == MINIMAL["summary"]


def test_a_change_of_codes_alone_moves_the_tag(key: TestClient):
    path, programme = register(key, themes=["WPN-PSM", "WPN-LEG"])

    changed = key.patch(path, json={"themes": ["WPN-LEG", "WPN-PSM"]}, headers={"If-Match": programme["etag"]})

    assert changed.json()["themes"] == ["WPN-LEG", "WPN-PSM"]
    assert changed.headers["ETag"] != programme["etag"]


def test_a_change_leaves_one_event_with_the_changed_fields_alone(key: TestClient, session: Session):
    path, programme = register(key, capacity=3)
    key.patch(path, json={"capacity": 4, "title": MINIMAL["title"]}, headers={"If-Match": programme["etag"]})

    [event] = session.scalars(select(AuditEvent).where(AuditEvent.action == "programme.updated"))
    assert (event.before, event.after) == ({"capacity": 3}, {"capacity": 4})
    assert event.subject_ref == programme["ref"]


def test_anothers_programme_is_not_changed(key: TestClient, other_key: TestClient):
    path, _ = register(key)
    hidden, _ = register(key, status="draft")

    assert other_key.patch(path, json={"title": "Mine"}, headers={"If-Match": "*"}).status_code == 403
    assert other_key.patch(hidden, json={"title": "Mine"}, headers={"If-Match": "*"}).status_code == 404
    assert other_key.post(f"{hidden}/assurance").status_code == 404


@pytest.mark.parametrize("before", ProgrammeStatus)
@pytest.mark.parametrize("to", ProgrammeStatus)
def test_the_status_moves_along_the_table_alone(key: TestClient, before: ProgrammeStatus, to: ProgrammeStatus):
    path, programme = register(key, status=before.value)

    moved = key.post(f"{path}/status", json={"status": to}, headers={"If-Match": programme["etag"]})

    allowed = to in MOVES[before]
    assert moved.status_code == (200 if allowed else 409)
    assert key.get(path).json()["status"] == (to if allowed else before)


def test_a_move_needs_the_present_tag(key: TestClient):
    path, _ = register(key)

    assert key.post(f"{path}/status", json={"status": "suspended"}).status_code == 428


def test_an_ended_programme_is_active_again_once_it_is_extended(key: TestClient):
    path, programme = register(key, status="ended", ends_on=day(-10), external_id="A1")
    again = {"json": {"status": "active"}, "headers": {"If-Match": "*"}}

    refused = key.post(f"{path}/status", **again)
    key.patch(path, json={"ends_on": day(100)}, headers={"If-Match": programme["etag"]})

    assert refused.status_code == 409
    assert "extend its end date first" in refused.json()["detail"]
    assert key.post(f"{path}/status", **again).json()["status"] == "active"


def test_a_registration_can_extend_and_revive_at_once(key: TestClient):
    register(key, status="ended", ends_on=day(-10), external_id="A1")

    revived = key.post(PATH, json=MINIMAL | {"external_id": "A1", "status": "active", "ends_on": day(100)})

    assert revived.json()["status"] == "active"


def test_a_draft_that_goes_live_is_assured_from_that_day(key: TestClient):
    path, programme = register(key, status="draft", assured_until=day(1))

    moved = key.post(f"{path}/status", json={"status": "active"}, headers={"If-Match": programme["etag"]})

    assert moved.json()["assured_until"] == day(180)


def test_one_call_assures_again(key: TestClient, session: Session):
    path, programme = register(key)
    aged(session, programme["ref"], utc_now().date() - timedelta(days=5))

    assert key.post(f"{path}/assurance").json()["freshness"] == "fresh"
    assert key.post(f"{path}/assurance", json={"assured_until": day(20)}).json()["assured_until"] == day(20)
    assert key.post(f"{path}/assurance", json={"assured_until": day(-1)}).status_code == 422
    actions = session.scalars(select(AuditEvent.action).where(AuditEvent.action == "programme.assured")).all()
    assert len(actions) == 2


def test_a_duplicate_is_ended_and_leads_to_the_other(key: TestClient, officer: As):
    path, _ = register(key)
    _, other = register(key, title="The right one")

    merged = key.post(f"{path}/merge", json={"into": other["ref"]})

    assert (merged.json()["status"], merged.json()["merged_into"]) == ("ended", other["ref"])
    assert merged.json()["contradictions"] == []
    assert key.patch(path, json={"title": "X"}, headers={"If-Match": "*"}).status_code == 409
    assert key.post(f"{path}/status", json={"status": "active"}, headers={"If-Match": "*"}).status_code == 409
    assert officer.get(path).json()["merged_into"] == other["ref"]


def test_a_programme_is_merged_into_another_living_one(key: TestClient, other_key: TestClient):
    path, programme = register(key)
    other_path, other = register(key)
    _, third = register(key)
    _, foreign = register(other_key)
    key.post(f"{other_path}/merge", json={"into": third["ref"]})

    assert key.post(f"{path}/merge", json={"into": programme["ref"]}).status_code == 409
    assert key.post(f"{path}/merge", json={"into": other["ref"]}).status_code == 409
    assert key.post(f"{path}/merge", json={"into": foreign["ref"]}).status_code == 403
    nowhere = key.post(f"{path}/merge", json={"into": "P-2026-ZZZZZ"})
    assert (nowhere.status_code, nowhere.json()["errors"][0]["pointer"]) == (422, "/into")


def test_a_merge_into_what_the_owner_may_not_see_does_not_tell_its_reference(
    key: TestClient, other_key: TestClient, officer: As
):
    theirs = officer.post(PATH, json=MINIMAL | {"organization": "PARTNER", "status": "active"}).json()
    draft = other_key.post(PATH, json=MINIMAL | {"status": "draft"}).json()
    officer.post(f"{PATH}/{theirs['ref']}/merge", json={"into": draft["ref"]})

    shown = key.get(f"{PATH}/{theirs['ref']}")
    refused = key.patch(
        f"{PATH}/{theirs['ref']}", json={"title": "T"}, headers={"If-Match": shown.headers["ETag"]}
    )

    assert (shown.json()["status"], shown.json()["merged_into"]) == ("ended", None)
    assert refused.status_code == 409
    assert draft["ref"] not in shown.text + refused.text
    assert officer.get(f"{PATH}/{theirs['ref']}").json()["merged_into"] == draft["ref"]


def test_an_assurance_that_is_past_is_refused_but_may_stay_as_it_is(key: TestClient, session: Session):
    late = key.post(PATH, json=MINIMAL | {"external_id": "A", "assured_until": "2024-01-01"})
    made = key.post(PATH, json=MINIMAL | {"external_id": "A"})
    aged(session, made.json()["ref"], date(2024, 1, 1))

    again = key.post(PATH, json=MINIMAL | {"external_id": "A", "assured_until": "2024-01-01"})

    assert (late.status_code, late.json()["errors"][0]["pointer"]) == (422, "/assured_until")
    assert (made.status_code, again.status_code) == (201, 200)


def test_a_replayed_move_is_done_once(key: TestClient, session: Session):
    path, programme = register(key)
    headers = {"If-Match": programme["etag"], "Idempotency-Key": "m1"}

    answers = [key.post(f"{path}/status", json={"status": "suspended"}, headers=headers) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()
