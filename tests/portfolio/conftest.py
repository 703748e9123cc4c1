"""A portfolio at random, as rows: needs with their history, programmes, pairings and referral lines."""

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy.orm import Session

from app.core.db import utc_now
from app.core.model import new_ref
from app.needs.models import (
    Basis,
    Need,
    NeedCode,
    NeedRevision,
    NeedStatus,
    NeedStatusChange,
    Outcome,
    RecipientKind,
    Release,
    ReleaseFields,
    Source,
)
from app.organizations.models import Organization, OrganizationKind
from app.pairings.models import Decision, Judgement, Origin, Pairing, PairingStatus
from app.programmes.models import Programme, ProgrammeCode, ProgrammeKind, ProgrammeStatus
from app.referrals.models import DeclineReason, LineStatus, Part, Referral, ReferralLine
from tests.conftest import make_organization

HOMES = {"TG": "011", "ML": "011", "KE": "014", "PH": "035"}
THEMES = ("WPN-PSM", "WPN-LEG", "BLE-AVS")
ENDS = (LineStatus.COMPLETED, LineStatus.DECLINED, LineStatus.RETRACTED)
STARTED = (LineStatus.TAKEN_UP, LineStatus.IN_DELIVERY, LineStatus.COMPLETED)


@dataclass
class Stated:
    """What was stored of one need, for a test to count in its own way."""

    need: Need
    revision: NeedRevision
    changes: list[NeedStatusChange]
    states: list[str]
    themes: list[str]
    lines: list[ReferralLine] = field(default_factory=list)
    pairings: list[Pairing] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)

    @property
    def regions(self) -> list[str]:
        return sorted({HOMES[state] for state in self.states})


class Filler:
    """Stores rows as the services would have left them; what is not said is one need of Togo's, open a year."""

    def __init__(self, session: Session) -> None:
        self.session, self.now = session, utc_now()
        self.organization = make_organization(session, "FILLED", OrganizationKind.IMPLEMENTER)
        self.programmes: list[Programme] = []
        self.stated: list[Stated] = []

    def ago(self, days: float) -> datetime:
        return self.now - timedelta(days=days)

    def need(
        self,
        opened: float | None = 365,
        status: NeedStatus = NeedStatus.OPEN,
        outcome: Outcome | None = None,
        states: tuple[str, ...] = ("TG",),
        themes: tuple[str, ...] = ("WPN-PSM",),
        title: str = "A need",
    ) -> Stated:
        begun = self.ago((opened or 0) + 1)
        merged = self.need().need.id if outcome is Outcome.DUPLICATE else None
        need = Need(
            ref=new_ref("N", 2026),
            source=Source.STATE_REQUEST,
            source_ref=str(uuid4()),
            status=status,
            outcome=outcome,
            merged_into_id=merged,
            created_at=begun,
        )
        self.session.add(need)
        self.session.flush()
        revision = NeedRevision(
            need_id=need.id,
            number=1,
            title=title,
            description="What is missing",
            language="en",
            recipient_kind=RecipientKind.COUNTRIES,
        )
        codes = [("themes", "theme", code) for code in themes] + [
            ("countries", "country", code) for code in states
        ]
        codes += [("regions", "region", code) for code in sorted({HOMES[state] for state in states})]
        revision.codes = [
            NeedCode(field=name, kind=kind, code=code, position=n) for n, (name, kind, code) in enumerate(codes)
        ]
        self.session.add(revision)
        stated = Stated(need, revision, [], list(states), list(themes))
        self.stated.append(stated)
        self.change(stated, NeedStatus.DRAFT, begun)
        if opened is not None:
            self.change(stated, NeedStatus.OPEN, self.ago(opened))
        if status not in {NeedStatus.DRAFT, NeedStatus.OPEN}:
            self.change(stated, status, self.ago((opened or 0) / 2), outcome)
        return stated

    def change(self, stated: Stated, status: NeedStatus, at: datetime, outcome: Outcome | None = None) -> None:
        change = NeedStatusChange(need_id=stated.need.id, status=status, at=at, outcome=outcome)
        self.session.add(change)
        self.session.flush()
        stated.changes.append(change)

    def programme(
        self,
        countries: tuple[str, ...] = (),
        regions: tuple[str, ...] = (),
        is_global: bool = False,
        themes: tuple[str, ...] = ("WPN-PSM",),
        status: ProgrammeStatus = ProgrammeStatus.ACTIVE,
        kind: ProgrammeKind = ProgrammeKind.ASSISTANCE,
        title: str = "A programme",
    ) -> Programme:
        made = Programme(
            ref=new_ref("P", 2026),
            organization_id=self.organization.id,
            kind=kind,
            status=status,
            title=title,
            summary="What is offered",
            language="en",
            is_global=is_global,
            assured_until=self.now.date() + timedelta(days=100),
        )
        codes = [("themes", "theme", code) for code in themes] + [("regions", "region", code) for code in regions]
        codes += [("countries", "country", code) for code in countries]
        made.codes = [
            ProgrammeCode(field=name, kind=kind, code=code, position=n)
            for n, (name, kind, code) in enumerate(codes)
        ]
        self.session.add(made)
        self.session.flush()
        self.programmes.append(made)
        return made

    def pairing(
        self,
        stated: Stated,
        status: PairingStatus = PairingStatus.PROPOSED,
        proposed: float = 40,
        accepted: float = 30,
    ) -> Pairing:
        pairing = Pairing(
            need_id=stated.need.id,
            programme_id=self.programme(countries=("TG",)).id,
            status=status,
            origin=Origin.MATCHER,
            score=0.5,
            need_revision=1,
            model="m",
            proposed_at=self.ago(proposed),
        )
        self.session.add(pairing)
        self.session.flush()
        stated.pairings.append(pairing)
        if status in {PairingStatus.ACCEPTED, PairingStatus.CONVEYED}:
            decision = Decision(
                pairing_id=pairing.id, number=1, judgement=Judgement.ACCEPT, facts="f", at=self.ago(accepted)
            )
            self.session.add(decision)
            stated.decisions.append(decision)
        return pairing

    def line(
        self,
        stated: Stated,
        status: LineStatus = LineStatus.CONVEYED,
        conveyed: float = 20,
        ended: float = 1,
        to: Organization | None = None,
    ) -> ReferralLine:
        pairing = self.pairing(stated, PairingStatus.CONVEYED)
        owner = to or self.organization
        referral = Referral(organization_id=owner.id, conveyed_at=self.ago(conveyed))
        self.session.add(referral)
        self.session.flush()
        line = ReferralLine(
            referral_id=referral.id,
            n=1,
            pairing_id=pairing.id,
            need_id=stated.need.id,
            release_id=self.release(stated, owner).id,
            status=status,
            conveyed_at=self.ago(conveyed),
        )
        if status in STARTED:
            line.part, line.answered_at = Part.WHOLE, self.ago(conveyed * 0.8)
        if status in STARTED[1:]:
            line.accepted_on = line.started_on = self.ago(conveyed * 0.5).date()
            line.acceptance_reference = "note 1"
        if status is LineStatus.COMPLETED:
            line.confirmed = True
        if status is LineStatus.DECLINED:
            line.decline_reason = DeclineReason.NO_FUNDS
        if status in ENDS:
            line.ended_at = self.ago(ended)
        self.session.add(line)
        self.session.flush()
        stated.lines.append(line)
        return line

    def release(
        self,
        stated: Stated,
        to: Organization,
        fields: ReleaseFields = ReleaseFields.FULL,
        reference: str = "note 7",
    ) -> Release:
        begun = self.ago(60)
        made = Release(
            need_id=stated.need.id,
            revision=1,
            organization_id=to.id,
            fields=fields,
            basis=Basis.DOCUMENT,
            reference=reference,
            starts_at=begun,
            recorded_at=begun,
            complete_at=begun,
        )
        self.session.add(made)
        self.session.flush()
        return made

    def at_random(self, chance: random.Random) -> Stated:
        status = chance.choice([NeedStatus.DRAFT, *[NeedStatus.OPEN] * 5, NeedStatus.ON_HOLD, NeedStatus.CLOSED])
        outcome = chance.choice(list(Outcome)) if status is NeedStatus.CLOSED else None
        opened = None if status is NeedStatus.DRAFT and chance.random() < 0.7 else chance.uniform(1, 300)
        stated = self.need(
            opened,
            status,
            outcome,
            tuple(chance.sample(sorted(HOMES), chance.choice([1, 1, 1, 2]))),
            tuple(chance.sample(THEMES, chance.choice([0, 1, 1, 2]))),
        )
        if opened is not None and chance.random() < 0.2:
            again = chance.uniform(0, opened)
            self.change(stated, NeedStatus.DRAFT, self.ago(again))
            if status is not NeedStatus.DRAFT:
                self.change(stated, NeedStatus.OPEN, self.ago(again * 0.5))
        if opened is not None:
            for _ in range(chance.choice([0, 0, 1, 2])):
                reviewed = chance.choice([PairingStatus.PROPOSED, PairingStatus.ACCEPTED, PairingStatus.REJECTED])
                self.pairing(stated, reviewed, chance.uniform(0, opened), chance.uniform(0, opened))
            for _ in range(chance.choice([0, 0, 1, 1, 2, 5])):
                conveyed = chance.uniform(0, opened)
                self.line(stated, chance.choice(list(LineStatus)), conveyed, chance.uniform(0, conveyed))
        return stated


@pytest.fixture
def filler(session: Session) -> Filler:
    return Filler(session)
