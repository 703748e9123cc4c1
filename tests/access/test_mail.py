"""Links are mailed by the worker through a real SMTP server, and leave no trace in the job."""

import email
import json
import re
import socket
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import default

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope
from aiosmtpd.smtp import Session as Connection
from fastapi import FastAPI
from sqlalchemy.orm import Session

from app.access.attempts import Attempts
from app.access.links import JOB, find_user, link_mailer
from app.access.models import SignInLink
from app.access.service import request_reset
from app.core.jobs import Job, JobStatus
from app.core.mail import Letter, send
from app.core.settings import Settings
from tests.conftest import As, run_jobs


class Postbox:
    """Keeps what is delivered."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.letters: list[EmailMessage] = []

    async def handle_DATA(self, server: SMTP, connection: Connection, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        self.letters.append(email.message_from_bytes(envelope.content, policy=default))
        return "250 OK"


@pytest.fixture
def postbox() -> Iterator[Postbox]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    box = Postbox(port)
    server = Controller(box, hostname="127.0.0.1", port=port)
    server.start()
    yield box
    server.stop()


def use_server(app: FastAPI, port: int) -> None:
    settings = app.state.settings.model_copy(update={"smtp_url": f"smtp://127.0.0.1:{port}"})
    app.state.settings = settings
    app.state.job_handlers = {JOB: link_mailer(settings)}


def test_an_invitation_is_mailed_and_its_secret_is_stored_nowhere(
    app: FastAPI, admin: As, partner: As, session: Session, postbox: Postbox
):
    use_server(app, postbox.port)
    admin.post("/api/v1/users", json={"email": "new@example.org", "role": "partner", "organization": "PARTNER"})

    run_jobs(app)

    letter = postbox.letters[0]
    secret = re.search(r"http://127\.0\.0\.1:8000/link/(\S+)", letter.get_content())[1]
    assert (letter["To"], letter["From"]) == ("new@example.org", "counterpart@localhost")
    assert find_user(session, secret).email == "new@example.org"
    job = session.query(Job).filter_by(kind=JOB).one()
    assert job.status is JobStatus.DONE
    assert secret not in json.dumps([job.payload, job.progress, job.message])


def test_a_letter_that_cannot_be_sent_is_tried_again_and_leaves_no_link(
    app: FastAPI, admin: As, partner: As, session: Session
):
    use_server(app, 1)  # nothing listens there
    admin.post(f"/api/v1/users/{partner.user.id}/reset")

    run_jobs(app)

    job = session.query(Job).filter_by(kind=JOB).one()
    assert (job.status, job.attempts) == (JobStatus.QUEUED, 1)
    assert session.query(SignInLink).count() == 0


def test_an_account_that_was_disabled_meanwhile_gets_no_letter(
    app: FastAPI, admin: As, partner: As, session: Session, postbox: Postbox
):
    use_server(app, postbox.port)
    admin.post(f"/api/v1/users/{partner.user.id}/reset")
    admin.delete(f"/api/v1/users/{partner.user.id}")

    run_jobs(app)

    assert postbox.letters == []


def test_who_forgot_the_password_is_mailed_a_link_and_nobody_learns_of_accounts(
    app: FastAPI, partner: As, session: Session, postbox: Postbox
):
    use_server(app, postbox.port)
    for address in (partner.user.email, "nobody@example.org"):
        request_reset(session, address, "192.0.2.1", Attempts(5))
    session.commit()

    run_jobs(app)

    assert [letter["To"] for letter in postbox.letters] == [partner.user.email]


def test_without_a_mail_server_a_forgotten_password_makes_no_link(app: FastAPI, partner: As, session: Session):
    request_reset(session, partner.user.email, "192.0.2.1", Attempts(5))
    session.commit()

    run_jobs(app)

    assert session.query(Job).one().status is JobStatus.DONE
    assert session.query(SignInLink).count() == 0


@pytest.mark.parametrize("address", ["mail.example", "http://mail.example", "smtp://"])
def test_a_mail_server_that_cannot_be_understood_is_named(settings: Settings, address: str):
    with pytest.raises(ValueError, match="COUNTERPART_SMTP_URL"):
        send(settings.model_copy(update={"smtp_url": address}), Letter("a@example.org", "s", "t"))
