"""Programmes as a partner sends them, by key and from a signed-in browser."""

import secrets
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Connection, event, update
from sqlalchemy.orm import Session

from app.access.authentication import sha256
from app.access.models import ApiKey
from app.core.actor import Role
from app.organizations.models import Organization
from app.programmes.models import Programme
from tests.conftest import As

PATH = "/api/v1/programmes"
MINIMAL: dict[str, Any] = {
    "title": "Stockpile management training",
    "summary": "Trains custodians of armouries in marking, record-keeping and secure storage.",
    "themes": ["WPN-PSM"],
    "coverage": {"regions": ["011"]},
}


def by_key(app: FastAPI, session: Session, organization: Organization, role: Role = Role.PARTNER) -> TestClient:
    """A client that sends an API key of `organization`."""
    public_id, secret = secrets.token_hex(4), secrets.token_hex(16)
    session.add(
        ApiKey(
            public_id=public_id,
            secret_hash=sha256(secret),
            organization_id=organization.id,
            role=role,
            name="test",
        )
    )
    session.commit()
    return TestClient(app, headers={"Authorization": f"Bearer cpk_{public_id}_{secret}"})


def aged(session: Session, ref: str, until: date) -> None:
    """Let time pass: the programme was assured until a day that nobody could give now."""
    session.execute(update(Programme).where(Programme.ref == ref).values(assured_until=until))
    session.commit()


@pytest.fixture
def key(app: FastAPI, session: Session, partner: As) -> TestClient:
    return by_key(app, session, partner.organization)


@pytest.fixture
def other_key(app: FastAPI, session: Session, other_partner: As) -> TestClient:
    return by_key(app, session, other_partner.organization)


@pytest.fixture
def statements(connection: Connection) -> Iterator[list[str]]:
    """Every statement that is sent to the database."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        sent.append(statement)

    event.listen(connection, "before_cursor_execute", note)
    yield sent
    event.remove(connection, "before_cursor_execute", note)
