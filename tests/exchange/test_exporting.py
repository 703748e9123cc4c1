"""Files out: what the caller may see, with the fields it may see, in a form that can be imported again."""

import io
import json
from typing import Any

import openpyxl
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit.models import AuditEvent
from app.core.errors import Invalid
from app.exchange import codecs
from app.exchange.models import Format
from app.needs.models import Need
from app.organizations.models import Organization
from app.organizations.service import ensure_built_in_groups
from app.programmes.models import Programme
from tests.conftest import As
from tests.exchange.conftest import Import
from tests.programmes.conftest import by_key

FORMATS = [form.value for form in Format]
OFFER: dict[str, Any] = {
    "external_id": "A1",
    "title": "=Training; of custodians",
    "summary": 'Line one,\nline "two"',
    "activities": ["one; two", "three"],
    "themes": ["WPN-PSM", "WPN-LEG"],
    "coverage": {"regions": ["011"], "countries": ["TG"]},
    "excluded": ["ML"],
    "capacity": 3,
    "eligibility_notes": "- by request",
    "partners": [{"organization": "PARTNER", "role": "implementing"}],
    "budget": 1000.5,
    "currency": "USD",
    "starts_on": "2026-01-01",
}
NEED: dict[str, Any] = {
    "title": "Depots without inventory",
    "description": "The directorate of XA keeps rifles in nine depots.",
    "language": "en",
    "recipient": {"countries": ["TG"], "context": "north"},
    "source": "state_request",
    "source_ref": "S-1",
    "themes": ["WPN-PSM"],
    "provisions": [{"instrument": "2370", "paragraph": "6"}],
    "translations": {"fr": {"title": "Dépôts", "description": "Neuf dépôts."}},
    "indicative_cost": {"low": 10, "currency": "USD"},
    "institution": "Directorate",
    "priority": "high",
}


@pytest.fixture
def offered(app: Any, session: Session, partner: As) -> str:
    key = by_key(app, session, partner.organization)
    key.post("/api/v1/programmes", json=OFFER | {"title": "A draft", "external_id": "A2", "status": "draft"})
    return str(key.post("/api/v1/programmes", json=OFFER).json()["ref"])


@pytest.fixture
def needed(officer: As, session: Session) -> str:
    ensure_built_in_groups(session)
    need = officer.post("/api/v1/needs", json=NEED).json()
    path = f"/api/v1/needs/{need['ref']}"
    opened = {"status": "open", "override_reason": "a test"}
    officer.post(f"{path}/status", json=opened, headers={"If-Match": need["etag"]})
    officer.post("/api/v1/needs", json=NEED | {"title": "Hidden", "source_ref": "S-2"})
    return str(need["ref"])


def release(officer: As, ref: str, audience: dict[str, str], fields: str) -> None:
    body = {"audience": audience, "fields": fields, "basis": "document", "reference": "note 7"}
    assert officer.post(f"/api/v1/needs/{ref}/releases", json=body).status_code == 201


def rows(reader: As, kind: str, form: str = "csv", query: str = "") -> list[dict[str, Any]]:
    response = reader.get(f"/exports/{kind}.{form}?{query}")
    assert response.status_code == 200, response.text
    assert f'filename="{kind}-' in response.headers["Content-Disposition"]
    if form == "jsonl" and not response.content:
        return []
    try:
        return [row.cells for row in codecs.read(Format(form), response.content).rows]
    except Invalid:  # a header alone
        return []


@pytest.mark.parametrize("form", FORMATS)
def test_programmes_come_back_as_they_were(
    partner: As, offered: str, as_partner: Import, session: Session, form: str
):
    exported = partner.get(f"/exports/programmes.{form}").content
    before = partner.get(f"/api/v1/programmes/{offered}").json()

    report = as_partner(exported, form=form)

    assert (report.count("unchanged"), report.errors) == (2, [])
    assert partner.get(f"/api/v1/programmes/{offered}").json() == before


@pytest.mark.parametrize("form", FORMATS)
def test_programmes_make_the_same_records_elsewhere(
    partner: As, offered: str, as_partner: Import, session: Session, form: str
):
    exported = partner.get(f"/exports/programmes.{form}").content
    before = partner.get(f"/api/v1/programmes/{offered}").json()
    for programme in session.scalars(select(Programme)):
        session.delete(programme)
    session.commit()

    assert as_partner(exported, form=form).count("created") == 2

    [made] = [item for item in partner.get("/api/v1/programmes").json()["items"] if item["external_id"] == "A1"]
    assert made == before | {name: made[name] for name in ("ref", "etag", "created_at", "changed_at")}


@pytest.mark.parametrize("form", FORMATS)
def test_needs_come_back_as_they_were(officer: As, needed: str, as_admin: Import, session: Session, form: str):
    exported = officer.get(f"/exports/needs.{form}").content
    before = officer.get(f"/api/v1/needs/{needed}").json()

    report = as_admin(exported, kind="needs", form=form)

    assert (report.count("unchanged"), report.errors) == (2, [])
    assert officer.get(f"/api/v1/needs/{needed}").json() == before
    assert len(session.scalars(select(Need)).all()) == 2


@pytest.mark.parametrize("form", FORMATS)
def test_organizations_come_back_as_they_were(admin: As, as_admin: Import, session: Session, form: str):
    members = [
        {"country": "TG", "from": "1975-05-28"},
        {"country": "ML", "from": "1975-05-28", "until": "2025-01-29"},
    ]
    body = {"ref": "BODY", "name": "A body", "level": "subregional", "members": members, "parent": "CTED-T"}
    assert admin.post("/api/v1/organizations", json=body).status_code == 201
    exported = admin.get(f"/exports/organizations.{form}").content

    report = as_admin(exported, kind="organizations", form=form)

    assert (report.count("unchanged"), report.errors) == (2, [])
    found = session.scalar(select(Organization).where(Organization.ref == "BODY"))
    assert found is not None
    assert [member.country_code for member in found.members] == ["ML", "TG"]


def test_a_donor_is_given_no_draft_and_no_hidden_field_of_a_programme(donor: As, offered: str):
    for form in FORMATS:
        [programme] = rows(donor, "programmes", form)
        assert programme["ref"] == offered
        assert not set(programme) & {"excluded", "capacity", "eligibility_notes", "contradictions"}


def test_a_partner_is_given_its_own_whole_and_of_others_what_is_public(
    other_partner: As, partner: As, offered: str
):
    [foreign] = rows(other_partner, "programmes")
    own = {row["ref"]: row for row in rows(partner, "programmes")}

    assert (foreign["capacity"], foreign["excluded"], foreign["eligibility_notes"]) == ("", "", "")
    assert (own[offered]["capacity"], own[offered]["excluded"]) == ("3", "ML")
    assert len(own) == 2


@pytest.mark.parametrize("form", FORMATS)
def test_without_a_release_nobody_outside_is_given_a_need(donor: As, partner: As, needed: str, form: str):
    assert rows(donor, "needs", form) == rows(partner, "needs", form) == []


@pytest.mark.parametrize("form", FORMATS)
def test_a_donor_is_given_released_fields_alone(officer: As, donor: As, needed: str, form: str):
    release(officer, needed, {"group": "donors"}, "summary")

    [need] = rows(donor, "needs", form)

    said = json.dumps(need, ensure_ascii=False)
    assert need["title"] == NEED["title"]
    for hidden in ("TG", "Directorate", "nine depots", "Neuf", "north", "S-1", "state_request", "override"):
        assert hidden not in said


def test_a_full_release_gives_all_that_a_state_can_release_and_no_more(officer: As, partner: As, needed: str):
    release(officer, needed, {"organization": "PARTNER"}, "full")

    [need] = rows(partner, "needs")

    assert (need["recipient.countries"], need["institution"], need["provisions"]) == (
        "TG",
        "Directorate",
        "2370:6",
    )
    assert not set(need) & {"source", "source_ref", "assessment", "override_reason", "responsible", "disclosure"}


def test_an_export_takes_the_filters_of_the_list(partner: As, offered: str, officer: As, needed: str):
    assert [row["external_id"] for row in rows(partner, "programmes", query="status=active")] == ["A1"]
    assert rows(officer, "needs", query="status=closed") == []
    assert officer.get("/exports/programmes.csv?theme=WPN-PSN").status_code == 422


def test_pairings_are_for_officers_alone(officer: As, partner: As, donor: As, needed: str, offered: str):
    stored = officer.post("/api/v1/pairings", json={"need": needed, "programme": offered})

    assert stored.status_code == 201
    for form in FORMATS:
        [pairing] = rows(officer, "pairings", form)
        assert needed in json.dumps(pairing)
    for reader in (partner, donor):
        assert reader.get("/exports/pairings.csv").status_code == 403


def test_nobody_who_is_not_signed_in_is_given_a_file(anybody: TestClient):
    for kind in ("organizations", "programmes", "needs", "pairings"):
        assert anybody.get(f"/exports/{kind}.csv").status_code == 401


def test_an_unknown_format_is_named(officer: As):
    assert officer.get("/exports/needs.pdf").status_code == 422


@pytest.mark.parametrize("form", FORMATS)
def test_a_file_is_marked_in_its_name_and_in_the_answer(donor: As, officer: As, offered: str, form: str):
    theirs, ours = (reader.get(f"/exports/programmes.{form}") for reader in (donor, officer))

    day = theirs.headers["X-Counterpart-Date"]
    assert theirs.headers["X-Counterpart-Marking"] == "Restricted: for its recipient alone"
    assert theirs.headers["X-Counterpart-Recipient"] == "DONOR"
    assert theirs.headers["X-Counterpart-Notice"] == "Listing is not endorsement."
    assert f'filename="programmes-{day}-restricted-for-DONOR.{form}"' in theirs.headers["Content-Disposition"]
    assert ours.headers["X-Counterpart-Marking"] == "Confidential: for CTED alone"
    assert f'filename="programmes-{day}-confidential-for-CTED-T.{form}"' in ours.headers["Content-Disposition"]


def test_a_workbook_says_in_a_second_sheet_what_it_is(donor: As, offered: str):
    workbook = openpyxl.load_workbook(io.BytesIO(donor.get("/exports/programmes.xlsx").content))

    about = {row[0].value: row[1].value for row in workbook["About"].iter_rows() if row[0].value != "Note"}
    said = [row[1].value for row in workbook["About"].iter_rows()]
    assert workbook.sheetnames[1] == "About"
    assert (about["Marking"], about["For"]) == ("Restricted: for its recipient alone", "DONOR")
    assert "Listing is not endorsement." in said


def test_every_export_leaves_an_event_with_what_was_asked(donor: As, officer: As, offered: str, session: Session):
    donor.get("/exports/programmes.csv?theme=WPN-PSM")
    officer.get("/exports/pairings.jsonl")
    officer.get("/exports/programmes.csv?theme=NO-SUCH")

    events = session.scalars(select(AuditEvent).where(AuditEvent.action == "export.made")).all()
    assert [(event.subject_id, event.actor_user_id) for event in events] == [
        ("programmes", donor.user.id),
        ("pairings", officer.user.id),
    ]
    assert events[0].after == {
        "format": "csv",
        "asked": {"theme": ["WPN-PSM"]},
        "marking": "Restricted: for its recipient alone",
        "recipient": "DONOR",
    }


def test_an_organization_whose_reference_is_no_ascii_gets_its_file(session: Session, donor: As, offered: str):
    donor.organization.ref = 'Норвегия "A"'
    session.commit()

    answer = donor.get("/exports/programmes.csv")

    assert answer.status_code == 200
    assert answer.headers["X-Counterpart-Recipient"].startswith("%D0%9D")
    assert answer.headers["Content-Disposition"].count('"') == 2
