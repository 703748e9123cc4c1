"""Meeting files: what is in each, what never is, how they are marked, and the event that each leaves."""

import io
from collections.abc import Iterator
from typing import Any

import pytest
from docx import Document as WordFile
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit.models import AuditEvent
from app.core.documents import DISCLAIMER, NOT_ENDORSED
from app.needs.models import NeedStatus, Outcome, ReleaseFields
from app.organizations.models import OrganizationKind
from app.referrals.models import Delivered, LineOutcome, LineStatus, ReferralLine, Side
from tests.conftest import As, make_organization
from tests.portfolio.conftest import Filler
from tests.test_disclosure import DONORS, NEVER, STATES, Scene, arrange
from tests.test_disclosure import scene as scene
from tests.web.reading import read

FILES = "/api/v1/files"


def text_of(who: As, path: str) -> str:
    answer = who.get(f"{FILES}/{path}")
    assert answer.status_code == 200, answer.text
    return read(answer.text).text


def word_of(who: As, path: str) -> Any:
    answer = who.get(f"{FILES}/{path}", params={"format": "docx"})
    assert answer.status_code == 200, answer.text
    return WordFile(io.BytesIO(answer.content))


def words_of(word: Any) -> str:
    return "\n".join(_said(word))


def _said(word: Any) -> Iterator[str]:
    yield from (paragraph.text for paragraph in word.paragraphs)
    yield from (cell.text for table in word.tables for row in table.rows for cell in row.cells)


def reported(filler: Filler, line: ReferralLine, side: Side, outcome: Delivered, note: str = "") -> None:
    number = filler.session.query(LineOutcome).filter_by(line_id=line.id).count() + 1
    filler.session.add(
        LineOutcome(line_id=line.id, number=number, side=side, by_officer=True, outcome=outcome, note=note)
    )
    filler.session.commit()


def test_a_states_file_tells_needs_by_priority_who_sees_them_and_what_is_overdue(officer: As, filler: Filler):
    low, high = filler.need(title="Locks for depots"), filler.need(title="A law on markings")
    high.revision.priority, low.revision.priority = "high", "low"
    filler.line(high, conveyed=100)
    filler.session.commit()

    text = text_of(officer, "state/TG")

    assert "Meeting file: Togo" in text
    assert text.index("A law on markings") < text.index("Locks for depots")
    assert "FILLED: full" in text
    assert "nobody outside CTED" in text
    assert "Organization's answer" in text


@pytest.mark.parametrize("path", ["state/TG", "state/TG?for=handover", "organization/FILLED"])
def test_every_form_carries_marking_recipient_day_and_that_listing_is_no_endorsement(
    officer: As, filler: Filler, path: str
):
    filler.line(filler.need())
    filler.session.commit()
    recipient = {"state/TG": "CTED", "state/TG?for=handover": "Togo"}.get(path, "FILLED (test)")
    marking = "Confidential: for CTED alone" if path == "state/TG" else "Restricted: for its recipient alone"
    above = f"{marking} · For {recipient} · {filler.now.day} {filler.now:%B %Y}"

    page, word = text_of(officer, path), officer.get(f"{FILES}/{path}", params={"format": "docx"} | _asked(path))

    opened = WordFile(io.BytesIO(word.content))
    assert above in page
    assert opened.sections[0].header.paragraphs[0].text == above
    for footer in (page, opened.sections[0].footer.paragraphs[0].text):
        assert NOT_ENDORSED in footer
        assert DISCLAIMER in footer
    assert word.headers["Content-Disposition"].endswith('.docx"')


def _asked(path: str) -> dict[str, str]:
    return {"for": "handover"} if "handover" in path else {}


def test_each_file_leaves_an_event(officer: As, filler: Filler, session: Session):
    text_of(officer, "state/TG?for=handover")
    word_of(officer, "organization/FILLED")

    first, second = session.scalars(select(AuditEvent).where(AuditEvent.action == "file.printed")).all()
    assert (first.subject_id, first.subject_ref, first.actor_user_id) == ("state", "TG", officer.user.id)
    assert first.after == {
        "kind": "state",
        "for": "handover",
        "form": "html",
        "marking": "Restricted: for its recipient alone",
        "recipient": "Togo",
    }
    assert (second.subject_ref, second.after["form"]) == ("FILLED", "docx")


def test_what_is_handed_over_is_the_states_own_and_what_it_consented_to(officer: As, filler: Filler):
    own, draft = filler.need(title="Locks for depots"), filler.need(None, NeedStatus.DRAFT, title="A draft")
    filler.need(title="Ports of two States", states=("TG", "KE"))
    filler.need(title="A need of Kenya", states=("KE",))
    line = filler.line(own, LineStatus.IN_DELIVERY)
    refused = filler.line(
        own, LineStatus.DECLINED, to=make_organization(filler.session, "REFUSED", OrganizationKind.BOTH)
    )
    own.need.override_reason, line.referral.note = "overridemark", "notemark"
    line.pairing.contributions = [{"label": "scoremark"}]
    reported(filler, line, Side.ORGANIZATION, Delivered.NOT_DELIVERED, "theirmark")
    reported(filler, line, Side.STATE, Delivered.PARTLY_DELIVERED, "statemark")

    for said in (text_of(officer, "state/TG?for=handover"), words_of(handed(officer))):
        assert "Locks for depots" in said
        assert "FILLED" in said
        assert "partly delivered" in said
        assert "note 7" in said
        for hidden in (draft.need.ref, "A draft", "Ports of two", "Kenya", "overridemark", "notemark", "scoremark",
                       "theirmark", "not delivered", "0.5", officer.user.email, refused.status.value):  # fmt: skip
            assert hidden not in said, hidden


def handed(officer: As) -> Any:
    answer = officer.get(f"{FILES}/state/TG", params={"for": "handover", "format": "docx"})
    return WordFile(io.BytesIO(answer.content))


def test_a_consent_to_a_text_that_named_another_state_is_not_handed_over(officer: As, filler: Filler):
    own = filler.need(title="Locks for depots")
    filler.release(own, filler.organization, reference="of Togo alone")
    filler.session.commit()
    officer_before = text_of(officer, "state/TG?for=handover")
    path = f"/api/v1/needs/{own.need.ref}"
    etag = officer.get(path).json()["etag"]
    both = officer.patch(path, json={"recipient": {"countries": ["TG", "KE"]}}, headers={"If-Match": etag}).json()
    shared = text_of(officer, "state/TG?for=handover")
    alone = {"recipient": {"countries": ["KE"]}, "source_ref": "moved"}
    assert officer.patch(path, json=alone, headers={"If-Match": both["etag"]}).status_code == 200

    assert "of Togo alone" in officer_before
    assert "Locks for depots" not in shared
    kenya = text_of(officer, "state/KE?for=handover")
    assert "Locks for depots" in kenya
    assert "of Togo alone" not in kenya


def test_an_organizations_file_shows_needs_as_it_sees_them(officer: As, filler: Filler):
    shown, hidden = filler.need(title="Locks for depots"), filler.need(title="Hidden after all")
    filler.line(shown, conveyed=100)
    filler.line(hidden, LineStatus.DECLINED).release.withdrawn_at = filler.now
    filler.session.commit()

    text = text_of(officer, "organization/FILLED")

    assert "Locks for depots" in text
    assert "overdue" in text
    assert "Hidden after all" not in text
    assert hidden.need.ref not in text
    assert "not released to you any more" in text
    assert "A programme" in text


def test_the_tables_stay_within_two_pages_and_say_how_many_more_there_are(officer: As, filler: Filler):
    for n in range(40):
        stated = filler.need(title=f"{n} " + "a very long title " * 15)
        filler.line(stated, LineStatus.COMPLETED if n % 2 else LineStatus.CONVEYED, conveyed=100)
    for n in range(5):
        filler.need(status=NeedStatus.CLOSED, outcome=Outcome.MET, title=f"Closed {n}")
    filler.session.commit()

    for path in ("state/TG", "organization/FILLED"):
        word = word_of(officer, path)
        assert sum(len(table.rows) for table in word.tables) <= 50
        assert max(len(said) for said in _said(word)) < 120
    assert "and 28 more" in text_of(officer, "state/TG")
    assert "and 33 more" in words_of(handed(officer))


@pytest.mark.parametrize(
    "path", ["state/ZZ", "organization/NONE", "delegation/NONE", "delegation/FILLED", "state/%00"]
)
def test_what_is_not_there_has_no_file(officer: As, filler: Filler, path: str):
    assert officer.get(f"{FILES}/{path}").status_code == 404


def test_the_parameters_are_checked(officer: As, filler: Filler):
    assert officer.get(f"{FILES}/state/TG?for=everybody").status_code == 422
    assert officer.get(f"{FILES}/state/TG?format=pdf").status_code == 422
    assert officer.get(f"{FILES}/organization/FILLED?for=handover").status_code == 422


def test_files_are_for_officers_alone_and_nobody_learns_what_there_is(
    partner: As, donor: As, filler: Filler, session: Session
):
    for who in (partner, donor):
        for path in ("state/TG", "state/ZZ", "organization/PARTNER", "delegation/DONOR"):
            assert who.get(f"{FILES}/{path}").status_code == 403
    assert session.scalars(select(AuditEvent).where(AuditEvent.action == "file.printed")).all() == []


@pytest.mark.parametrize("state", STATES)
def test_a_delegations_file_never_shows_more_than_the_delegation_sees(
    officer: As, donor: As, other_partner: As, scene: Scene, session: Session, state: str
):
    allowed = arrange(state, scene, session).get("donor", set())

    for said in (text_of(officer, "delegation/DONOR"), words_of(word_of(officer, "delegation/DONOR"))):
        assert ("titlemark" in said) == bool(allowed)
        assert (scene.need in said) == bool(allowed)
        assert ("Togo" in said) == ("descriptionmark" in allowed)
        assert not {mark for mark in NEVER if mark in said}


def test_a_withdrawal_empties_the_delegations_file_at_once(officer: As, donor: As, scene: Scene):
    release = scene.release(DONORS, "full")
    before = text_of(officer, "delegation/DONOR")
    scene.officer.delete(f"/api/v1/needs/{scene.need}/releases/{release}")

    after = text_of(officer, "delegation/DONOR")

    assert scene.need in before
    assert scene.need not in after
    assert "No need is released to you at present" in after


def test_a_delegations_file_has_its_own_interests_and_no_title_after_the_withdrawal(
    officer: As, donor: As, scene: Scene
):
    release = scene.release(DONORS, "full")
    before = text_of(officer, "delegation/DONOR")
    scene.officer.delete(f"/api/v1/needs/{scene.need}/releases/{release}")
    after = text_of(officer, "delegation/DONOR")

    assert before.count("titlemark") == 2
    assert "full funding" in before
    assert "full funding" in after
    assert scene.need not in after
    assert "titlemark" not in after


def test_a_summary_to_the_delegation_shows_the_region_and_not_the_state(officer: As, donor: As, scene: Scene):
    scene.release({"organization": "DONOR"}, ReleaseFields.SUMMARY)

    said = text_of(officer, "delegation/DONOR")

    assert "Western Africa" in said
    assert "Togo" not in said
