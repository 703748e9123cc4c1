"""What starts clocks, as rows with the dates that a test says: `maker.need(opened="2026-01-05")`."""

import itertools
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.access.models import User
from app.assessments.models import Assessment, AssessmentKind, AssessmentState
from app.core.model import new_ref
from app.needs.models import (
    Basis,
    Need,
    NeedCode,
    NeedRevision,
    NeedStatus,
    NeedStatusChange,
    RecipientKind,
    Release,
    ReleaseFields,
    Source,
)
from app.organizations.models import OrganizationKind
from app.pairings.models import Decision, Judgement, Origin, Pairing, PairingStatus, Reason
from app.programmes.models import Programme, ProgrammeKind, ProgrammeStatus
from app.referrals.models import (
    DeclineReason,
    Delivered,
    LineOutcome,
    LineStatus,
    Part,
    Referral,
    ReferralLine,
    Side,
)
from tests.conftest import As, make_organization

STARTED = (LineStatus.TAKEN_UP, LineStatus.IN_DELIVERY, LineStatus.COMPLETED)
ENDED = (LineStatus.COMPLETED, LineStatus.DECLINED, LineStatus.RETRACTED)
Day = str | date


def at(day: Day, hour: int = 12) -> datetime:
    """Noon of a day in UTC, or another hour."""
    found = date.fromisoformat(day) if isinstance(day, str) else day
    return datetime(found.year, found.month, found.day, hour, tzinfo=UTC)


def on(day: Day | None) -> date | None:
    return date.fromisoformat(day) if isinstance(day, str) else day


class Maker:
    """Stores records as the services would have left them. The officer answers for needs unless another does."""

    def __init__(self, session: Session, officer: As) -> None:
        self.session, self.officer = session, officer
        self.organization = make_organization(session, "HELPERS", OrganizationKind.IMPLEMENTER)
        self.numbers = itertools.count(1)

    def kept(self, record: Any) -> Any:
        self.session.add(record)
        self.session.flush()
        return record

    def need(
        self,
        opened: Day | None = None,
        status: NeedStatus = NeedStatus.OPEN,
        wanted_by: Day | None = None,
        responsible: User | None = None,
        deputy: User | None = None,
        title: str = "Titlemark",
        codes: dict[str, list[str]] | None = None,
        **head: Any,
    ) -> Need:
        need = self.kept(
            Need(
                ref=new_ref("N", 2026),
                source=Source.STATE_REQUEST,
                source_ref=f"line {next(self.numbers)}",
                status=status,
                responsible_id=(responsible or self.officer.user).id,
                deputy_id=deputy.id if deputy else None,
                **head,
            )
        )
        revision = NeedRevision(
            need_id=need.id,
            number=1,
            title=title,
            description="Descriptionmark",
            language="en",
            recipient_kind=RecipientKind.COUNTRIES,
            wanted_by=on(wanted_by),
            made_at=at(opened or "2026-01-01"),
        )
        named = codes or {"countries": ["TG"], "regions": ["011"], "themes": ["WPN-PSM"]}
        kinds = {"countries": "country", "regions": "region", "themes": "theme"}
        revision.codes = [
            NeedCode(field=field, kind=kinds[field], code=code, position=n)
            for field, some in named.items()
            for n, code in enumerate(some)
        ]
        self.kept(revision)
        if opened:
            self.changed(need, NeedStatus.OPEN, opened)
        return need

    def changed(self, need: Need, status: NeedStatus, day: Day, **more: Any) -> None:
        self.kept(NeedStatusChange(need_id=need.id, status=status, at=at(day), **more))

    def assessment(self, received: Day, responsible: User | None = None, **dates: Any) -> Assessment:
        made = Assessment(
            ref=new_ref("A", 2026),
            kind=AssessmentKind.FOCUSED,
            report_received_on=on(received),
            responsible_id=(responsible or self.officer.user).id,
            **{name: on(day) for name, day in dates.items()},
        )
        made.states = [AssessmentState(code="TG")]
        return self.kept(made)

    def release(self, need: Need, starts: Day = "2026-01-01", ends: Day | None = None, **more: Any) -> Release:
        said = {"organization_id": self.organization.id, "fields": ReleaseFields.FULL, "basis": Basis.DOCUMENT}
        begun = {"recorded_at": at(starts, 1), "complete_at": at(starts, 1), "starts_at": at(starts, 1)}
        ended = at(ends) if ends else None
        return self.kept(
            Release(need_id=need.id, revision=1, reference="note 1", ends_at=ended, **said | begun | more)
        )

    def pairing(self, need: Need, status: PairingStatus = PairingStatus.CONVEYED, **more: Any) -> Pairing:
        programme = Programme(
            ref=new_ref("P", 2026),
            organization_id=self.organization.id,
            kind=ProgrammeKind.ASSISTANCE,
            status=ProgrammeStatus.ACTIVE,
            title="A programme",
            summary="What is offered",
            language="en",
            is_global=True,
            assured_until=date(2030, 1, 1),
        )
        self.kept(programme)
        fixed = {
            "origin": Origin.OFFICER,
            "score": 0.5,
            "need_revision": 1,
            "model": "m",
            "proposed_at": at("2026-01-01"),
        }
        return self.kept(Pairing(need_id=need.id, programme_id=programme.id, status=status, **fixed | more))

    def decided(
        self, pairing: Pairing, day: Day, judgement: Judgement = Judgement.ACCEPT, number: int = 1
    ) -> None:
        deferred = judgement is Judgement.DEFER
        self.kept(
            Decision(
                pairing_id=pairing.id,
                number=number,
                judgement=judgement,
                reason=None if judgement is Judgement.ACCEPT else Reason.TIMING,
                until_on=pairing.deferred_until if deferred else None,
                facts="f",
                at=at(day),
            )
        )

    def line(
        self,
        need: Need,
        status: LineStatus = LineStatus.CONVEYED,
        conveyed: Day = "2026-01-10",
        answered: Day | None = None,
        ended: Day | None = None,
        confirmed: bool = True,
        reason: DeclineReason = DeclineReason.NO_FUNDS,
        **more: Any,
    ) -> ReferralLine:
        referral = self.kept(Referral(organization_id=self.organization.id, conveyed_at=at(conveyed)))
        started = status in STARTED[1:]
        line = ReferralLine(
            referral_id=referral.id,
            n=1,
            pairing_id=self.pairing(need).id,
            need_id=need.id,
            release_id=self.release(need).id,
            status=status,
            conveyed_at=at(conveyed),
            answered_at=at(answered or conveyed) if status in STARTED else None,
            part=Part.WHOLE if status in STARTED else None,
            started_on=on(conveyed) if started else None,
            accepted_on=on(conveyed) if started else None,
            acceptance_reference="note 2" if started else None,
            confirmed=confirmed if status is LineStatus.COMPLETED else None,
            decline_reason=reason if status is LineStatus.DECLINED else None,
            ended_at=at(ended or conveyed) if status in ENDED else None,
            **more,
        )
        return self.kept(line)

    def told(
        self,
        line: ReferralLine,
        day: Day,
        side: Side = Side.ORGANIZATION,
        outcome: Delivered = Delivered.DELIVERED,
        number: int = 1,
    ) -> None:
        said = {"number": number, "side": side, "outcome": outcome, "by_officer": side is Side.STATE}
        self.kept(LineOutcome(line_id=line.id, at=at(day), **said))


@pytest.fixture
def maker(session: Session, officer: As) -> Maker:
    return Maker(session, officer)
