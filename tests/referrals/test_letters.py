"""Drafts of letters: in six languages, to print and to edit, saying to each reader no more than it may know."""

import io
from pathlib import Path
from typing import Any

import pytest
from docx import Document as WordFile
from sqlalchemy.orm import Session

from app.audit.models import AuditEvent
from app.core.settings import Settings
from tests.conftest import As
from tests.referrals.conftest import API, Desk

LANGUAGES = ["ar", "en", "es", "fr", "ru", "zh"]


def draft(who: As, letter: dict[str, Any], kind: str, **asked: str) -> Any:
    return who.get(f"{API}/referrals/{letter['id']}/letters/{kind}", params=asked)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", ["conveyance", "reminder", "acceptance"])
def test_each_letter_is_drafted_in_each_language(desk: Desk, kind: str, language: str):
    letter = desk.conveyed()
    if kind == "acceptance":
        desk.move(desk.partner, letter, "take_up", part="part", what="Two armouries", if_funded=True)

    answer = draft(desk.officer, letter, kind, language=language)

    assert answer.status_code == 200, answer.text
    assert f'<html lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}">' in answer.text
    assert letter["lines"][0]["need"]["ref"] in answer.text
    assert "{{" not in answer.text
    assert ("Two armouries" in answer.text) == (kind == "acceptance")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_inquiry_is_drafted_once_delivery_began(desk: Desk, language: str):
    letter = desk.conveyed()
    early = draft(desk.officer, letter, "inquiry", language=language)
    desk.move(desk.partner, letter, "take_up", part="whole")
    desk.move(desk.officer, letter, "start", accepted={"on": "2026-01-15", "reference": "note 9"})

    later = draft(desk.officer, letter, "inquiry", language=language)

    assert (early.status_code, later.status_code) == (409, 200)


def test_a_letter_is_a_file_to_edit(desk: Desk):
    answer = draft(desk.officer, desk.conveyed(), "conveyance", format="docx")

    word = WordFile(io.BytesIO(answer.content))
    assert word.paragraphs[0].text == "Needs referred to PARTNER (test)"
    assert word.sections[0].header.paragraphs[0].text.startswith("Draft · For PARTNER (test)")
    assert "Counterpart sends nothing to a State by itself." in word.sections[0].footer.paragraphs[0].text


def test_the_organizations_own_language_is_taken_unless_said(desk: Desk, session: Session):
    letter = desk.conveyed()
    desk.partner.organization.correspondence_language = "fr"
    session.add(desk.partner.organization)
    session.commit()

    assert '<html lang="fr"' in draft(desk.officer, letter, "conveyance").text


def test_the_letter_to_an_organization_says_the_title_that_is_released_to_it(desk: Desk):
    pairing = desk.pairing()
    letter = desk.conveyed(pairing)
    ref = letter["lines"][0]["need"]["ref"]
    tag = desk.officer.get(f"{API}/needs/{ref}").headers["ETag"]
    desk.officer.patch(f"{API}/needs/{ref}", json={"title": "Secret new title"}, headers={"If-Match": tag})

    page = draft(desk.officer, letter, "conveyance").text

    assert "Secure storage of small arms" in page
    assert "Secret new title" not in page


@pytest.mark.parametrize("kind", ["conveyance", "reminder"])
def test_a_need_that_the_organization_sees_no_more_is_not_in_a_letter_to_it(desk: Desk, kind: str):
    letter = desk.conveyed(desk.pairing(), desk.pairing())
    kept, withdrawn = (line["need"]["ref"] for line in letter["lines"])

    withdraw_consent(desk, withdrawn)
    some = draft(desk.officer, letter, kind)
    withdraw_consent(desk, kept)
    none = draft(desk.officer, letter, kind)

    assert some.status_code == 200
    assert (kept in some.text, withdrawn in some.text) == (True, False)
    assert none.status_code == 409
    assert kept not in none.text


def withdraw_consent(desk: Desk, ref: str) -> None:
    [release] = desk.officer.get(f"{API}/needs/{ref}/releases").json()["items"]
    assert desk.officer.delete(f"{API}/needs/{ref}/releases/{release['id']}").status_code == 204


def test_a_note_to_one_state_says_nothing_of_anothers_need(desk: Desk):
    togo = desk.pairing(desk.need(title="Armouries of Togo"))
    benin = desk.pairing(desk.need(title="Armouries of Benin", recipient={"countries": ["BJ"]}))
    letter = desk.conveyed(togo, benin)
    for n in (1, 2):
        desk.move(desk.partner, letter, "take_up", n, part="whole")

    unsaid = draft(desk.officer, letter, "acceptance")
    to_togo = draft(desk.officer, letter, "acceptance", state="TG")

    assert unsaid.status_code == 409
    assert "Armouries of Togo" in to_togo.text
    assert "Benin" not in to_togo.text
    assert draft(desk.officer, letter, "acceptance", state="FR").status_code == 404


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_state_is_asked_for_consent_with_what_would_be_shown(desk: Desk, language: str):
    need = desk.need()
    asked = {"audience": "partners", "fields": "summary", "language": language}

    summary = desk.officer.get(f"{API}/needs/{need.ref}/letters/consent", params=asked).text
    full = desk.officer.get(f"{API}/needs/{need.ref}/letters/consent", params={**asked, "fields": "full"}).text

    assert "rifles in armouries" not in summary
    assert "rifles in armouries" in full


def test_an_office_can_put_its_own_words(desk: Desk, settings: Settings):
    own = Path(settings.data_dir) / "letters" / "en"
    own.mkdir(parents=True)
    (own / "conveyance.txt").write_text("# Our own letter\nAbout {{ lines|length }} need.\n")

    page = draft(desk.officer, desk.conveyed(), "conveyance").text

    assert "Our own letter" in page
    assert "About 1 need." in page


@pytest.mark.parametrize("wrong", ["{{ nothing }}", "{% for %}", "{{ ''.__class__.__mro__ }}"])
def test_a_wrong_text_of_an_office_is_said_in_words(desk: Desk, settings: Settings, wrong: str):
    own = Path(settings.data_dir) / "letters" / "en"
    own.mkdir(parents=True)
    (own / "conveyance.txt").write_text(wrong)

    answer = draft(desk.officer, desk.conveyed(), "conveyance")

    assert answer.status_code == 503
    assert "en/conveyance.txt" in answer.json()["detail"]


def test_a_draft_is_audited_and_for_officers_alone(desk: Desk, session: Session, donor: As):
    letter = desk.conveyed()

    assert draft(desk.partner, letter, "conveyance").status_code == 403
    assert draft(donor, letter, "conveyance").status_code == 403
    draft(desk.officer, letter, "conveyance")

    event = session.query(AuditEvent).filter_by(action="letter.drafted").one()
    assert event.after["recipient"] == "PARTNER (test)"
