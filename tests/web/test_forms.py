"""Writing through the pages: the same services as the API's, with what was entered kept when it is refused."""

import html

import pytest
from fastapi import FastAPI
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core.http import etag_of
from app.needs.models import Need, NeedStatus, Release
from app.pairings import queries as pairings
from app.pairings.models import Decision, Pairing, PairingStatus
from app.programmes import queries as programmes
from app.programmes.models import Programme, ProgrammeStatus
from tests.conftest import As, run_jobs
from tests.web.conftest import World, send
from tests.web.reading import faults

PROGRAMME = {
    "title": "Armoury advisers",
    "summary": "Advisers help police to keep small arms in locked armouries.",
    "themes": ["WPN-PSM"],
    "kind": "assistance",
    "language": "en",
    "countries": "Togo\nBJ",
}
NEED = {
    "title": "No register of seized arms",
    "description": "The customs service of the northern border keeps no register; 40 officers need training.",
    "language": "en",
    "recipient": "countries",
    "countries": "Togo, Benin",
    "source": "state_request",
    "themes": ["WPN-PSM"],
}


def version_of(pairing: Pairing) -> str:
    return pairings.etag(pairing, pairings.today())


def version_in(page: str) -> str:
    """The version that the page's form is made from."""
    return html.unescape(page.split('name="version" value="')[1].split('"')[0])


def test_a_partner_adds_a_programme_as_a_draft_and_puts_it_in_force(session: Session, partner: As):
    answer = send(partner, "/programmes/new", **PROGRAMME)

    assert answer.status_code == 303
    made = session.scalars(select(Programme)).one()
    assert (made.status, sorted(c.code for c in made.codes if c.field == "countries")) == ("draft", ["BJ", "TG"])
    version = programmes.view(partner.actor, made).etag
    assert send(partner, f"/programmes/{made.ref}/status", status="active", version=version).status_code == 303
    session.refresh(made)
    assert made.status is ProgrammeStatus.ACTIVE


def test_a_refused_programme_keeps_what_was_entered_and_names_each_field(partner: As):
    entered = {**PROGRAMME, "title": "", "countries": "Togoo", "ends_on": "2026-02-30", "capacity": "many"}

    answer = send(partner, "/programmes/new", **entered)

    assert answer.status_code == 422
    assert faults(answer.text) == []
    assert "Advisers help police" in answer.text
    assert "Togoo" in answer.text
    for field in ("title", "ends_on", "capacity"):
        assert f'href="#{field}"' in answer.text
        assert f'id="{field}-error"' in answer.text


def test_an_unknown_country_is_said_with_the_nearest_ones(partner: As):
    answer = send(partner, "/programmes/new", **{**PROGRAMME, "countries": "Togoo"})

    assert answer.status_code == 422
    assert 'id="countries-error"' in answer.text
    assert "TG (Togo)" in answer.text


def test_a_currency_is_entered_by_code_or_name_and_a_wrong_one_is_said(session: Session, partner: As):
    assert 'list="currency-offered"' in partner.get("/programmes/new").text
    for entered, title in (("eur", "One"), ("US Dollar", "Two")):
        send(partner, "/programmes/new", **{**PROGRAMME, "title": title}, budget="5", currency=entered)

    answer = send(partner, "/programmes/new", **PROGRAMME, budget="5", currency="USB")

    assert session.scalars(select(Programme.currency).order_by(Programme.title)).all() == ["EUR", "USD"]
    assert answer.status_code == 422
    assert 'id="currency-error"' in answer.text
    assert "USD (US Dollar)" in answer.text


def test_an_identifier_that_is_taken_changes_no_programme(session: Session, partner: As):
    send(partner, "/programmes/new", **PROGRAMME, external_id="A1")

    answer = send(partner, "/programmes/new", **{**PROGRAMME, "title": "Another"}, external_id="A1")

    assert answer.status_code == 422
    assert session.scalars(select(Programme.title)).all() == ["Armoury advisers"]


def test_the_form_of_a_programme_shows_it_as_it_is_and_saves_it_unchanged(
    session: Session, officer: As, world: World
):
    before = programmes.view(officer.actor, world.armouries).model_dump(exclude={"changed_at"})
    page = officer.get(f"/programmes/{world.armouries.ref}/edit").text
    assert "Armoury management for police forces" in page
    assert "Benin\n" in page or "Togo\n" in page
    entered = {**PROGRAMME, "title": before["title"], "summary": before["summary"], "weapons": ["SALW"]}

    answer = send(officer, f"/programmes/{world.armouries.ref}/edit", **entered, version=before["etag"])

    assert answer.status_code == 303
    session.expire_all()
    after = programmes.view(officer.actor, programmes.get(session, officer.actor, world.armouries.ref))
    assert {n for n, v in after.model_dump(exclude={"changed_at"}).items() if v != before[n]} <= {
        "etag",
        "coverage",
    }


def test_a_programme_that_changed_meanwhile_is_not_overwritten_unseen(session: Session, officer: As, world: World):
    answer = send(officer, f"/programmes/{world.armouries.ref}/edit", **PROGRAMME, version='"99"')

    assert answer.status_code == 412
    assert "Armoury advisers" in answer.text
    assert "Somebody else changed" in answer.text
    assert faults(answer.text) == []
    session.refresh(world.armouries)
    assert world.armouries.title == "Armoury management for police forces"


def test_another_organizations_programme_is_not_changed(partner: As, world: World):
    path = f"/programmes/{world.armouries.ref}"
    assert "/edit" not in partner.get(path).text

    answer = send(partner, f"{path}/assurance")

    assert answer.status_code == 403
    assert faults(answer.text) == []


def test_an_officer_states_a_need_and_opens_it(app: FastAPI, session: Session, officer: As):
    ref = send(officer, "/needs/new", **NEED, provisions="2370: 6").headers["location"].split("/")[2].split("?")[0]
    need = session.scalars(select(Need).where(Need.ref == ref)).one()
    assert need.status is NeedStatus.DRAFT

    opened = {"status": "open", "version": etag_of(need.version), "override_reason": "known to us"}
    answer = send(officer, f"/needs/{ref}/status", **opened)

    assert answer.headers["location"] == f"/needs/{ref}?said=need-opened"
    page = officer.get(f"/needs/{ref}").text
    assert "Togo, Benin" in page
    assert "paragraph 6" in page


def test_a_vague_need_is_not_opened_and_the_officer_is_told_what_is_missing(session: Session, officer: As):
    vague = {**NEED, "title": "Help", "description": "Assistance is needed."}
    ref = send(officer, "/needs/new", **vague).headers["location"].split("/")[2].split("?")[0]
    need = session.scalars(select(Need).where(Need.ref == ref)).one()

    answer = send(officer, f"/needs/{ref}/status", status="open", version=etag_of(need.version))

    assert answer.status_code == 422
    assert "Too vague to be opened" in answer.text
    assert faults(answer.text) == []


def test_the_specificity_of_a_text_is_checked_before_it_is_saved(session: Session, officer: As):
    answer = send(officer, "/needs/new", **NEED, step="check")

    assert answer.status_code == 200
    assert "How specific it is" in answer.text
    assert "No register of seized arms" in answer.text
    assert session.scalar(select(func.count()).select_from(Need)) == 0


def test_a_check_does_not_pass_over_what_somebody_else_saved_meanwhile(session: Session, officer: As, admin: As):
    ref = send(officer, "/needs/new", **NEED).headers["location"].split("/")[2].split("?")[0]
    need = session.scalars(select(Need).where(Need.ref == ref)).one()
    read = etag_of(need.version)
    send(admin, f"/needs/{ref}/edit", **NEED | {"description": "Forty registers were bought.", "version": read})

    mine = NEED | {"title": "No register at all"}
    checked = send(officer, f"/needs/{ref}/edit", **mine, version=read, step="check")
    answer = send(officer, f"/needs/{ref}/edit", **mine, version=version_in(checked.text))

    assert answer.status_code == 412
    assert "No register at all" in answer.text
    assert "Forty registers were bought." in officer.get(f"/needs/{ref}").text
    assert send(officer, f"/needs/{ref}/edit", **mine, version=version_in(answer.text)).status_code == 303


@pytest.mark.parametrize(
    "text", ["a\x00b", "a\u202eb", "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"), "x" * 30_000]
)
def test_hostile_text_is_refused_with_a_message_and_never_a_fault(officer: As, text: str):
    answer = send(officer, "/needs/new", **{**NEED, "title": text, "cost_low": text, "wanted_by": text})

    assert answer.status_code == 422
    assert 'id="title-error"' in answer.text


def test_markup_in_a_record_is_text_on_every_page(officer: As):
    hostile = "<script>alert(1)</script><img src=x onerror=alert(1)> small arms in armouries"
    ref = send(officer, "/needs/new", **{**NEED, "title": hostile, "description": hostile}).headers["location"]

    for path in (ref.split("?")[0], "/needs"):
        assert faults(officer.get(path).text) == []
        assert "&lt;script&gt;" in officer.get(path).text


def test_hostile_numbers_are_refused_with_a_message(officer: As, partner: As, world: World):
    digits = "9" * 5000
    answers = [
        send(partner, "/programmes/new", **PROGRAMME, capacity=digits, budget=digits, currency="USD"),
        send(officer, f"/needs/{world.need.ref}/release", fields="all", revision=digits, basis="hearsay"),
    ]

    assert [answer.status_code for answer in answers] == [422, 422]


def test_editing_a_need_keeps_its_translations_and_makes_a_revision(session: Session, officer: As):
    said = {**NEED, "fr-title": "Pas de registre", "fr-description": "Les douanes n'ont pas de registre."}
    ref = send(officer, "/needs/new", **said).headers["location"].split("/")[2].split("?")[0]
    assert "Pas de registre" in officer.get(f"/needs/{ref}/edit").text
    need = session.scalars(select(Need).where(Need.ref == ref)).one()

    changed = {**said, "title": "No register at all", "version": etag_of(need.version)}
    assert send(officer, f"/needs/{ref}/edit", **changed).status_code == 303

    session.refresh(need)
    assert need.revision == 2
    assert "Pas de registre" in officer.get(f"/needs/{ref}").text


def test_accepting_and_rejecting_on_the_needs_page_stand_after_a_new_run(
    app: FastAPI, session: Session, officer: As, world: World
):
    path = f"/needs/{world.need.ref}/decisions"
    other = session.scalars(
        select(Pairing).where(Pairing.programme_id == world.stockpiles.id, Pairing.need_id == world.need.id)
    ).one()
    accept = {"programme": world.armouries.ref, "judgement": "accept", "version": version_of(world.pairing)}
    reject = {"programme": world.stockpiles.ref, "judgement": "reject", "version": version_of(other)}

    assert send(officer, path, **accept).status_code == 303
    refused = send(officer, path, **reject, note="Not in this region")
    assert refused.status_code == 422
    assert "Not in this region" in refused.text
    assert faults(refused.text) == []
    assert send(officer, path, **reject, reason="timing", note="Not now").status_code == 303
    assert send(officer, "/runs", full="yes").status_code == 303
    run_jobs(app)

    session.expire_all()
    assert (world.pairing.status, other.status) == (PairingStatus.ACCEPTED, PairingStatus.REJECTED)
    page = officer.get(f"/needs/{world.need.ref}").text
    assert "rejected: timing" in page


def test_matched_words_are_marked_on_both_sides_and_the_reasons_add_up(officer: As, world: World):
    page = officer.get(f"/pairings/{world.pairing.id}").text

    need, programme = page.split('aria-labelledby="programme-heading"')
    assert "<mark>" in need
    assert "<mark>" in programme
    assert f"Score {world.pairing.score:.3f}" in page
    assert "Hard facts" in page


def test_a_programme_below_the_line_is_paired_all_the_same(session: Session, officer: As, world: World):
    answer = send(officer, f"/needs/{world.need.ref}/decisions", programme=world.airports.ref)

    assert answer.headers["location"].endswith(f"said=stored#{world.airports.ref}")
    stored = session.scalars(select(Pairing).where(Pairing.programme_id == world.airports.id)).one()
    assert stored.status is PairingStatus.PROPOSED


def test_an_unknown_programme_is_said_on_the_needs_page(officer: As, world: World):
    answer = send(officer, f"/needs/{world.need.ref}/decisions", programme="P-2026-XXXXX")

    assert answer.status_code == 404
    assert "There is no such programme" in answer.text
    assert faults(answer.text) == []


def test_who_decides_second_is_told_and_keeps_the_note(session: Session, officer: As, admin: As, world: World):
    path, seen = f"/pairings/{world.pairing.id}/decisions", version_of(world.pairing)
    assert send(admin, path, judgement="accept", version=seen).status_code == 303

    answer = send(officer, path, judgement="reject", reason="timing", note="They are busy until May", version=seen)

    assert answer.status_code == 412
    assert "Somebody else was faster" in answer.text
    assert "They are busy until May" in answer.text
    assert faults(answer.text) == []
    assert session.scalar(select(func.count()).select_from(Decision)) == 1
    again = {"judgement": "retract", "reason": "timing", "note": "They are busy until May"}
    session.refresh(world.pairing)
    assert send(officer, path, **again, version=version_of(world.pairing)).status_code == 303


def test_a_release_is_recorded_as_it_was_previewed_and_withdrawn(
    session: Session, officer: As, partner: As, world: World
):
    path = f"/needs/{world.need.ref}"
    preview = officer.get(f"{path}/release?fields=summary").text
    assert "Northern Savannah" not in preview
    assert "Northern Savannah" in officer.get(f"{path}/release?fields=full").text
    assert partner.get(path).status_code == 404

    recorded = {"audience": "organization:PARTNER", "fields": "summary", "revision": "1", "basis": "document"}
    answer = send(officer, f"{path}/release", **recorded, reference="Note verbale 17")

    assert answer.status_code == 303
    seen = partner.get(path)
    assert "Secure storage of small arms" in seen.text
    assert "Northern Savannah" not in seen.text
    release = session.scalars(select(Release).where(Release.organization_id == partner.organization.id)).one()
    assert send(officer, f"{path}/releases/{release.id}/withdrawal").status_code == 303
    assert partner.get(path).status_code == 404


def test_a_release_without_an_audience_is_refused_beside_the_preview(officer: As, world: World):
    wanted = {"fields": "full", "revision": "1", "basis": "document", "reference": "Note verbale 18"}

    answer = send(officer, f"/needs/{world.need.ref}/release", **wanted, audience="")

    assert answer.status_code == 422
    assert 'id="audience-error"' in answer.text
    assert "Note verbale 18" in answer.text
    assert "Northern Savannah" in answer.text
    assert faults(answer.text) == []


def test_a_key_is_shown_once_and_revoked(session: Session, partner: As):
    issued = send(partner, "/keys", name="Our system", scope="write", role="partner")

    assert issued.status_code == 201
    assert "cpk_" in issued.text
    listed = partner.get("/keys").text
    assert "Our system" in listed
    assert "cpk_" not in listed
    public_id = issued.text.split("cpk_")[1].split("_")[0]
    assert send(partner, f"/keys/{public_id}/revocation").status_code == 303
    assert "revoked" in partner.get("/keys").text


def test_an_admin_invites_somebody_and_disables_them(admin: As, donor: As):
    invited = send(admin, "/users", email="new@example.org", role="donor", organization="DONOR")

    assert invited.status_code == 201
    assert "/link/" in invited.text
    assert "/link/" not in admin.get("/users").text
    assert send(admin, f"/users/{donor.user.id}", disabled="yes", version='"1"').status_code == 303
    assert donor.get("/needs", follow_redirects=False).status_code == 303


def test_a_second_account_with_an_address_is_refused(admin: As, donor: As):
    answer = send(admin, "/users", email=donor.user.email, role="donor", organization="DONOR")

    assert answer.status_code == 409
    assert donor.user.email in answer.text
    assert faults(answer.text) == []


def test_a_run_says_how_far_it_is_until_it_has_ended(app: FastAPI, officer: As, world: World):
    path = send(officer, "/runs").headers["location"]

    assert 'http-equiv="refresh"' in officer.get(path).text
    run_jobs(app)
    ended = officer.get(path).text
    assert 'http-equiv="refresh"' not in ended
    assert "done" in ended
    assert faults(ended) == []
