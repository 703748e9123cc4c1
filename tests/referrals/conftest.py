"""A small scene for referrals: a partner with programmes, needs of Togo, accepted pairs, and letters of them."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.needs import service as needs
from app.needs.models import Need, NeedStatus
from app.needs.schemas import NeedIn, NeedMove
from app.organizations.service import ensure_built_in_groups
from app.pairings.models import Origin, Pairing, PairingStatus
from app.programmes import service as programmes
from app.programmes.models import Programme
from app.programmes.schemas import ProgrammeIn
from app.referrals.models import ReferralLine
from tests.conftest import As

API = "/api/v1"
BASIS = {"basis": "document", "reference": "note verbale 7"}
ACCEPTED = {"on": "2026-01-15", "reference": "note verbale 9"}
STORES = {
    "recipient": {"countries": ["TG"]},
    "title": "Secure storage of small arms in police armouries",
    "description": "The police keep rifles in armouries without locks, registers or trained storekeepers.",
    "source": "state_request",
    "themes": ["WPN-PSM"],
    "beneficiary_kind": "ministry",
}
STORAGE_HELP = {
    "title": "Armoury management for police forces",
    "summary": "Secure storage of small arms: armouries, locks, registers and the training of storekeepers.",
    "themes": ["WPN-PSM"],
    "coverage": {"global": True},
}


@dataclass
class Desk:
    """What an officer does before and after conveying, through the services and the API."""

    session: Session
    officer: As
    partner: As
    made: list[Pairing] = field(default_factory=list)

    def need(self, **said: Any) -> Need:
        actor = self.officer.actor
        made = needs.create(self.session, actor, NeedIn.model_validate({**STORES, **said}))
        opened = NeedMove(status=NeedStatus.OPEN, override_reason="for the test")
        needs.move(self.session, actor, made, opened)
        self.session.commit()
        return made

    def programme(self, of: As | None = None, **said: Any) -> Programme:
        owner = of or self.partner
        values = {"status": "active", **STORAGE_HELP, **said}
        made, _ = programmes.register(self.session, owner.actor, ProgrammeIn.model_validate(values))
        self.session.commit()
        return made

    def pairing(
        self,
        need: Need | None = None,
        programme: Programme | None = None,
        status: PairingStatus = PairingStatus.ACCEPTED,
    ) -> Pairing:
        made = Pairing(
            need=need or self.need(),
            programme=programme or self.programme(),
            status=status,
            origin=Origin.OFFICER,
            score=0.5,
            need_revision=1,
            model="for the test",
        )
        self.session.add(made)
        self.session.commit()
        return made

    def letter(self, *pairings: Pairing, to: As | None = None, **said: Any) -> Any:
        """Convey through the API, whatever the answer."""
        body = {
            "organization": (to or self.partner).organization.ref,
            "pairings": [str(pairing.id) for pairing in pairings],
            "release": BASIS,
            **said,
        }
        return self.officer.post(f"{API}/referrals", json={n: v for n, v in body.items() if v is not None})

    def conveyed(self, *pairings: Pairing, **said: Any) -> dict[str, Any]:
        """Convey, of one new pair where none is named; return what the officer reads."""
        answer = self.letter(*(pairings or (self.pairing(),)), **said)
        assert answer.status_code == 201, answer.text
        letter: dict[str, Any] = answer.json()
        return letter

    def try_move(self, who: As, letter: dict[str, Any], move: str, n: int = 1, **said: Any) -> Any:
        etag = who.get(f"{API}/referrals/{letter['id']}").json().get("etag", '"none"')
        path = f"{API}/referrals/{letter['id']}/lines/{n}/moves"
        return who.post(path, json={"move": move, **said}, headers={"If-Match": etag})

    def move(self, who: As, letter: dict[str, Any], move: str, n: int = 1, **said: Any) -> dict[str, Any]:
        """Make a move; return the line as the mover reads it afterwards."""
        answer = self.try_move(who, letter, move, n, **said)
        assert answer.status_code == 201, answer.text
        line: dict[str, Any] = answer.json()["lines"][n - 1]
        return line

    def in_delivery(self, **said: Any) -> dict[str, Any]:
        letter = self.conveyed(**said)
        self.move(self.partner, letter, "take_up", part="whole")
        self.move(self.officer, letter, "start", accepted=ACCEPTED)
        return letter

    def line(self, letter: dict[str, Any], n: int = 1) -> ReferralLine:
        of_letter = ReferralLine.referral_id == UUID(letter["id"])
        return self.session.scalars(select(ReferralLine).where(of_letter, ReferralLine.n == n)).one()


@pytest.fixture
def desk(session: Session, officer: As, partner: As) -> Desk:
    ensure_built_in_groups(session)
    session.commit()
    return Desk(session, officer, partner)
