"""Two delegations, needs that are released to them, and referral lines as rows."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.actor import Role
from app.core.db import utc_now
from app.needs.models import Need
from app.organizations.models import OrganizationKind
from app.organizations.service import ensure_built_in_groups
from app.pairings.models import Origin, Pairing, PairingStatus
from app.programmes.models import Programme
from app.referrals.models import LineStatus, Part, Referral, ReferralLine
from tests.conftest import As, make_organization

NEEDS = "/api/v1/needs"
INTERESTS = "/api/v1/interests"
DONORS = {"group": "donors"}
DEPOTS = {
    "recipient": {"countries": ["TG"]},
    "title": "Depots without inventory",
    "description": "The Logistics Directorate cannot count its 14,000 rifles in nine depots.",
    "source": "state_request",
    "themes": ["WPN-PSM"],
    "institution": "Logistics Directorate",
    "indicative_cost": {"low": 80_000, "high": 100_000, "currency": "USD", "estimated_by": "the State"},
}
PROGRAMME = {"title": "Depots", "summary": "Builds depots", "themes": ["WPN-PSM"], "coverage": {"global": True}}
Opened = Callable[..., str]
Released = Callable[..., str]
Conveyed = Callable[..., ReferralLine]


@pytest.fixture
def other_donor(app: FastAPI, session: Session) -> As:
    return As(app, session, Role.DONOR, make_organization(session, "DONOR-2", OrganizationKind.DONOR))


@pytest.fixture
def opened(officer: As, session: Session) -> Opened:
    """State a need and open it: `opened(title=...)`; return its reference."""
    ensure_built_in_groups(session)
    session.commit()

    def state(**said: Any) -> str:
        ref = str(officer.post(NEEDS, json={**DEPOTS, **said}).json()["ref"])
        move(officer, ref, "open", override_reason="for the test")
        return ref

    return state


@pytest.fixture
def release(officer: As) -> Released:
    """Release a need, to all delegations in full unless said otherwise; return the release's id."""

    def record(ref: str, fields: str = "full", **more: Any) -> str:
        body = {"audience": DONORS, "fields": fields, "basis": "document", "reference": "note verbale 12", **more}
        answer = officer.post(f"{NEEDS}/{ref}/releases", json=body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    return record


@pytest.fixture
def conveyed(session: Session, officer: As, release: Released) -> Conveyed:
    """A line of a referral of a need to an organization, taken up "if funded" unless said otherwise."""

    def make(ref: str, to: As, status: LineStatus = LineStatus.TAKEN_UP, **more: Any) -> ReferralLine:
        to.post("/api/v1/programmes", json={**PROGRAMME, "external_id": ref})
        release_id = release(ref, audience={"organization": to.organization.ref})
        need = session.scalars(select(Need).where(Need.ref == ref)).one()
        offered = session.scalars(select(Programme).where(Programme.external_id == ref)).first()
        assert offered is not None
        pairing = Pairing(
            need=need, programme=offered, origin=Origin.OFFICER, score=0.5, need_revision=1, model="test",
            status=PairingStatus.CONVEYED,
        )  # fmt: skip
        referral = Referral(organization_id=to.organization.id)
        session.add_all([pairing, referral])
        session.flush()
        answered = {"part": Part.WHOLE, "answered_at": utc_now(), "if_funded": True}
        line = ReferralLine(
            referral=referral, n=1, pairing_id=pairing.id, need_id=need.id, release_id=UUID(release_id),
            status=status, **{**(answered if status is LineStatus.TAKEN_UP else {}), **more},
        )  # fmt: skip
        session.add(line)
        session.commit()
        return line

    return make


def move(officer: As, ref: str, status: str, **more: Any) -> None:
    etag = officer.get(f"{NEEDS}/{ref}").json()["etag"]
    body = {"status": status, **more}
    answer = officer.post(f"{NEEDS}/{ref}/status", json=body, headers={"If-Match": etag})
    assert answer.status_code == 200, answer.text


def withdraw_release(officer: As, ref: str, release_id: str) -> None:
    assert officer.delete(f"{NEEDS}/{ref}/releases/{release_id}").status_code == 204


def express(donor: As, ref: str, kind: str = "full_funding", **more: Any) -> dict[str, Any]:
    answer = donor.post(INTERESTS, json={"need": ref, "kind": kind, **more})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def change(who: As, interest: dict[str, Any], wanted: dict[str, Any], expected: int = 200) -> dict[str, Any]:
    """Change an interest as it is now; return the answer, which has the status that was expected."""
    path = f"{INTERESTS}/{interest['id']}"
    tag = who.get(path).json().get("etag", "*")
    answer = who.patch(path, json=wanted, headers={"If-Match": tag})
    assert answer.status_code == expected, answer.text
    return dict(answer.json())


def funds(line: ReferralLine) -> dict[str, Any]:
    return {"referral": str(line.referral_id), "line": line.n}
