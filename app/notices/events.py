"""What an audit event puts before whom: one table, by the event's action."""

from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.access.clearances.models import Clearance
from app.audit.models import AuditEvent
from app.core.actor import Role
from app.interest.models import Interest
from app.notices.recipients import (
    SYSTEM,
    Thing,
    accounts_of,
    everybody_in_cted,
    is_by_cted,
    officers_of,
)
from app.pairings.models import Pairing
from app.pairings.offers.models import Offer
from app.referrals.attention import without_sight
from app.referrals.models import Referral, Side

Finds = Callable[[Session, AuditEvent], Sequence[Thing]]


def to_organization(session: Session, event: AuditEvent) -> list[Thing]:
    """The accounts of the organization that the referral went to."""
    referral = session.get_one(Referral, UUID(event.subject_id))
    return [Thing(referral.id, _one(event), accounts_of(session, [referral.organization_id], Role.PARTNER))]


def to_other_side(session: Session, event: AuditEvent) -> list[Thing]:
    """What an officer did the organization is told, and what the organization did the officers of the needs."""
    if is_by_cted(session, event):
        return to_organization(session, event)
    referral = session.get_one(Referral, UUID(event.subject_id))
    needs = [line.need_id for line in referral.lines if event.after.get("line") in (line.n, None)]
    return [Thing(referral.id, _one(event), officers_of(session, needs))]


def to_other_side_of_report(session: Session, event: AuditEvent) -> list[Thing]:
    """As `to_other_side`, but what the State says, which an officer records, the organization is not told."""
    is_own = not is_by_cted(session, event) or event.after.get("side") == Side.ORGANIZATION
    return to_other_side(session, event) if is_own else []


def of_offer(session: Session, event: AuditEvent) -> list[Thing]:
    """The officers of the need that it is about."""
    offer = session.get_one(Offer, UUID(event.subject_id))
    return [Thing(offer.id, _one(event), officers_of(session, [offer.pairing.need_id]))]


def of_offered_pair(session: Session, event: AuditEvent) -> list[Thing]:
    """The accounts of the organization whose offer was decided on, if the pair was offered."""
    pairing = session.get_one(Pairing, UUID(event.subject_id))
    standing = select(Offer).where(Offer.pairing_id == pairing.id, Offer.withdrawn_at.is_(None))
    return [
        Thing(offer.id, _one(event), accounts_of(session, [offer.organization_id], Role.PARTNER))
        for offer in session.scalars(standing)
    ]


def to_officers_of_interest(session: Session, event: AuditEvent) -> list[Thing]:
    """The officers of the need that a delegation is interested in."""
    interest = session.get_one(Interest, UUID(event.subject_id))
    return [Thing(interest.id, _one(event), officers_of(session, [interest.need_id]))]


def to_delegation(session: Session, event: AuditEvent) -> list[Thing]:
    """The accounts of the delegation."""
    interest = session.get_one(Interest, UUID(event.subject_id))
    return [Thing(interest.id, _one(event), accounts_of(session, [interest.organization_id], Role.DONOR))]


def to_second_officers(session: Session, event: AuditEvent) -> list[Thing]:
    """Everybody who could clear it."""
    return [Thing(UUID(event.subject_id), _one(event), everybody_in_cted(session))]


def to_who_asked(session: Session, event: AuditEvent) -> list[Thing]:
    """The account that asked for clearance, if one did."""
    held = session.get_one(Clearance, UUID(event.subject_id))
    return [Thing(held.id, _one(event), {held.asked_by_id} if held.asked_by_id else set())]


def of_ended_consent(session: Session, event: AuditEvent) -> list[Thing]:
    """Live referral lines whose organization does not see the need any more: the officers of the need."""
    blind = [line for line in without_sight(session, SYSTEM) if line.need_id == UUID(event.subject_id)]
    return [Thing(line.id, str(line.release_id), officers_of(session, [line.need_id])) for line in blind]


def _one(event: AuditEvent) -> str:
    return str(event.number)


EVENTS: Mapping[str, tuple[str, Finds]] = {
    "referral.conveyed": ("referral.to_answer", to_organization),
    "referral.take_up": ("referral.taken_up", to_other_side),
    "referral.decline": ("referral.declined", to_other_side),
    "referral.ask": ("referral.asked", to_other_side),
    "referral.answer": ("referral.answered", to_other_side),
    "referral.start": ("referral.started", to_other_side),
    "referral.report": ("referral.reported", to_other_side_of_report),
    "referral.complete": ("referral.completed", to_other_side),
    "referral.retract": ("referral.retracted", to_other_side),
    "offer.made": ("offer.made", of_offer),
    "pairing.accept": ("offer.accepted", of_offered_pair),
    "pairing.reject": ("offer.not_taken_up", of_offered_pair),
    "pairing.retract": ("offer.not_taken_up", of_offered_pair),
    "pairing.reopen": ("offer.under_review", of_offered_pair),
    "interest.expressed": ("interest.expressed", to_officers_of_interest),
    "interest.withdrawn": ("interest.withdrawn", to_officers_of_interest),
    "interest.acknowledged": ("interest.acknowledged", to_delegation),
    "interest.linked": ("interest.linked", to_delegation),
    "interest.fulfilled": ("interest.fulfilled", to_delegation),
    "clearance.asked": ("clearance.asked", to_second_officers),
    "clearance.cleared": ("clearance.cleared", to_who_asked),
    "clearance.refused": ("clearance.refused", to_who_asked),
    "release.withdrawn": ("consent.ended", of_ended_consent),
}
