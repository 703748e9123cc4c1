"""What is told to whom: one table by audit event, one by what the daily look finds."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit.models import AuditEvent
from app.core.actor import Role
from app.core.settings import Settings
from app.notices.models import Delivery, NoticeKind
from app.notices.recipients import accounts_of, officers_of
from app.notices.sight import Sight, offers_to_review, programmes_to_assure
from app.pairings.models import Pairing
from app.pairings.offers.models import Offer
from app.programmes.models import Programme, ProgrammeStatus
from app.programmes.queries import DUE, freshness

OLDEST = timedelta(days=365)
_DAILY, _AT_ONCE = Delivery.DAILY, Delivery.AT_ONCE


@dataclass(frozen=True, slots=True)
class Thing:
    """What waits for whom. An account is told of one occasion of one thing once."""

    subject_id: UUID
    occasion: str
    users: Iterable[UUID]


@dataclass(frozen=True, slots=True)
class Rule:
    """A kind of notice: what it says, and what of it the reader may be told now."""

    kind: NoticeKind
    says: str
    sight: Sight


@dataclass(frozen=True, slots=True)
class EventRule(Rule):
    """What an audit event puts before whom."""

    things: Callable[[Session, AuditEvent], Sequence[Thing]]


@dataclass(frozen=True, slots=True)
class DueRule(Rule):
    """What is found by looking once a day."""

    things: Callable[[Session, date, Settings], Sequence[Thing]]


# The usual way of each kind, and the roles that it concerns.
USUALLY: Mapping[NoticeKind, Delivery] = {
    NoticeKind.REFERRAL: _AT_ONCE,
    NoticeKind.ANSWER: _AT_ONCE,
    NoticeKind.OFFER: _DAILY,
    NoticeKind.INTEREST: _DAILY,
    NoticeKind.CONSENT: _AT_ONCE,
    NoticeKind.CLEARANCE: _AT_ONCE,
    NoticeKind.CLOCK: _DAILY,
    NoticeKind.FRESHNESS: _DAILY,
}
_OFFICERS = (
    NoticeKind.ANSWER, NoticeKind.OFFER, NoticeKind.INTEREST, NoticeKind.CONSENT, NoticeKind.CLEARANCE,
    NoticeKind.CLOCK,
)  # fmt: skip
CONCERNS: Mapping[Role, Sequence[NoticeKind]] = {
    Role.ADMIN: _OFFICERS,
    Role.OFFICER: _OFFICERS,
    Role.PARTNER: (NoticeKind.REFERRAL, NoticeKind.ANSWER, NoticeKind.OFFER, NoticeKind.FRESHNESS),
    Role.DONOR: (NoticeKind.INTEREST,),
}


def _offer(session: Session, event: AuditEvent) -> list[Thing]:
    """An offer was made or taken back: the officers of its need."""
    offer = session.get_one(Offer, UUID(event.subject_id))
    return [Thing(offer.id, str(event.number), officers_of(session, [offer.pairing.need_id]))]


def _offered_pair(session: Session, event: AuditEvent) -> list[Thing]:
    """A pair was decided on: the accounts of the organization that offered it, if one did."""
    pairing = session.get_one(Pairing, UUID(event.subject_id))
    standing = select(Offer).where(Offer.pairing_id == pairing.id, Offer.withdrawn_at.is_(None))
    return [
        Thing(offer.id, str(event.number), accounts_of(session, [offer.organization_id], Role.PARTNER))
        for offer in session.scalars(standing)
    ]


def _unassured(session: Session, today: date, _settings: Settings) -> list[Thing]:
    """Programmes that are due, overdue or stale: their organization, once for each."""
    in_use = Programme.status.in_([ProgrammeStatus.ACTIVE, ProgrammeStatus.SUSPENDED])
    late = Programme.assured_until.between(today - OLDEST, today + DUE)
    found = session.scalars(select(Programme).where(in_use, late).order_by(Programme.ref)).all()
    owners = {one.organization_id for one in found}
    accounts = {owner: accounts_of(session, [owner], Role.PARTNER) for owner in owners}
    return [
        Thing(one.id, f"{freshness(one, today)} {one.assured_until}", accounts[one.organization_id])
        for one in found
    ]


_K = NoticeKind
EVENTS: Mapping[str, EventRule] = {
    "offer.made": EventRule(_K.OFFER, "An organization offers assistance", offers_to_review, _offer),
    "pairing.accept": EventRule(_K.OFFER, "Your offer was accepted", offers_to_review, _offered_pair),
    "pairing.reject": EventRule(_K.OFFER, "Your offer is not taken up", offers_to_review, _offered_pair),
    "pairing.retract": EventRule(_K.OFFER, "Your offer is not taken up", offers_to_review, _offered_pair),
    "pairing.reopen": EventRule(_K.OFFER, "Your offer is under review again", offers_to_review, _offered_pair),
}
LOOKS: Mapping[str, DueRule] = {
    "freshness": DueRule(_K.FRESHNESS, "A programme is to be assured", programmes_to_assure, _unassured),
}
RULES: Mapping[str, Rule] = {**EVENTS, **LOOKS}
