"""Registering: by key, on the form, again, and by whom."""

from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit.models import AuditEvent
from app.core.db import utc_now
from app.core.jobs import Job
from app.core.settings import Settings
from tests.conftest import As
from tests.programmes.conftest import MINIMAL, PATH


def day(distance: int) -> str:
    return (utc_now().date() + timedelta(days=distance)).isoformat()


def test_the_minimal_programme_is_active_and_assured_when_a_key_sends_it(key: TestClient, partner: As):
    response = key.post(PATH, json=MINIMAL)

    programme = response.json()
    assert response.status_code == 201
    assert response.headers["Location"] == f"{PATH}/{programme['ref']}"
    assert response.headers["ETag"] == programme["etag"]
    assert programme["organization"] == partner.organization.ref
    assert programme["status"] == "active"
    assert programme["assured_until"] == day(180)
    assert programme["freshness"] == "fresh"
    assert programme["provenance"]["kind"] == "organization"
    assert programme["coverage"] == {"global": False, "regions": ["011"], "countries": [], "members_of": []}


def test_on_the_form_it_starts_as_a_draft(partner: As):
    assert partner.post(PATH, json=MINIMAL).json()["status"] == "draft"


def test_what_a_registration_says_of_status_and_assurance_counts(key: TestClient):
    said = {"status": "suspended", "assured_until": day(10)}

    programme = key.post(PATH, json=MINIMAL | said).json()

    assert programme["status"] == "suspended"
    assert programme["assured_until"] == day(10)
    assert programme["freshness"] == "due"


def test_every_field_comes_back_as_it_was_sent(key: TestClient, other_partner: As):
    sent: dict[str, Any] = {
        "kind": "fund",
        "external_id": "F-7",
        "title": "Small arms trust fund",
        "summary": "Pays for projects.",
        "activities": ["grants; small", "advice"],
        "language": "en",
        "themes": ["WPN-PSM", "WPN-LEG"],
        "dimensions": ["legislative"],
        "functions": ["prevent"],
        "weapons": ["SALW"],
        "assistance_types": ["funding"],
        "languages": ["fr", "en"],
        "coverage": {"global": True, "regions": ["011"], "countries": ["TG"], "members_of": ["OTHER"]},
        "excluded": ["ML"],
        "eligibility_notes": "States apply once a year.",
        "partners": [{"organization": "OTHER", "role": "funding"}, {"organization": "OTHER", "role": None}],
        "starts_on": "2026-01-01",
        "ends_on": "2028-12-31",
        "actual_starts_on": "2026-02-01",
        "actual_ends_on": None,
        "capacity": 4,
        "budget": 1250000.5,
        "currency": "USD",
        "funding": "Three donors",
        "web_page": "https://example.org/fund",
        "applies": "state",
        "calls_open_on": "2026-03-01",
        "calls_close_on": "2026-04-01",
        "ceiling": 50000,
        "illustrative": True,
    }

    programme = key.post(PATH, json=sent).json()

    assert {name: programme[name] for name in sent} == sent
    assert key.get(f"{PATH}/{programme['ref']}").json() == programme


def test_the_same_identifier_updates_keeps_what_is_absent_and_clears_what_is_null(key: TestClient):
    first = key.post(PATH, json=MINIMAL | {"external_id": "A1", "capacity": 3, "funding": "one donor"}).json()

    response = key.post(PATH, json=MINIMAL | {"external_id": "A1", "title": "Renamed", "funding": None})

    assert response.status_code == 200
    assert response.json()["ref"] == first["ref"]
    assert response.json()["title"] == "Renamed"
    assert response.json()["capacity"] == 3
    assert response.json()["funding"] == ""


def test_a_repeated_registration_assures_again(key: TestClient):
    key.post(PATH, json=MINIMAL | {"external_id": "A1", "assured_until": day(3)})

    assert key.post(PATH, json=MINIMAL | {"external_id": "A1"}).json()["assured_until"] == day(180)


def test_the_same_request_twice_changes_nothing_and_leaves_one_event(key: TestClient, session: Session):
    first = key.post(PATH, json=MINIMAL | {"external_id": "A1"})
    second = key.post(PATH, json=MINIMAL | {"external_id": "A1"})

    assert second.headers["ETag"] == first.headers["ETag"]
    actions = session.scalars(select(AuditEvent.action).where(AuditEvent.action.startswith("programme."))).all()
    assert actions == ["programme.registered"]


def test_two_organizations_may_use_the_same_identifier(key: TestClient, other_key: TestClient):
    assert key.post(PATH, json=MINIMAL | {"external_id": "A1"}).status_code == 201
    assert other_key.post(PATH, json=MINIMAL | {"external_id": "A1"}).status_code == 201


def test_an_update_with_an_old_tag_is_refused_and_with_the_present_one_taken(key: TestClient):
    old = key.post(PATH, json=MINIMAL | {"external_id": "A1"}).headers["ETag"]
    new = key.post(PATH, json=MINIMAL | {"external_id": "A1", "title": "Second"}).headers["ETag"]
    third = MINIMAL | {"external_id": "A1", "title": "Third"}

    assert key.post(PATH, json=third, headers={"If-Match": old}).status_code == 412
    assert key.post(PATH, json=third, headers={"If-Match": new}).json()["title"] == "Third"


def test_if_match_on_an_identifier_that_is_not_there_yet_is_refused(key: TestClient):
    response = key.post(PATH, json=MINIMAL | {"external_id": "A1"}, headers={"If-Match": '"1"'})

    assert response.status_code == 412


def test_a_repeated_idempotency_key_registers_once(key: TestClient):
    answers = [key.post(PATH, json=MINIMAL, headers={"Idempotency-Key": "k1"}) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert len(key.get(PATH).json()["items"]) == 1


def test_a_partner_writes_for_its_own_organization_alone(key: TestClient, other_partner: As):
    response = key.post(PATH, json=MINIMAL | {"organization": "OTHER"})

    assert response.status_code == 403
    assert response.json()["detail"] == "You write the programmes of PARTNER alone"


@pytest.mark.parametrize("ref", ["OTHER", "NOBODY-AT-ALL"])
def test_a_refusal_does_not_say_which_organizations_exist(key: TestClient, other_partner: As, ref: str):
    assert key.post(PATH, json=MINIMAL | {"organization": ref}).status_code == 403


def test_a_donor_registers_nothing(donor: As):
    assert donor.post(PATH, json=MINIMAL).status_code == 403


def test_an_officer_enters_what_public_sources_say(officer: As, partner: As):
    source = {"provenance": {"source_url": "https://example.org/p", "caveat": "as of 2024"}}

    programme = officer.post(PATH, json=MINIMAL | {"organization": "PARTNER"} | source).json()

    assert programme["provenance"]["kind"] == "public_sources"
    assert programme["provenance"]["caveat"] == "as of 2024"


def test_an_officer_does_not_enter_in_an_organizations_name(officer: As, partner: As):
    sent = MINIMAL | {"organization": "PARTNER", "provenance": {"kind": "organization"}}

    response = officer.post(PATH, json=sent)

    assert response.status_code == 422
    assert response.json()["errors"][0]["pointer"] == "/provenance/kind"


@pytest.mark.parametrize(("said", "kept"), [(None, "organization"), ("public_sources", "public_sources")])
def test_of_its_own_programmes_cted_says_which_are_compiled(officer: As, said: str | None, kept: str):
    sent = MINIMAL | {"organization": officer.organization.ref, "external_id": "A1", "provenance": {"kind": said}}

    for _ in range(2):
        assert officer.post(PATH, json=sent).json()["provenance"]["kind"] == kept


def test_an_officer_names_the_organization(officer: As):
    response = officer.post(PATH, json=MINIMAL)

    assert response.status_code == 422
    assert response.json()["errors"][0]["pointer"] == "/organization"


def test_once_its_organization_has_taken_a_record_over_it_alone_writes_it(
    officer: As, admin: As, key: TestClient, partner: As
):
    compiled = MINIMAL | {"organization": "PARTNER", "external_id": "A1", "status": "active"}
    ref = officer.post(PATH, json=compiled).json()["ref"]
    taken = key.post(PATH, json=MINIMAL | {"external_id": "A1"})

    assert taken.json()["ref"] == ref
    assert taken.json()["provenance"]["kind"] == "organization"
    for reader in (officer, admin):
        refused = reader.patch(f"{PATH}/{ref}", json={"title": "Ours"}, headers={"If-Match": "*"})
        assert refused.status_code == 409
        assert "PARTNER keeps this record itself" in refused.json()["detail"]
    assert officer.post(PATH, json=compiled).status_code == 409


def test_only_what_is_live_is_matched(key: TestClient, session: Session):
    ref = key.post(PATH, json=MINIMAL).json()["ref"]
    key.post(PATH, json=MINIMAL | {"status": "draft"})

    jobs = session.scalars(select(Job).where(Job.kind == "match.programme")).all()
    programme = key.get(f"{PATH}/{ref}").json()
    assert len(jobs) == 1
    assert programme["status"] == "active"


class TestReviewOfFirstProgrammes:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"review_first_programmes": True})

    def test_the_first_one_waits_for_an_admin_and_the_next_one_does_not(
        self, key: TestClient, admin: As, officer: As
    ):
        first = key.post(PATH, json=MINIMAL | {"status": "active"}).json()
        move = {"json": {"status": "active"}, "headers": {"If-Match": first["etag"]}}
        path = f"{PATH}/{first['ref']}/status"

        assert first["status"] == "draft"
        assert key.post(path, **move).status_code == 409
        assert officer.post(path, **move).status_code == 409
        assert admin.post(path, **move).json()["status"] == "active"
        assert key.post(PATH, json=MINIMAL).json()["status"] == "active"
