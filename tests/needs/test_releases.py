"""Sight comes from releases alone: what, to whom, on what basis, and for how long."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from app.core.calendar import add_working_days
from app.core.db import utc_now
from app.needs.models import Need, Release
from app.organizations.models import Membership, OrganizationKind
from app.organizations.service import ensure_built_in_groups
from tests.conftest import As, make_organization

NEEDS = "/api/v1/needs"
DEPOTS = {
    "recipient": {"countries": ["TG"]},
    "title": "Depots without inventory",
    "description": "The Logistics Directorate cannot count its 14,000 rifles in nine depots under decree 12 "
    "of 2019; 36 storekeepers should be able to count them each month. A pilot register works in one depot.",
    "source": "state_request",
    "themes": ["WPN-PSM"],
    "priority": "high",
    "institution": "Logistics Directorate",
    "assistance_types": ["training"],
}


def state(officer: As, **changes: object) -> str:
    answer = officer.post(NEEDS, json={**DEPOTS, **changes})
    assert answer.status_code == 201, answer.text
    return answer.json()["ref"]


def move(officer: As, ref: str, status: str, **more: object) -> None:
    etag = officer.get(f"{NEEDS}/{ref}").json()["etag"]
    body = {"status": status, **more}
    answer = officer.post(f"{NEEDS}/{ref}/status", json=body, headers={"If-Match": etag})
    assert answer.status_code == 200, answer.text


def opened(officer: As, **changes: object) -> str:
    ref = state(officer, **changes)
    move(officer, ref, "open", override_reason="tested elsewhere")
    return ref


def release(officer: As, ref: str, audience: dict[str, str], fields: str = "summary", **more: object) -> dict:
    body = {"audience": audience, "fields": fields, "basis": "document", "reference": "note verbale 12", **more}
    answer = officer.post(f"{NEEDS}/{ref}/releases", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


def agree(officer: As, country: str) -> dict:
    """Record a State's written agreement to the silence procedure."""
    body = {"country": country, "reference": f"letter of {country} on the procedure", "agreed_on": "2026-01-15"}
    answer = officer.post("/api/v1/silence-agreements", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


def refs(reader: As, **params: object) -> list[str]:
    page = reader.get(NEEDS, params={"count": True, **params}).json()
    assert page["total"] == len(page["items"])
    return [item["ref"] for item in page["items"]]


@pytest.fixture(autouse=True)
def groups(session: Session) -> None:
    ensure_built_in_groups(session)
    session.commit()


def test_without_a_release_a_need_does_not_exist_outside_cted(officer: As, partner: As, donor: As):
    ref = opened(officer)

    for reader in (partner, donor):
        assert refs(reader) == []
        hidden, unknown = reader.get(f"{NEEDS}/{ref}"), reader.get(f"{NEEDS}/N-2026-ZZZZZ")
        assert hidden.status_code == unknown.status_code == 404
        assert hidden.json()["detail"].replace(ref, "X") == unknown.json()["detail"].replace("N-2026-ZZZZZ", "X")


def test_a_summary_shows_the_region_and_never_the_country(officer: As, donor: As):
    ref = opened(officer)
    release(officer, ref, {"group": "donors"})

    shown = donor.get(f"{NEEDS}/{ref}").json()

    assert shown["title"] == "Depots without inventory"
    assert "TG" not in str({**shown, "ref": "", "etag": ""})  # which are random letters and digits
    assert "Logistics" not in str(shown)
    assert not {"recipient", "description", "institution", "assistance_types", "revision", "status"} & set(
        shown
    ) - {"status"}


def test_a_full_release_to_one_organization_shows_it_to_no_other(officer: As, partner: As, other_partner: As):
    ref = opened(officer)
    release(officer, ref, {"organization": partner.organization.ref}, "full")

    assert partner.get(f"{NEEDS}/{ref}").json()["recipient"]["countries"] == ["TG"]
    assert other_partner.get(f"{NEEDS}/{ref}").status_code == 404


def test_the_officer_side_fields_are_never_released(officer: As, partner: As):
    ref = opened(officer)
    release(officer, ref, {"organization": partner.organization.ref}, "full")

    shown = partner.get(f"{NEEDS}/{ref}").json()

    for name in (
        "source",
        "source_ref",
        "assessment",
        "residual_of",
        "override_reason",
        "responsible",
        "releases",
    ):
        assert name not in shown


def test_an_exception_of_a_group_sees_nothing(officer: As, partner: As, other_partner: As):
    ref = opened(officer)
    release(officer, ref, {"group": "partners"}, **{"except": [partner.organization.ref]})

    assert refs(partner) == []
    assert refs(other_partner) == [ref]


def test_withdrawal_ends_sight_at_once(officer: As, donor: As):
    ref = opened(officer)
    made = release(officer, ref, {"group": "donors"})
    assert refs(donor) == [ref]

    assert officer.delete(f"{NEEDS}/{ref}/releases/{made['id']}").status_code == 204

    assert refs(donor) == []
    assert donor.get(f"{NEEDS}/{ref}").status_code == 404


@pytest.mark.parametrize("status", ["on_hold", "closed"])
def test_a_group_sees_open_needs_alone_and_one_organization_also_those_on_hold_or_closed(
    officer: As, donor: As, partner: As, status: str
):
    ref = opened(officer)
    release(officer, ref, {"group": "donors"})
    release(officer, ref, {"organization": partner.organization.ref}, "full")

    move(officer, ref, status, **({"outcome": "met"} if status == "closed" else {}))

    assert refs(donor) == []
    assert refs(partner) == [ref]


def test_a_draft_is_seen_by_nobody_outside_cted(officer: As, partner: As):
    ref = state(officer)
    release(officer, ref, {"organization": partner.organization.ref}, "full")
    assert refs(partner) == []


def test_a_release_of_tomorrow_gives_no_sight_today(officer: As, donor: As):
    ref = opened(officer)
    release(officer, ref, {"group": "donors"}, **{"from": (utc_now() + timedelta(days=1)).isoformat()})
    assert refs(donor) == []


def test_a_release_whose_time_is_over_gives_no_sight(officer: As, donor: As, session: Session):
    ref = opened(officer)
    made = release(officer, ref, {"group": "donors"}, until=(utc_now() + timedelta(days=2)).isoformat())
    kept = session.get_one(Release, UUID(made["id"]))
    kept.starts_at, kept.ends_at = utc_now() - timedelta(days=2), utc_now() - timedelta(days=1)
    session.commit()

    assert refs(donor) == []


def test_backdating_gives_no_sight_before_the_recording(officer: As, partner: As):
    ref = opened(officer)
    release(officer, ref, {"organization": partner.organization.ref}, **{"from": "2020-01-01"})

    past = officer.get(f"{NEEDS}/{ref}/releases", params={"at": "2021-01-01T00:00:00Z"}).json()

    assert past["seen_by"] == []


def test_the_audience_sees_the_released_revision_until_it_is_extended(officer: As, partner: As):
    ref = opened(officer)
    release(officer, ref, {"organization": partner.organization.ref}, "full")
    etag = officer.get(f"{NEEDS}/{ref}").json()["etag"]
    officer.patch(f"{NEEDS}/{ref}", json={"title": "Nine depots"}, headers={"If-Match": etag})
    assert partner.get(f"{NEEDS}/{ref}").json()["title"] == "Depots without inventory"

    release(officer, ref, {"organization": partner.organization.ref}, "full")

    assert partner.get(f"{NEEDS}/{ref}").json()["title"] == "Nine depots"


def test_a_release_of_a_need_of_several_states_waits_for_each_consent(officer: As, partner: As):
    ref = opened(officer, recipient={"countries": ["TG", "BJ"]})
    first = {"country": "TG", "reference": "letter of TG"}
    made = release(officer, ref, {"organization": partner.organization.ref}, consents=[first])
    assert made["missing_consents"] == ["BJ"]
    assert refs(partner) == []

    consent = {"country": "BJ", "reference": "letter of BJ"}
    answer = officer.post(f"{NEEDS}/{ref}/releases/{made['id']}/consents", json=consent)

    assert answer.json()["in_force"] is True
    assert refs(partner) == [ref]


def test_silence_is_a_basis_towards_one_organization_and_counts_working_days(officer: As, partner: As):
    ref = opened(officer)
    agree(officer, "TG")
    to_group = {"audience": {"group": "partners"}, "fields": "summary", "basis": "silence", "reference": "mail"}
    assert officer.post(f"{NEEDS}/{ref}/releases", json=to_group).status_code == 422

    made = release(officer, ref, {"organization": partner.organization.ref}, basis="silence")

    fifth = add_working_days(utc_now().date(), 5)
    assert made["from"].startswith((fifth + timedelta(days=1)).isoformat())
    assert refs(partner) == []


def test_working_days_leave_out_weekends_and_holidays():
    friday_before_thanksgiving_week = date(2026, 11, 20)
    assert add_working_days(friday_before_thanksgiving_week, 5) == date(2026, 11, 30)


def test_who_could_see_what_on_a_day_is_answered_from_history(officer: As, partner: As, session: Session):
    ref = opened(officer)
    release(officer, ref, {"organization": partner.organization.ref}, "full")

    now = officer.get(f"{NEEDS}/{ref}/releases").json()
    before = officer.get(f"{NEEDS}/{ref}/releases", params={"at": "2026-01-01"}).json()

    assert now["seen_by"] == [{"organization": "PARTNER", "revision": 1, "fields": "full"}]
    assert before["seen_by"] == []
    assert datetime.now(UTC).isoformat()[:10] in now["at"]


def test_one_act_releases_the_needs_of_an_assessment(officer: As, donor: As):
    visit = officer.post("/api/v1/assessments", json={"kind": "comprehensive", "states": ["TG"]}).json()
    of_visit = {"source": "assessment", "assessment": visit["ref"]}
    first = opened(officer, **of_visit, source_ref="1")
    second = opened(officer, **of_visit, source_ref="2")
    state(officer, **of_visit, source_ref="3")
    act = {"audience": {"group": "donors"}, "fields": "summary", "basis": "document", "reference": "letter"}

    made = officer.post(f"/api/v1/assessments/{visit['id']}/releases", json=act)

    assert made.status_code == 201
    assert sorted(refs(donor)) == sorted([first, second])


def test_the_preview_is_what_the_audience_then_reads(officer: As, donor: As):
    ref = opened(officer, title="Depots in Togo without inventory")

    preview = officer.get(f"{NEEDS}/{ref}/preview", params={"fields": "summary"}).json()
    release(officer, ref, {"group": "donors"})

    read = donor.get(f"{NEEDS}/{ref}").json()
    assert {k: v for k, v in preview["shown"].items() if k != "etag"} == {
        k: v for k, v in read.items() if k != "etag"
    }
    assert preview["warnings"] == ["The title names Togo: whoever reads it knows the State"]


def test_the_ledger_says_who_recorded_a_release_and_the_audience_is_not_told(
    officer: As, admin: As, donor: As, session: Session
):
    ref = opened(officer)
    [first, second] = [release(visitor, ref, {"group": "donors"}, "full") for visitor in (officer, admin)]
    session.get_one(Release, UUID(second["id"])).recorded_by_id = None  # as by a key, or at the command line
    session.commit()

    items = admin.get(f"{NEEDS}/{ref}/releases").json()["items"]

    assert first["recorded_by"] == officer.user.email
    assert {item["id"]: item["recorded_by"] for item in items} == {
        first["id"]: officer.user.email,
        second["id"]: None,
    }
    assert officer.user.email not in donor.get(f"{NEEDS}/{ref}").text


@pytest.mark.parametrize("path", ["releases", "preview"])
def test_the_ledger_is_for_officers_alone(officer: As, partner: As, donor: As, path: str):
    ref = opened(officer)
    assert officer.get(f"{NEEDS}/{ref}/{path}").status_code == 200
    assert partner.get(f"{NEEDS}/{ref}/{path}").status_code == 403
    assert donor.get(f"{NEEDS}/{ref}/{path}").status_code == 403


def test_an_unknown_audience_is_named(officer: As):
    ref = opened(officer)
    body = {"audience": {"group": "friends"}, "fields": "summary", "basis": "document", "reference": "x"}

    answer = officer.post(f"{NEEDS}/{ref}/releases", json=body)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/audience/group"
    assert "donors, partners" in answer.json()["detail"]


def test_a_need_that_comes_back_into_sight_is_new_to_those_who_lost_it(officer: As, donor: As, session: Session):
    ref = opened(officer)
    release(officer, ref, {"group": "donors"})
    long_ago = utc_now() - timedelta(days=30)
    session.execute(update(Release).values(starts_at=long_ago, recorded_at=long_ago, complete_at=long_ago))
    session.execute(update(Need).values(shown_at=long_ago))
    session.commit()
    today = utc_now().date().isoformat()
    assert refs(donor, since=today) == []

    move(officer, ref, "on_hold")
    move(officer, ref, "open", override_reason="tested elsewhere")

    assert refs(donor, since=today) == [ref]


def test_disclosure_says_what_groups_see_and_so_nothing_while_a_need_is_on_hold(officer: As):
    ref = opened(officer)
    release(officer, ref, {"group": "donors"})
    assert officer.get(f"{NEEDS}/{ref}").json()["disclosure"] == "open"

    move(officer, ref, "on_hold")

    assert officer.get(f"{NEEDS}/{ref}").json()["disclosure"] == "restricted"


def test_a_need_of_a_bodys_members_waits_for_each_of_them(officer: As, donor: As, session: Session):
    body = make_organization(session, "BODY", OrganizationKind.IMPLEMENTER)
    left = utc_now().date() - timedelta(days=1)
    session.add_all([
        Membership(organization_id=body.id, country_code="TG"),
        Membership(organization_id=body.id, country_code="BJ"),
        Membership(organization_id=body.id, country_code="ML", until_on=left),
    ])  # fmt: skip
    session.commit()
    ref = opened(officer, recipient={"members_of": "BODY"})

    made = release(officer, ref, {"group": "donors"}, "full", consents=[{"country": "TG", "reference": "n. 1"}])
    assert (made["in_force"], made["missing_consents"], refs(donor)) == (False, ["BJ"], [])
    url = f"{NEEDS}/{ref}/releases/{made['id']}/consents"
    assert officer.post(url, json={"country": "ML", "reference": "n. 2"}).status_code == 422

    done = officer.post(url, json={"country": "BJ", "reference": "n. 2"}).json()

    assert (done["in_force"], done["missing_consents"], refs(donor)) == (True, [], [ref])
