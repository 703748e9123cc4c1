"""Letters say references and links alone, go out once, and never say what may not be told any more."""

import asyncio
from datetime import timedelta

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP
from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.cli.findings import letters_not_sent
from app.core.db import utc_now
from app.core.jobs import Job, JobStatus
from app.notices.models import LetterStatus, Notice, NoticeCursor, NoticeLetter
from app.notices.reading import POST, look, read_events
from tests.conftest import As, run_jobs
from tests.needs.conftest import Released, Stated
from tests.notices.conftest import (
    Postbox,
    choose,
    free_port,
    looking,
    programme_due,
    reading,
    use_server,
    waits,
)
from tests.programmes.conftest import MINIMAL, PATH


def offered(partner: As, need: dict) -> dict:
    """The partner offers a programme of its own for a need that it sees."""
    ref = partner.post(PATH, json={**MINIMAL, "status": "active"}).json()["ref"]
    answer = partner.post(f"/api/v1/needs/{need['ref']}/offers", json={"programme": ref})
    assert answer.status_code == 201, answer.text
    return answer.json()


def letters(session: Session) -> list[tuple[LetterStatus, int]]:
    session.expire_all()
    return [(one.status, one.attempts) for one in session.scalars(select(NoticeLetter))]


def due_now(session: Session) -> None:
    """Let the time pass that a job waits."""
    for job in session.scalars(select(Job).where(Job.status == JobStatus.QUEUED)):
        job.due_at = utc_now()
    session.commit()


def rejected(officer: As, need: dict) -> None:
    [pairing] = officer.get("/api/v1/pairings", params={"need": need["ref"], "origin": "partner"}).json()["items"]
    path = f"/api/v1/pairings/{pairing['id']}"
    etag = officer.get(path).headers["ETag"]
    body = {"judgement": "reject", "reason": "timing"}
    assert officer.post(f"{path}/decisions", json=body, headers={"If-Match": etag}).status_code == 201


def test_a_letter_holds_a_reference_and_a_link_and_nothing_that_the_need_says(
    app: FastAPI,
    officer: As,
    partner: As,
    postbox: Postbox,
    stated: Stated,
    released: Released,
):
    need = stated(opened=True, responsible=officer.user.email)
    released(need, to=partner)
    choose(officer, offer="at_once")
    offered(partner, need)

    reading(app)

    [letter], [text] = postbox.letters, postbox.texts
    assert letter["To"] == officer.user.email
    assert need["ref"] in text
    assert "http://127.0.0.1:8000/pairings/" in text
    said = ("Depots", "inventory", "Logistics", "Togo", "TG", "PARTNER", MINIMAL["title"])
    assert [word for word in said if word in text] == []


def test_events_are_read_once_however_often_the_worker_reads(
    app: FastAPI,
    session: Session,
    officer: As,
    partner: As,
    postbox: Postbox,
    stated: Stated,
    released: Released,
):
    need = stated(opened=True, responsible=officer.user.email)
    released(need, to=partner)
    choose(officer, offer="at_once")
    offered(partner, need)

    for _ in range(3):
        reading(app)
    session.execute(select(NoticeCursor)).scalar_one().number = 0  # as if it had not been committed
    session.commit()
    reading(app)

    assert len(postbox.letters) == 1
    assert session.query(Notice).count() == 1


def test_what_one_did_oneself_is_no_news(
    app: FastAPI,
    session: Session,
    officer: As,
    partner: As,
    postbox: Postbox,
    stated: Stated,
    released: Released,
):
    need = stated(opened=True)
    released(need, to=partner)
    offered(partner, need)
    reading(app)

    assert {one.user_id for one in session.query(Notice)} == {officer.user.id}


def test_consent_withdrawn_before_the_letter_is_sent_stops_it(
    app: FastAPI,
    session: Session,
    officer: As,
    partner: As,
    postbox: Postbox,
    stated: Stated,
    released: Released,
):
    need = stated(opened=True, responsible=officer.user.email)
    release = released(need, to=partner)
    choose(partner, offer="at_once")
    offered(partner, need)
    rejected(officer, need)
    with app.state.open_session(True) as own, own.begin():
        assert read_events(own, app.state.settings) > 0
    officer.delete(f"/api/v1/needs/{need['ref']}/releases/{release.id}")

    run_jobs(app)

    assert [letter["To"] for letter in postbox.letters if letter["To"] == partner.user.email] == []
    mine = select(NoticeLetter.status).where(NoticeLetter.user_id == partner.user.id)
    assert session.scalars(mine).all() == [LetterStatus.DROPPED]
    assert waits(partner) == []


def test_consent_withdrawn_before_the_event_is_read_makes_no_notice(
    app: FastAPI,
    session: Session,
    officer: As,
    partner: As,
    postbox: Postbox,
    stated: Stated,
    released: Released,
):
    need = stated(opened=True, responsible=officer.user.email)
    release = released(need, to=partner)
    offered(partner, need)
    rejected(officer, need)
    officer.delete(f"/api/v1/needs/{need['ref']}/releases/{release.id}")

    reading(app)

    assert session.query(Notice).filter_by(user_id=partner.user.id).count() == 0


def test_a_digest_is_one_letter_a_day(app: FastAPI, session: Session, partner: As, postbox: Postbox):
    for left in (3, -3):
        programme_due(session, partner, left)

    looking(app)
    looking(app)

    [text] = postbox.texts
    assert text.startswith("Counterpart: 2 notices of the day")
    assert text.count("A programme is to be assured") == 2


def test_a_programme_that_stays_due_is_told_once_and_again_when_it_is_overdue(
    app: FastAPI, session: Session, partner: As, postbox: Postbox
):
    programme = programme_due(session, partner, 1)
    looking(app)
    next_day(session)
    looking(app)
    assert len(postbox.letters) == 1

    programme.assured_until = utc_now().date() - timedelta(days=1)
    next_day(session)
    looking(app)

    assert len(postbox.letters) == 2


def next_day(session: Session) -> None:
    session.execute(select(NoticeCursor)).scalar_one().looked_on = utc_now().date() - timedelta(days=1)
    session.commit()


def test_who_chose_no_letters_gets_none_and_sees_what_waits(
    app: FastAPI, session: Session, partner: As, postbox: Postbox
):
    choose(partner, freshness="none")
    programme_due(session, partner)

    looking(app)

    assert (postbox.letters, waits(partner)) == ([], ["A programme is to be assured"])


def test_who_changes_their_mind_before_it_is_sent_is_not_mailed(
    app: FastAPI, session: Session, partner: As, postbox: Postbox
):
    programme_due(session, partner)
    with app.state.open_session(True) as own, own.begin():
        look(own, app.state.settings)
    choose(partner, freshness="none")

    run_jobs(app)

    assert letters(session) == [(LetterStatus.DROPPED, 0)]


def test_a_disabled_account_gets_no_letter(
    app: FastAPI, session: Session, admin: As, partner: As, postbox: Postbox
):
    programme_due(session, partner)
    with app.state.open_session(True) as own, own.begin():
        look(own, app.state.settings)
    admin.delete(f"/api/v1/users/{partner.user.id}")

    run_jobs(app)

    assert (postbox.letters, letters(session)) == ([], [(LetterStatus.DROPPED, 0)])


def test_the_functional_mailbox_of_an_organization_gets_nothing(
    app: FastAPI, session: Session, partner: As, postbox: Postbox
):
    partner.organization.mailboxes = ["office@example.org"]
    session.commit()
    programme_due(session, partner)

    looking(app)

    assert [letter["To"] for letter in postbox.letters] == [partner.user.email]


def test_a_server_that_is_not_there_is_asked_again_and_the_letter_goes_out_once(
    app: FastAPI, session: Session, partner: As, postbox: Postbox
):
    use_server(app, free_port())
    programme_due(session, partner)
    looking(app)
    assert letters(session) == [(LetterStatus.QUEUED, 1)]

    use_server(app, postbox.port)
    due_now(session)
    run_jobs(app)

    assert letters(session) == [(LetterStatus.SENT, 1)]
    assert len(postbox.letters) == 1


def test_a_letter_that_is_refused_is_tried_eight_times(
    app: FastAPI, session: Session, partner: As, postbox: Postbox
):
    postbox.answer = "451 try again later"
    programme_due(session, partner)
    looking(app)
    for _ in range(9):
        due_now(session)
        run_jobs(app)

    assert letters(session) == [(LetterStatus.FAILED, 8)]
    assert len({letter["Message-ID"] for letter in postbox.letters}) == 1


def test_a_letter_whose_process_died_while_it_was_sent_is_not_sent_again(
    app: FastAPI, session: Session, partner: As, postbox: Postbox
):
    programme_due(session, partner)
    with app.state.open_session(True) as own, own.begin():
        look(own, app.state.settings)
    job = session.scalars(select(Job).where(Job.kind == POST)).one()
    job.status, job.attempts, job.claimed_at = JobStatus.RUNNING, 1, utc_now() - timedelta(hours=1)
    session.commit()

    run_jobs(app)

    assert (postbox.letters, letters(session)) == ([], [(LetterStatus.UNCLEAR, 0)])
    [found] = letters_not_sent(session)
    assert (partner.user.email in found, "may not have been sent" in found) == (True, True)
    assert waits(partner) == ["A programme is to be assured"]


class Vanishing(SMTP):
    """Takes the text of a letter and hangs up without a word."""

    async def smtp_DATA(self, arg: str) -> None:
        await self.push("354 go on")
        await asyncio.sleep(0.05)
        self.transport.close()


class VanishingController(Controller):
    def factory(self) -> SMTP:
        return Vanishing(self.handler)


def test_a_letter_after_which_the_server_went_away_is_not_sent_again(
    app: FastAPI, session: Session, partner: As, postbox: Postbox
):
    server = VanishingController(postbox, hostname="127.0.0.1", port=free_port())
    server.start()
    use_server(app, server.port)
    programme_due(session, partner)

    looking(app)
    server.stop()

    assert letters(session) == [(LetterStatus.UNCLEAR, 0)]


def test_an_officer_who_is_disabled_is_stood_in_for_by_the_deputy(
    app: FastAPI,
    session: Session,
    admin: As,
    officer: As,
    partner: As,
    postbox: Postbox,
    stated: Stated,
    released: Released,
):
    second = As(app, session, officer.user.role, officer.organization)
    need = stated(opened=True, responsible=officer.user.email, deputy=second.user.email)
    released(need, to=partner)
    admin.delete(f"/api/v1/users/{officer.user.id}")

    offered(partner, need)
    reading(app)

    assert {one.user_id for one in session.query(Notice)} == {second.user.id}


def test_nothing_of_before_is_told_after_a_mail_server_is_set(app: FastAPI, session: Session, partner: As):
    programme_due(session, partner)
    looking(app)
    use_server(app, free_port())
    next_day(session)

    looking(app)

    assert session.query(NoticeLetter).count() == 0
