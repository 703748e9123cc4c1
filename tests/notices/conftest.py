"""A system that mails, a postbox that takes the letters, and things that happen."""

import email
import socket
from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage
from email.policy import default

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope
from aiosmtpd.smtp import Session as Connection
from fastapi import FastAPI
from sqlalchemy.orm import Session

from app.core.db import utc_now
from app.core.settings import Settings
from app.main import job_handlers
from app.notices.reading import look, read_events
from app.programmes.models import Programme
from tests.conftest import As, run_jobs
from tests.needs.conftest import released, stated
from tests.programmes.conftest import MINIMAL, PATH


class Postbox:
    """Keeps what is delivered; `answer` is what it says to the next letters."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.letters: list[EmailMessage] = []
        self.answer = "250 OK"

    async def handle_DATA(self, server: SMTP, connection: Connection, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        self.letters.append(email.message_from_bytes(envelope.content, policy=default))
        return self.answer

    @property
    def texts(self) -> list[str]:
        return [f"{letter['Subject']}\n{letter.get_content()}" for letter in self.letters]


@pytest.fixture
def postbox(app: FastAPI) -> Iterator[Postbox]:
    """A real SMTP server, which the application's settings name."""
    box = Postbox(free_port())
    server = Controller(box, hostname="127.0.0.1", port=box.port)
    server.start()
    use_server(app, box.port)
    yield box
    server.stop()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


def use_server(app: FastAPI, port: int) -> Settings:
    settings: Settings = app.state.settings.model_copy(update={"smtp_url": f"smtp://127.0.0.1:{port}"})
    app.state.settings = settings
    app.state.job_handlers = job_handlers(settings, app.state.ranking)
    return settings


def reading(app: FastAPI) -> None:
    """Read what happened, as the worker does, and send what is to be sent."""
    with app.state.open_session(True) as session, session.begin():
        read_events(session, app.state.settings)
    run_jobs(app)


def looking(app: FastAPI) -> None:
    """Look at the due lists and send digests, as the worker does once a day."""
    with app.state.open_session(True) as session, session.begin():
        look(session, app.state.settings)
    run_jobs(app)


def programme_due(session: Session, owner: As, left: int = 10) -> Programme:
    """A programme whose assurance ends in some days."""
    ref = owner.post(PATH, json={**MINIMAL, "status": "active"}).json()["ref"]
    programme = session.query(Programme).filter_by(ref=ref).one()
    programme.assured_until = utc_now().date() + timedelta(days=left)
    session.commit()
    return programme


def choose(who: As, **choices: str | None) -> None:
    etag = who.get("/api/v1/notices").json()["etag"]
    answer = who.patch("/api/v1/notices", json={"choices": choices}, headers={"If-Match": etag})
    assert answer.status_code == 200, answer.text


def waits(who: As) -> list[str]:
    return [one["says"] for one in who.get("/api/v1/notices").json()["items"]]


__all__ = ["released", "stated"]
