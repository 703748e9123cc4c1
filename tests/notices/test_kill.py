"""Several workers tell a thing once; one that is killed while a letter is taken leads to no second one."""

import email
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from email.policy import default
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from app.core.actor import Actor, Role
from app.core.db import make_engine, utc_now
from app.core.jobs import Job, JobStatus
from app.notices.models import LetterStatus, NoticeLetter
from app.notices.reading import POST
from app.organizations.models import Organization
from app.programmes.schemas import ProgrammeIn
from app.programmes.service import register
from tests.conftest import _new_database
from tests.notices.conftest import free_port
from tests.operating import Office
from tests.programmes.conftest import MINIMAL

ADDRESS = "worker-test@example.org"


class Killing:
    """Takes a letter, and kills some processes before it says so."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.victims: list[int] = []

    async def handle_DATA(self, _server: object, _connection: object, envelope: object) -> str:
        letter = email.message_from_bytes(envelope.content, policy=default)
        if letter["Subject"].startswith("Counterpart: "):
            self.taken.append(letter["To"])
            for victim in self.victims:
                os.kill(victim, signal.SIGKILL)
        return "250 OK"


@pytest.fixture
def postbox() -> Iterator[tuple[Killing, int]]:
    box, port = Killing(), free_port()
    server = Controller(box, hostname="127.0.0.1", port=port)
    server.start()
    yield box, port
    server.stop()


@pytest.fixture(params=["sqlite", "postgres"])
def office(request: pytest.FixtureRequest, tmp_path: Path, postbox: tuple[Killing, int]) -> Office:
    """An installation that mails, with a partner whose programme is due to be assured."""
    settings = {"SMTP_URL": f"smtp://127.0.0.1:{postbox[1]}", "NOTICES_HOUR": "0"}
    folder = tmp_path / "office"
    settings["DATABASE_URL"] = f"sqlite:///{folder / 'counterpart.db'}"
    if request.param == "postgres":
        settings["DATABASE_URL"] = _new_database(request.getfixturevalue("postgres_url"))
    office = Office(folder, settings)
    assert office.run("init").returncode == 0
    (tmp_path / "organizations.csv").write_text("ref,name,level,kind\nPARTNER,Partner,regional,implementer\n")
    assert office.run("import", "organizations", str(tmp_path / "organizations.csv")).returncode == 0
    added = office.run("users", "add", ADDRESS, "--role", "partner", "--organization", "PARTNER")
    assert added.returncode == 0, added.stderr
    with opened(office) as session, session.begin():
        owner = session.scalars(select(Organization).where(Organization.ref == "PARTNER")).one()
        values = ProgrammeIn.model_validate({**MINIMAL, "status": "active"})
        made, _ = register(session, Actor(Role.PARTNER, owner.id, label="key"), values)
        made.assured_until = utc_now().date() + timedelta(days=3)
    return office


@contextmanager
def opened(office: Office) -> Iterator[Session]:
    engine: Engine = make_engine(office.settings["DATABASE_URL"])
    with Session(engine) as session:
        yield session
    engine.dispose()


@contextmanager
def workers(office: Office, count: int) -> Iterator[list[subprocess.Popen[bytes]]]:
    command = [sys.executable, "-c", "import app.cli; app.cli.main()", "worker"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    started = [subprocess.Popen(command, env=office.environment, **quiet) for _ in range(count)]
    try:
        yield started
    finally:
        for process in started:
            process.kill()
            process.wait()


def letter_is(office: Office, *wanted: LetterStatus) -> bool:
    """Wait until the letter is in one of these states."""
    for _ in range(600):
        with opened(office) as session:
            if session.scalar(select(NoticeLetter.status)) in wanted:
                return True
        time.sleep(0.1)
    return False


def test_of_several_workers_one_tells(office: Office, postbox: tuple[Killing, int]):
    with workers(office, 3):
        assert letter_is(office, LetterStatus.SENT)

    with opened(office) as session:
        keys = session.scalars(select(Job.key).where(Job.kind == "notices.look")).all()
    assert postbox[0].taken == [ADDRESS]
    assert len(keys) == len(set(keys)) == 1


def test_a_worker_that_is_killed_when_the_letter_was_taken_does_not_lead_to_a_second_letter(
    office: Office, postbox: tuple[Killing, int]
):
    box = postbox[0]
    with workers(office, 1) as [first]:
        box.victims = [first.pid]
        assert first.wait(60) == -signal.SIGKILL
    assert box.taken == [ADDRESS]
    box.victims = []
    with opened(office) as session, session.begin():
        claimed = (Job.kind == POST) & (Job.status == JobStatus.RUNNING)
        assert session.scalars(select(Job.attempts).where(claimed)).all() == [1]
        session.execute(update(Job).where(claimed).values(claimed_at=utc_now() - timedelta(hours=1)))

    with workers(office, 2):
        assert letter_is(office, LetterStatus.UNCLEAR)

    assert box.taken == [ADDRESS]
    checked = office.run("check")
    assert "may not have been sent" in checked.stdout
