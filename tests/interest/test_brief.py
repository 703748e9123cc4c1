"""A brief shows each reader the released fields alone, marked, dated, and leaves an event."""

import io

from docx import Document as WordFile
from sqlalchemy.orm import Session

from app.audit.models import AuditEvent
from app.core.documents import NOT_ENDORSED
from tests.conftest import As
from tests.interest.conftest import NEEDS, Conveyed, Opened, Released, withdraw_release


def test_a_delegation_reads_what_is_released_to_it(donor: As, opened: Opened, release: Released):
    ref = opened()
    release(ref)

    answer = donor.get(f"{NEEDS}/{ref}/brief")

    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    for said in ("Depots without inventory", "14,000 rifles", "Togo", "USD 80,000 to 100,000", NOT_ENDORSED):
        assert said in answer.text
    assert "Restricted: for its recipient alone" in answer.text
    assert "DONOR (test)" in answer.text
    assert "No organization has agreed to be named." in answer.text


def test_a_summary_stays_a_summary(donor: As, partner: As, opened: Opened, release: Released, conveyed: Conveyed):
    ref = opened()
    release(ref, "summary")
    conveyed(ref, partner)
    partner.post(f"{NEEDS}/{ref}/named", json={})

    text = donor.get(f"{NEEDS}/{ref}/brief").text

    assert "Western Africa" in text
    for hidden in ("Togo", "rifles", "Logistics", "80,000", "PARTNER"):
        assert hidden not in text


def test_those_who_agreed_are_named(donor: As, partner: As, opened: Opened, release: Released, conveyed: Conveyed):
    ref = opened()
    release(ref)
    conveyed(ref, partner)

    assert "PARTNER" not in donor.get(f"{NEEDS}/{ref}/brief").text
    partner.post(f"{NEEDS}/{ref}/named", json={})
    assert "PARTNER" in donor.get(f"{NEEDS}/{ref}/brief").text


def test_an_officer_chooses_the_audience(officer: As, donor: As, opened: Opened, release: Released):
    ref = opened()
    release(ref, "summary")
    path = f"{NEEDS}/{ref}/brief"

    own = officer.get(path).text
    to_donor = officer.get(path, params={"audience": "organization:DONOR"}).text

    assert "Confidential: for CTED alone" in own
    assert "Togo" in own
    assert "Restricted: for its recipient alone" in to_donor
    assert "Togo" not in to_donor
    assert officer.get(path, params={"audience": "group:partners"}).status_code == 404
    assert officer.get(path, params={"audience": "nobody"}).status_code == 422
    assert donor.get(path, params={"audience": "organization:DONOR"}).status_code == 403


def test_without_sight_there_is_no_brief(donor: As, officer: As, opened: Opened, release: Released):
    ref = opened()
    permission = release(ref)
    withdraw_release(officer, ref, permission)

    hidden, unknown = donor.get(f"{NEEDS}/{ref}/brief"), donor.get(f"{NEEDS}/N-2026-22222/brief")

    assert hidden.status_code == unknown.status_code == 404
    assert hidden.json()["detail"] == unknown.json()["detail"]


def test_a_file_for_word_says_the_same(donor: As, opened: Opened, release: Released):
    ref = opened()
    release(ref)

    answer = donor.get(f"{NEEDS}/{ref}/brief", params={"format": "docx"})

    word = WordFile(io.BytesIO(answer.content))
    texts = [paragraph.text for paragraph in word.paragraphs]
    assert answer.headers["content-disposition"].startswith(f'attachment; filename="{ref}-')
    assert texts[0] == f"{ref}: Depots without inventory"
    assert "Institution: Logistics Directorate" in texts
    assert "Restricted: for its recipient alone" in word.sections[0].header.paragraphs[0].text


def test_a_long_description_is_shortened_to_one_page(donor: As, opened: Opened, release: Released):
    ref = opened(description="Depots. " * 1_000)
    release(ref)

    assert "(shortened to fit one page)" in donor.get(f"{NEEDS}/{ref}/brief").text


def test_each_brief_leaves_an_event(session: Session, donor: As, opened: Opened, release: Released):
    ref = opened()
    release(ref)

    donor.get(f"{NEEDS}/{ref}/brief", params={"format": "docx"})

    event = session.query(AuditEvent).filter_by(action="need.brief_printed").one()
    assert (event.subject_ref, event.actor_user_id) == (ref, donor.user.id)
    assert event.after == {
        "recipient": "DONOR (test)", "marking": "Restricted: for its recipient alone", "audience": None,
        "form": "docx",
    }  # fmt: skip
