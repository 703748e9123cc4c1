"""The pages of consent: release, extend, withdraw, object, look back, and clear what waits."""

import re
from datetime import timedelta

import pytest
from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.actor import Role
from app.core.db import utc_now
from app.core.http import etag_of
from app.needs import service as needs
from app.needs.models import Need, Release
from app.needs.schemas import NeedIn, NeedPatch
from app.needs.silence_models import SilenceAgreement
from app.organizations.models import Organization
from tests.conftest import As
from tests.web.conftest import STORAGE, World, make_need, send
from tests.web.reading import faults, read

PERMISSION = {"audience": "organization:PARTNER", "fields": "full", "basis": "document", "reference": "Note 17"}


@pytest.fixture
def second(app: FastAPI, session: Session, cted: Organization) -> As:
    return As(app, session, Role.OFFICER, cted)


def newest(session: Session) -> Release:
    return session.scalars(select(Release).order_by(Release.recorded_at.desc())).first()


def main_text(html: str) -> str:
    return read(html.partition("<main")[2].partition("</main>")[0]).text


def test_the_link_of_the_states_document_is_kept_and_led_to(officer: As, partner: As, world: World):
    path = f"/needs/{world.need.ref}/release"
    refused = send(officer, path, **PERMISSION, document_url="javascript:alert(1)")
    assert refused.status_code == 422
    assert faults(refused.text) == []

    send(officer, path, **PERMISSION, document_url="https://example.org/note.pdf")

    assert 'href="https://example.org/note.pdf"' in officer.get(f"/needs/{world.need.ref}").text
    assert "note.pdf" not in partner.get(f"/needs/{world.need.ref}").text


def test_silence_on_the_form_asks_for_the_agreement_and_then_says_it(
    officer: As, partner: As, world: World, session: Session
):
    asked = {**PERMISSION, "basis": "silence"}
    refused = send(officer, f"/needs/{world.need.ref}/release", **asked)
    assert refused.status_code == 422
    assert "No written agreement of TG" in refused.text

    agreed = {"country": "Togo", "reference": "Letter on silence", "agreed_on": "2026-02-03"}
    assert send(officer, "/silence", **agreed).status_code == 303

    assert "Letter on silence" in officer.get(f"/needs/{world.need.ref}/release").text
    assert send(officer, f"/needs/{world.need.ref}/release", **asked).status_code == 303


def test_an_objection_and_the_end_of_an_agreement_are_recorded_by_forms(
    officer: As, partner: As, world: World, session: Session
):
    send(officer, "/silence", country="TG", reference="Letter on silence", agreed_on="2026-02-03")
    send(officer, f"/needs/{world.need.ref}/release", **{**PERMISSION, "basis": "silence"})
    line = newest(session)
    wrong = send(officer, f"/needs/{world.need.ref}/releases/{line.id}/objection", reference="")
    assert wrong.status_code == 422

    done = send(officer, f"/needs/{world.need.ref}/releases/{line.id}/objection", reference="Note of objection")
    page = officer.get(done.headers["location"]).text
    agreement = session.scalars(select(SilenceAgreement)).one()
    ended = send(officer, f"/silence/{agreement.id}/end", ending="Note 90")

    assert "Note of objection" in read(page).text
    assert "Note 90" in officer.get(ended.headers["location"]).text


def test_before_extending_the_officer_reads_the_difference(
    officer: As, partner: As, world: World, session: Session
):
    send(officer, f"/needs/{world.need.ref}/release", **PERMISSION)
    line = newest(session)
    needs.update(session, officer.actor, world.need, NeedPatch(title="Secure storage of all arms"))
    session.commit()
    path = f"/needs/{world.need.ref}/releases/{line.id}/extension"
    assert path in officer.get(f"/needs/{world.need.ref}").text

    page = officer.get(path).text

    assert faults(page) == []
    assert "<ins>all</ins>" in re.sub(r"\s+", " ", page)
    assert "<del>small</del>" in re.sub(r"\s+", " ", page)
    done = send(officer, path, basis="document", reference="Note 18", revision="2")
    assert done.status_code == 303, done.text
    assert "Secure storage of all arms" in partner.get(f"/needs/{world.need.ref}").text


def test_a_withdrawal_says_what_it_rests_on(officer: As, donor: As, world: World):
    path = f"/needs/{world.need.ref}/releases/{world.release.id}/withdrawal"

    send(officer, path, reference="Note 60", note="by telephone first")

    assert donor.get(f"/needs/{world.need.ref}").status_code == 404
    page = read(officer.get(f"/needs/{world.need.ref}").text).text
    assert "Note 60" in page
    assert "by telephone first" in page


def test_a_state_withdraws_everything_by_one_button(officer: As, partner: As, donor: As, world: World):
    send(officer, f"/needs/{world.need.ref}/release", **PERMISSION)

    done = send(officer, f"/needs/{world.need.ref}/withdrawal", reference="Note 61")

    assert done.status_code == 303
    assert {reader.get(f"/needs/{world.need.ref}").status_code for reader in (partner, donor)} == {404}


def test_the_preview_says_what_the_audience_then_reads(officer: As, partner: As, world: World):
    preview = officer.get(f"/needs/{world.need.ref}/release?fields=full").text
    article = preview.partition("<article")[2].partition("</article>")[0].partition(">")[2]
    send(officer, f"/needs/{world.need.ref}/release", **PERMISSION)

    page = main_text(partner.get(f"/needs/{world.need.ref}").text)

    lines = [line.strip() for line in read(article).text.splitlines() if line.strip()]
    assert len(lines) > 5
    assert [line for line in lines if line not in page and "·" not in line] == []


def test_a_day_is_asked_for_on_a_page(officer: As, donor: As, world: World):
    today = utc_now().date()
    path = f"/needs/{world.need.ref}/sight"

    seen = read(officer.get(path, params={"on": today.isoformat()}).text).text
    before = read(officer.get(path, params={"on": (today - timedelta(days=1)).isoformat()}).text).text
    wrong = officer.get(path, params={"on": "yesterday"})

    assert "DONOR" in seen
    assert "Nobody outside CTED could see it" in before
    assert (wrong.status_code, faults(wrong.text)) == (422, [])


def test_what_an_audience_could_see_is_asked_for_on_a_page(officer: As, partner: As, donor: As, world: World):
    of_donor = officer.get("/sight", params={"audience": "organization:DONOR"}).text
    of_group = officer.get("/sight", params={"audience": "group:donors", "on": utc_now().date().isoformat()}).text
    of_partner = officer.get("/sight", params={"audience": "organization:PARTNER"}).text
    unknown = officer.get("/sight", params={"audience": "organization:NOBODY"})

    assert world.need.ref in of_donor
    assert world.need.ref in of_group
    assert "It could see no need" in of_partner
    assert (unknown.status_code, faults(unknown.text)) == (422, [])
    assert {reader.get("/sight").status_code for reader in (partner, donor)} == {403}


def test_a_second_officer_reads_what_waits_and_clears_it(officer: As, second: As, partner: As, world: World):
    path = f"/clearances/{world.held.id}"
    own, others = officer.get(path).text, second.get(path).text
    assert "Directorate General of Police" in read(others).text
    assert "Take it back" in own
    assert "Clear it, and do it" not in own
    assert "acts for a second officer" in read(second.get("/").text).text
    assert f'href="{path}"' in second.get(f"/needs/{world.need.ref}").text
    version = etag_of(world.held.version)
    refused = send(second, f"{path}/decision", decision="refuse", note="", version=version)
    assert (refused.status_code, faults(refused.text)) == (422, [])

    done = send(second, f"{path}/decision", decision="clear", version=version)

    assert done.status_code == 303
    assert "Directorate General of Police" in partner.get(f"/needs/{world.need.ref}").text


def test_a_form_without_a_known_button_neither_clears_nor_refuses(second: As, world: World):
    path, version = f"/clearances/{world.held.id}", etag_of(world.held.version)

    for decision in ("", "perhaps"):
        answer = send(second, f"{path}/decision", decision=decision, note="Why", version=version)
        assert (answer.status_code, faults(answer.text)) == (422, [])
        assert "Why" in answer.text

    assert send(second, f"{path}/decision", decision="clear", version=version).status_code == 303


def test_forms_lead_to_what_waits_where_the_office_asks_for_clearance(
    app: FastAPI, officer: As, donor: As, world: World
):
    app.state.settings.clearance = "always"

    done = send(officer, f"/needs/{world.arabic.ref}/release", **{**PERMISSION, "audience": "group:partners"})

    assert done.headers["location"].startswith("/clearances/")
    assert "waits for a second officer" in officer.get(done.headers["location"]).text


def of_assessment(session: Session, officer: As, world: World) -> list[Need]:
    of_visit = {"source": "assessment", "assessment": world.assessment}
    said = [{**STORAGE, **of_visit, "source_ref": ref, "title": f"Storage {ref} in Togo"} for ref in ("91", "92")]
    made = [make_need(session, officer.actor, each) for each in said]
    needs.create(session, officer.actor, NeedIn.model_validate({**said[0], "source_ref": "93"}))
    session.commit()
    return made


def test_chosen_needs_of_an_assessment_are_released_by_one_form(
    officer: As, partner: As, world: World, session: Session
):
    first, second = of_assessment(session, officer, world)
    path = f"/assessments/{world.assessment}/release"
    page = officer.get(path).text
    assert faults(page) == []
    assert page.count("warning: the text may point to one State") == 2
    assert page.count('name="need"') == 2
    needs.update(session, officer.actor, first, NeedPatch(title="Edited after it was read"))
    session.commit()
    chosen = {"need": first.ref, f"revision-{first.ref}": "1", f"revision-{second.ref}": "1"}

    done = send(officer, path, **PERMISSION, **chosen)

    assert done.status_code == 303, done.text
    assert "Storage 91 in Togo" in partner.get(f"/needs/{first.ref}").text
    assert partner.get(f"/needs/{second.ref}").status_code == 404


def test_an_act_without_a_need_or_an_audience_is_refused_where_it_is_wrong(
    officer: As, world: World, session: Session
):
    of_assessment(session, officer, world)

    answer = send(officer, f"/assessments/{world.assessment}/release", **{**PERMISSION, "audience": ""})

    assert (answer.status_code, faults(answer.text)) == (422, [])
