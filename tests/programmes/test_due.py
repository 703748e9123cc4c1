"""What is due to be assured is on one page, and one click says that it is right: for one or for all."""

from datetime import date, timedelta

import pytest
from sqlalchemy.orm import Session

from app.audit.models import AuditEvent
from app.core.db import utc_now
from app.programmes import queries
from app.programmes.models import Applicant, Programme, ProgrammeKind, ProgrammeStatus
from tests.conftest import As
from tests.programmes.conftest import MINIMAL, PATH
from tests.web.conftest import send

TODAY = date(2026, 11, 22)


def made(session: Session, owner: As, left: int, title: str = "Courses", **said: object) -> Programme:
    ref = owner.post(PATH, json={**MINIMAL, "title": title, "status": "active", **said}).json()["ref"]
    programme = session.query(Programme).filter_by(ref=ref).one()
    programme.assured_until = utc_now().date() + timedelta(days=left)
    session.commit()
    return programme


def test_a_partner_sees_what_is_due_of_its_own_and_nothing_else(session: Session, partner: As, other_partner: As):
    late, soon = made(session, partner, -100, "Late"), made(session, partner, 30, "Soon")
    made(session, partner, 31, "Fresh")
    made(session, other_partner, -1, "Another's")

    page = partner.get("/programmes/due").text

    assert [name in page for name in ("Late", "Soon", "Fresh", "Another&#39;s")] == [True, True, False, False]
    assert [one.ref for one in queries.to_assure(session, partner.actor, 10)[0]] == [late.ref, soon.ref]
    assert "2 programmes that you keep are due" in partner.get("/programmes?organization=PARTNER").text


def test_all_that_are_ticked_are_assured_at_once(session: Session, partner: As):
    some = [made(session, partner, 3, f"Course {n}") for n in range(3)]

    answer = send(partner, "/programmes/due", ref=[some[0].ref, some[1].ref])

    assert answer.headers["location"].startswith("/programmes/due?said=assured-several")
    day = utc_now().date() + timedelta(days=180)
    session.expire_all()
    assert [one.assured_until == day for one in some] == [True, True, False]
    assert session.query(AuditEvent).filter_by(action="programme.assured").count() == 2


def test_one_button_assures_one_whatever_is_ticked(session: Session, partner: As):
    one, other = made(session, partner, 3, "One"), made(session, partner, 3, "Other")

    send(partner, "/programmes/due", ref=[one.ref, other.ref], one=other.ref)

    session.expire_all()
    left = utc_now().date() + timedelta(days=3)
    assert [one.assured_until == left, other.assured_until == left] == [True, False]


def test_nothing_ticked_is_refused_and_another_s_programme_is_not_there(
    session: Session, partner: As, other_partner: As
):
    hidden = made(session, other_partner, 3, "Hidden", status="draft")

    assert "Tick the programmes" in send(partner, "/programmes/due").text
    assert send(partner, "/programmes/due", ref=hidden.ref).status_code == 404
    assert send(partner, "/programmes/due", ref="x' OR 1=1 --").status_code == 404


def test_a_donor_has_no_such_page(donor: As):
    assert donor.get("/programmes/due").status_code == 403


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, []),
        ({"ends_on": date(2026, 11, 21)}, ["It is active, but its dates say that it ended on 2026-11-21"]),
        ({"ends_on": date(2026, 11, 22)}, []),
        ({"starts_on": date(2026, 11, 23)}, ["It is active, but its dates say that it starts on 2026-11-23"]),
        (
            {"status": ProgrammeStatus.SUSPENDED, "ends_on": date(2026, 1, 1)},
            ["It is suspended, but its dates say that it ended on 2026-01-01"],
        ),
        (
            {"status": ProgrammeStatus.DRAFT, "ends_on": date(2026, 1, 1)},
            ["It is draft, but its dates say that it ended on 2026-01-01"],
        ),
        (
            {"status": ProgrammeStatus.ENDED, "ends_on": date(2027, 1, 1)},
            ["It is ended, but its dates say that it runs until 2027-01-01"],
        ),
        ({"status": ProgrammeStatus.ENDED, "ends_on": date(2026, 1, 1)}, []),
        (
            {"kind": ProgrammeKind.FUND, "applicant": Applicant.STATE, "calls_close_on": date(2026, 11, 21)},
            ["It is active, but its calls closed on 2026-11-21"],
        ),
        ({"ends_on": date(2026, 1, 1), "actual_ends_on": date(2027, 1, 1)}, []),
    ],
)
def test_status_and_dates_that_disagree_are_said(said: dict[str, object], expected: list[str]):
    programme = Programme(status=ProgrammeStatus.ACTIVE, kind=ProgrammeKind.ASSISTANCE)
    for name, value in said.items():
        setattr(programme, name, value)

    assert queries.contradictions(programme, TODAY) == expected


def test_the_partner_is_shown_contradictions_on_the_list_and_a_donor_is_not(
    session: Session, partner: As, donor: As
):
    made(session, partner, 100, "Future course", starts_on=str(utc_now().date() + timedelta(days=9)))

    assert "status and dates disagree" in partner.get("/programmes").text
    assert "status and dates disagree" not in donor.get("/programmes").text


def test_what_contradicts_itself_is_not_ticked_beforehand(session: Session, partner: As):
    right = made(session, partner, 3, "Right")
    wrong = made(session, partner, 3, "Wrong", starts_on=str(utc_now().date() + timedelta(days=9)))

    page = partner.get("/programmes/due").text

    assert f'value="{right.ref}" checked' in page
    assert f'value="{wrong.ref}" checked' not in page
