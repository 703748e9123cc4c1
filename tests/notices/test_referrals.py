"""Referrals, consent and clocks reach whom they concern, as long as these see what it is about."""

from datetime import timedelta

import pytest
from fastapi import FastAPI
from sqlalchemy import update
from sqlalchemy.orm import Session

from app.core.actor import Role
from app.core.db import utc_now
from app.needs.models import Need, Release
from app.notices.models import Notice, NoticeCursor
from app.notices.reading import read_events
from app.referrals.models import ReferralLine
from tests.conftest import As, run_jobs
from tests.notices.conftest import Postbox, choose, looking, reading, waits
from tests.referrals.conftest import STORES, Desk, desk

__all__ = ["desk"]
TO_ANSWER = "A referral waits for your organization's answer"


def told(postbox: Postbox, who: As) -> list[str]:
    return [letter["Subject"] for letter in postbox.letters if letter["To"] == who.user.email]


def need_of(desk: Desk, letter: dict) -> Need:
    return desk.line(letter).need


def withdraw(officer: As, desk: Desk, letter: dict) -> None:
    line = desk.line(letter)
    path = f"/api/v1/needs/{line.need.ref}/releases/{line.release_id}"
    assert officer.delete(path).status_code == 204


def test_the_organization_is_told_of_a_referral_by_its_reference(
    app: FastAPI, desk: Desk, partner: As, other_partner: As, postbox: Postbox
):
    letter = desk.conveyed()

    reading(app)

    [text] = postbox.texts
    assert told(postbox, partner) == ["Counterpart: a referral waits for your organization's answer"]
    assert f"http://127.0.0.1:8000/referrals/{letter['id']}" in text
    assert need_of(desk, letter).ref in text
    said = (STORES["title"], "armouries", "Togo", "TG", "Armoury")
    assert [word for word in said if word in text] == []
    assert waits(partner) == [TO_ANSWER]


def test_a_referral_waits_until_it_is_answered_and_its_officer_is_told_of_the_answer(
    app: FastAPI, session: Session, desk: Desk, officer: As, partner: As, postbox: Postbox
):
    letter = desk.conveyed()
    reading(app)
    desk.move(partner, letter, "take_up", part="whole")

    reading(app)

    assert waits(partner) == []
    assert waits(officer) == ["A referral was taken up"]
    assert told(postbox, officer) == ["Counterpart: a referral was taken up"]


@pytest.mark.parametrize(
    ("side", "said"), [("organization", ["An outcome of a referral was reported"]), ("state", []), (None, [])]
)
def test_what_the_state_reports_is_no_news_for_the_organization(
    app: FastAPI, desk: Desk, officer: As, partner: As, postbox: Postbox, side: str | None, said: list[str]
):
    letter = desk.in_delivery()
    reading(app)
    before = waits(partner)
    told = {"side": side} if side else {}
    desk.move(officer, letter, "report", outcome="delivered", **told)

    reading(app)

    assert [one for one in waits(partner) if one not in before] == said


def test_a_question_reaches_the_officer_and_the_answer_the_organization(
    app: FastAPI, desk: Desk, officer: As, partner: As, postbox: Postbox
):
    letter = desk.conveyed()
    desk.move(partner, letter, "ask", note="Who pays for travel?")
    reading(app)
    desk.move(officer, letter, "answer", note="The State does.")

    reading(app)

    assert waits(officer) == ["Information is asked for on a referral"]
    assert waits(partner) == ["A question on a referral was answered", TO_ANSWER]
    assert "travel" not in "".join(postbox.texts)


def test_consent_withdrawn_between_making_and_sending_stops_the_letter_and_the_officer_is_told(
    app: FastAPI, session: Session, desk: Desk, officer: As, partner: As, postbox: Postbox
):
    second = As(app, session, Role.OFFICER, officer.organization)
    letter = desk.conveyed()
    session.execute(update(Need).values(responsible_id=second.user.id))
    session.commit()
    with app.state.open_session(True) as own, own.begin():
        assert read_events(own, app.state.settings) == 1
    withdraw(officer, desk, letter)
    run_jobs(app)
    reading(app)

    assert told(postbox, partner) == []
    assert waits(partner) == []
    assert waits(second) == ["Consent has ended and a referral is still under way"]
    assert told(postbox, second) == ["Counterpart: consent has ended and a referral is still under way"]


def test_consent_that_ended_by_itself_is_found_by_the_daily_look_and_told_once(
    app: FastAPI, session: Session, desk: Desk, officer: As, postbox: Postbox
):
    desk.conveyed()
    reading(app)
    past = utc_now() - timedelta(hours=1)
    session.execute(update(Release).values(starts_at=past - timedelta(days=1), ends_at=past))
    session.commit()

    looking(app)
    session.query(NoticeCursor).one().looked_on = None
    session.commit()
    looking(app)

    assert waits(officer).count("Consent has ended and a referral is still under way") == 1


def test_an_answer_that_is_late_is_told_to_both_sides(
    app: FastAPI, session: Session, desk: Desk, officer: As, partner: As, postbox: Postbox
):
    desk.conveyed()
    reading(app)
    session.execute(update(ReferralLine).values(conveyed_at=utc_now() - timedelta(days=70)))
    session.commit()

    looking(app)

    assert "The answer to a referral is due" in waits(partner)
    assert "Due: organization's answer" in waits(officer)


def test_a_clock_that_nobody_answers_for_is_put_before_every_officer(
    app: FastAPI, session: Session, desk: Desk, officer: As, admin: As, partner: As, postbox: Postbox
):
    desk.need(wanted_by="2026-01-01")
    session.execute(update(Need).values(responsible_id=None, deputy_id=None))
    session.commit()

    looking(app)

    assert waits(officer) == ["Due: need is wanted by"]
    assert (waits(admin), waits(partner)) == ([], [])


@pytest.mark.parametrize("delivery", ["none", "daily"])
def test_who_does_not_want_a_letter_at_once_gets_none(
    app: FastAPI, desk: Desk, partner: As, postbox: Postbox, delivery: str
):
    choose(partner, referral=delivery)
    desk.conveyed()

    reading(app)

    assert (postbox.letters, waits(partner)) == ([], [TO_ANSWER])


def test_a_withdrawn_referral_is_told_without_naming_what_is_not_seen_any_more(
    app: FastAPI, desk: Desk, officer: As, partner: As, postbox: Postbox
):
    letter = desk.conveyed()
    ref = need_of(desk, letter).ref
    desk.move(officer, letter, "retract", reason="timing")

    reading(app)

    [text] = [text for text in postbox.texts if "withdrawn" in text]
    assert ref not in text
    assert f"/referrals/{letter['id']}" in text


def test_a_letter_to_an_account_of_another_organization_is_never_made(
    app: FastAPI, session: Session, desk: Desk, partner: As, other_partner: As, donor: As, postbox: Postbox
):
    desk.conveyed()
    reading(app)
    looking(app)

    outside = {other_partner.user.id, donor.user.id}
    assert session.query(Notice).filter(Notice.user_id.in_(outside)).count() == 0


def test_a_clearance_waits_for_every_other_officer_and_who_asked_learns_of_it(
    app: FastAPI, session: Session, desk: Desk, officer: As, admin: As, partner: As, postbox: Postbox
):
    app.state.settings.clearance = "always"
    second = As(app, session, Role.OFFICER, officer.organization)
    held = desk.letter(desk.pairing())
    assert held.status_code == 202, held.text
    reading(app)
    assert (waits(officer), waits(partner)) == ([], [])
    assert waits(second) == waits(admin) == ["A second officer is asked for clearance"]

    url, tag = f"/api/v1/clearances/{held.json()['id']}/decisions", {"If-Match": held.json()["etag"]}
    assert second.post(url, json={"cleared": True}, headers=tag).status_code == 200
    reading(app)

    assert (waits(second), waits(admin)) == ([], [])
    assert waits(officer) == ["What you asked to be cleared was cleared"]
    assert waits(partner) == [TO_ANSWER]
