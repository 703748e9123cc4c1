"""Needs as tests write them, and releases as rows."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.core.db import utc_now
from app.needs.models import Basis, Need, NeedStatus, NeedStatusChange, Release, ReleaseFields
from app.organizations.models import BuiltIn, Group
from tests.conftest import As

Stated = Callable[..., dict[str, Any]]
Released = Callable[..., Release]

DEPOTS = {
    "title": "Depots without electronic inventory",
    "description": (
        "The Logistics Directorate keeps 14,000 rifles in nine depots. Two have a fence already. "
        "Storekeepers should be able to count each month."
    ),
    "recipient": {"countries": ["TG"]},
    "source": "state_request",
}


@pytest.fixture
def stated(officer: As, session: Session) -> Stated:
    """State a need through the API, open it where asked, and return what the officer is shown."""

    def state(opened: bool = False, **fields: Any) -> dict[str, Any]:
        answer = officer.post("/api/v1/needs", json={**DEPOTS, **fields})
        assert answer.status_code == 201, answer.text
        return move(officer, answer.json(), status="open", override_reason="a test") if opened else answer.json()

    return state


def move(officer: As, need: dict[str, Any], **wanted: Any) -> dict[str, Any]:
    url = f"/api/v1/needs/{need['ref']}/status"
    answer = officer.post(url, json=wanted, headers={"If-Match": need["etag"]})
    assert answer.status_code == 200, answer.text
    moved: dict[str, Any] = answer.json()
    return moved


@pytest.fixture
def released(session: Session) -> Released:
    """Record a release row: to an organization, or else to the built-in group of donors."""

    def release(need: dict[str, Any], fields: str = "full", to: As | None = None, **other: Any) -> Release:
        head = session.scalars(select(Need).where(Need.ref == need["ref"])).one()
        begun = utc_now() - timedelta(days=1)
        opened = update(Need).where(Need.id == head.id).values(shown_at=other.get("recorded_at", begun))
        session.execute(opened)  # no later than it was released
        made = Release(
            need_id=head.id,
            revision=other.pop("revision", head.revision),
            organization_id=to.organization.id if to else None,
            group_id=None if to else _donors(session).id,
            fields=ReleaseFields(fields),
            basis=Basis.DOCUMENT,
            reference="note verbale 7",
            **{"starts_at": begun, "recorded_at": begun, "complete_at": begun, **other},
        )
        session.add(made)
        session.commit()
        return made

    return release


def _donors(session: Session) -> Group:
    found = session.scalar(select(Group).where(Group.built_in == BuiltIn.DONORS))
    if found is None:
        found = Group(ref="donors", name="Donors", built_in=BuiltIn.DONORS)
        session.add(found)
        session.flush()
    return found


__all__ = ["DEPOTS", "NeedStatus", "NeedStatusChange", "move"]
