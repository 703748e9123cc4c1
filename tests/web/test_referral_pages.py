"""Referrals on the pages: one letter for two needs, its answers, and what each side is shown of it."""

import re
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.organizations.service import ensure_built_in_groups
from app.referrals.models import LineStatus, Referral, ReferralLine
from tests.conftest import As
from tests.referrals.conftest import API, BASIS, Desk
from tests.web.conftest import send
from tests.web.reading import faults, read


@pytest.fixture
def desk(session: Session, officer: As, partner: As) -> Desk:
    ensure_built_in_groups(session)
    session.commit()
    return Desk(session, officer, partner)


def whole(page: Any) -> str:
    """The text of a page that has no fault."""
    assert page.status_code == 200
    assert faults(page.text) == []
    return read(page.text).text


def test_accepted_pairings_of_two_needs_become_one_letter(desk: Desk):
    pairs = desk.pairing(), desk.pairing(desk.need(recipient={"countries": ["TG", "BJ"]}, title="Border posts"))
    choose = whole(desk.officer.get("/referrals/new"))
    form = whole(desk.officer.get("/referrals/new?organization=PARTNER"))

    answer = send(
        desk.officer,
        "/referrals/new",
        form="k1",
        organization="PARTNER",
        pairing=[str(pair.id) for pair in pairs],
        basis="document",
        reference="note verbale 7",
        state=["BJ", "TG"],
        **{"consent-BJ": "note of Benin", "consent-TG": "note of Togo"},
    )

    assert "2 accepted pairings" in choose
    assert "What PARTNER will read" in form
    assert "The police keep rifles in armouries" in form
    assert "Consent of Benin" in form
    letter = desk.session.scalars(select(Referral)).one()
    assert (answer.status_code, answer.headers["location"]) == (303, f"/referrals/{letter.id}?said=conveyed")
    assert len(letter.lines) == 2
    assert "Nothing was conveyed" not in whole(desk.officer.get("/referrals"))


def test_a_refused_letter_keeps_what_was_entered_and_names_the_field(desk: Desk, admin: As):
    note = {"country": "TG", "text": "Arms embargo", "source": "a resolution", "dated_on": "2026-01-01"}
    admin.post(f"{API}/advisories", json=note)
    pair = desk.pairing()
    sent = {"form": "k1", "organization": "PARTNER", "pairing": str(pair.id), "note": "Kept words"}

    without_notes = send(desk.officer, "/referrals/new", **sent)
    stored = admin.get(f"{API}/advisories").json()["items"][0]["id"]
    without_basis = send(desk.officer, "/referrals/new", **sent, acknowledged=stored)

    assert (without_notes.status_code, without_basis.status_code) == (422, 422)
    assert "Acknowledge" in without_notes.text
    assert 'href="#reference"' in without_basis.text
    for answer in (without_notes, without_basis):
        assert "Kept words" in answer.text
        assert faults(answer.text) == []
    assert desk.session.scalars(select(Referral)).all() == []


def sent_move(desk: Desk, who: As, letter: dict[str, Any], move: str, **fields: Any) -> Any:
    page = who.get(f"/referrals/{letter['id']}").text
    found = re.search(r'name="version" value="([^"]+)"', page)
    version = found[1].replace("&#34;", '"') if found else '"gone"'
    path = f"/referrals/{letter['id']}/lines/1/moves"
    return send(who, path, form=f"{move}-1", version=version, move=move, **fields)


def test_a_line_goes_from_letter_to_outcome_on_the_pages(desk: Desk):
    pair = desk.pairing(desk.need(beneficiary_kind="police"))
    letter = desk.conveyed(pair)
    due = {"diligence_result": "done", "diligence_on": "2026-02-01", "diligence_reference": "file 12"}
    accepted = {"accepted_on": "2026-01-15", "accepted_reference": "note verbale 9"}
    steps: list[tuple[As, str, dict[str, str]]] = [
        (desk.partner, "ask", {"note": "Which depots?"}),
        (desk.officer, "answer", {"note": "All nine"}),
        (desk.partner, "take_up", {"part": "part", "what": "Two depots", "if_funded": "yes"}),
        (desk.officer, "start", {**accepted, **due}),
        (desk.partner, "report", {"outcome": "partly_delivered", "note": "Seven are left"}),
        (desk.officer, "report", {"outcome": "partly_delivered", "side": "state"}),
        (desk.officer, "complete", {}),
    ]

    for who, move, fields in steps:
        answer = sent_move(desk, who, letter, move, **fields)
        assert answer.status_code == 303, f"{move}: {answer.text}"

    line = desk.session.scalars(select(ReferralLine)).one()
    assert (line.status, line.confirmed, line.if_funded) == (LineStatus.COMPLETED, True, True)
    mine = whole(desk.partner.get(f"/referrals/{letter['id']}"))
    theirs = whole(desk.officer.get(f"/referrals/{letter['id']}"))
    need = whole(desk.officer.get(f"/needs/{pair.need.ref}"))
    assert "All nine" in mine
    assert "A need that is not released to you now" in mine
    assert "note verbale" not in mine
    assert "file 12" in theirs
    assert "Close the need as partly met" in theirs
    assert "What is not among the parts taken up" in need
    assert "partly delivered, says the State" in need


def test_a_refused_move_is_shown_at_its_line_with_what_was_entered(desk: Desk):
    letter = desk.conveyed()

    answer = sent_move(desk, desk.partner, letter, "take_up", part="part", note="Some of it")

    assert answer.status_code == 422
    assert faults(answer.text) == []
    assert "Say which part is taken up" in answer.text
    assert "Some of it" in answer.text


def test_a_move_of_a_line_that_changed_meanwhile_is_refused_and_kept(desk: Desk):
    letter = desk.conveyed()
    desk.move(desk.officer, letter, "retract", reason="timing")
    path = f"/referrals/{letter['id']}/lines/1/moves"
    read_as = letter["lines"][0]["etag"]

    answer = send(
        desk.partner, path, form="k", version=read_as, move="take_up", part="whole", note="My long answer"
    )

    assert answer.status_code == 412
    assert "My long answer" in answer.text
    assert faults(answer.text) == []


def test_a_partner_makes_no_move_of_officers_on_the_page(desk: Desk):
    letter = desk.conveyed()

    assert "Retract" not in desk.partner.get(f"/referrals/{letter['id']}").text
    assert sent_move(desk, desk.partner, letter, "retract", reason="timing").status_code == 403


def test_what_waits_is_said_first(desk: Desk):
    letter = desk.conveyed()
    before = whole(desk.partner.get("/referrals"))
    desk.move(desk.partner, letter, "ask", note="Which depots?")

    after = whole(desk.officer.get("/referrals"))

    assert "What waits for your answer" in before
    assert "asks for information" in after


def test_the_need_is_read_through_the_letter_while_it_is_released(desk: Desk):
    pair = desk.pairing()
    letter = desk.conveyed(pair)
    path = f"/referrals/{letter['id']}/need/{pair.need.ref}"

    assert "The police keep rifles" in whole(desk.partner.get(path))
    assert "The police keep rifles" in whole(desk.officer.get(path))
    desk.move(desk.partner, letter, "decline", reason="no_funds")
    assert desk.partner.get(path).status_code == 404


def test_retracting_on_the_pairings_page_retracts_the_line(desk: Desk):
    pair = desk.pairing()
    letter = desk.conveyed(pair)
    shown = desk.officer.get(f"{API}/pairings/{pair.id}").json()
    fields = {"form": "k", "version": shown["etag"], "judgement": "retract", "reason": "timing"}

    answer = send(desk.officer, f"/pairings/{pair.id}/decisions", **fields)

    assert answer.status_code == 303
    assert desk.line(letter).status is LineStatus.RETRACTED


def test_a_need_with_a_live_line_says_on_its_page_why_it_is_not_closed(desk: Desk):
    pair = desk.pairing()
    letter = desk.conveyed(pair)
    etag = desk.officer.get(f"{API}/needs/{pair.need.ref}").json()["etag"]
    page = desk.officer.get(f"/needs/{pair.need.ref}").text
    found = re.search(r'name="version" value="([^"]+)"><input type="hidden" name="status"', page)
    version = found[1].replace("&#34;", '"') if found else etag

    fields = {"form": "k", "version": version, "status": "closed", "outcome": "met"}
    answer = send(desk.officer, f"/needs/{pair.need.ref}/status", **fields)

    assert answer.status_code == 409
    assert letter["id"] in answer.text


def test_admins_keep_advisory_notes_on_a_page(admin: As, officer: As, partner: As):
    note = {"country": "Togo", "text": "Arms embargo", "source": "a resolution", "dated_on": "2026-01-01"}

    added = send(admin, "/advisories", form="k1", **note)
    [stored] = admin.get(f"{API}/advisories").json()["items"]
    wrong = send(admin, "/advisories", form="k2", **{**note, "country": "Nowhere"})
    path = f"/advisories/{stored['id']}/end"
    ended = send(admin, path, form="k3", version=stored["etag"], ended_on="2026-06-01")

    assert (added.status_code, wrong.status_code, ended.status_code) == (303, 422, 303)
    assert faults(wrong.text) == []
    assert "1 June 2026" in whole(officer.get("/advisories"))
    assert "Add a note" not in officer.get("/advisories").text
    assert send(officer, "/advisories", form="k4", **note).status_code == 403
    assert partner.get("/advisories").status_code == 403


def test_the_plan_offers_to_convey_what_is_accepted(desk: Desk):
    pair = desk.pairing()
    page = whole(desk.officer.get(f"/needs/{pair.need.ref}"))

    assert "Everything: nobody has taken up a part yet" in page
    assert "Convey to PARTNER" in page
    assert BASIS["reference"] not in page


def test_letters_are_drafted_from_the_page_of_a_referral(desk: Desk, partner: As):
    letter = desk.conveyed()
    page = desk.officer.get(f"/referrals/{letter['id']}").text

    draft = desk.officer.get(f"{API}/referrals/{letter['id']}/letters/reminder?language=fr&format=html")

    assert "Letter to the organization" in page
    assert f'action="{API}/referrals/{letter["id"]}/letters/reminder"' in page
    assert "does the State accept" not in page
    assert draft.status_code == 200
    assert "Drafts of letters" not in partner.get(f"/referrals/{letter['id']}").text


def test_a_pairing_leads_to_its_letter_and_to_conveying_it(desk: Desk):
    pair = desk.pairing()
    before = desk.officer.get(f"/pairings/{pair.id}")
    letter = desk.conveyed(pair)
    after = desk.officer.get(f"/pairings/{pair.id}")

    assert f"/referrals/new?organization=PARTNER&amp;pairing={pair.id}" in before.text
    assert f"/referrals/{letter['id']}#line-1" in after.text
    assert faults(before.text) == faults(after.text) == []
