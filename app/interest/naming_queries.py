"""Which organizations may be named in connection with a need, and which take part in it."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, Select, false, or_, select
from sqlalchemy.orm import Session, joinedload

from app.core.actor import Actor, Role
from app.core.errors import NotFound
from app.core.fields import is_storable
from app.interest.models import NamingConsent
from app.interest.schemas import NamingOut
from app.needs.models import Need
from app.organizations.models import Organization
from app.pairings.models import Pairing, PairingStatus
from app.pairings.offers.models import Offer
from app.referrals.models import LineStatus, Referral, ReferralLine

_TAKING_PART = (LineStatus.TAKEN_UP, LineStatus.IN_DELIVERY, LineStatus.COMPLETED)
_OFFERED = (PairingStatus.PROPOSED, PairingStatus.DEFERRED, PairingStatus.ACCEPTED, PairingStatus.CONVEYED)


def visible(actor: Actor) -> Select[NamingConsent]:
    """Officers read every consent to be named, an organization its own; delegations read names, not consents."""
    own = select(NamingConsent).where(NamingConsent.withdrawn_at.is_(None))
    if actor.is_cted:
        return own
    mine = NamingConsent.organization_id == actor.organization_id
    return own.where(mine if actor.role is Role.PARTNER else false())


def of_need(session: Session, actor: Actor, need_id: UUID) -> list[NamingConsent]:
    """The consents in force for a need that the actor reads, by organization."""
    wanted = visible(actor).where(NamingConsent.need_id == need_id).join(NamingConsent.organization)
    loaded = joinedload(NamingConsent.organization), joinedload(NamingConsent.need)
    return list(session.scalars(wanted.options(*loaded).order_by(Organization.ref)))


def find(session: Session, actor: Actor, ref: str, organization: str) -> NamingConsent | None:
    """The consent of an organization to be named for a need, if the actor reads one.

    An organization's own outlasts its sight of the need, so that it can always take it back.
    """
    called = [name if is_storable(name) else "" for name in (ref, organization)]
    wanted = visible(actor).join(NamingConsent.organization).join(NamingConsent.need)
    return session.scalar(wanted.where(Need.ref == called[0], Organization.ref == called[1]))


def required(consent: NamingConsent | None) -> NamingConsent:
    """The consent. Raises NotFound where there is none."""
    if consent is None:
        raise NotFound("There is no such consent to be named")
    return consent


def may_be_named(session: Session, need_id: UUID) -> Sequence[Organization]:
    """The organizations that agreed to be named for a need and take part in it: told with a full release alone."""
    agreed = select(NamingConsent.organization_id).where(
        NamingConsent.need_id == need_id, NamingConsent.withdrawn_at.is_(None)
    )
    named = select(Organization).where(Organization.id.in_(agreed), takes_part(need_id))
    return session.scalars(named.order_by(Organization.ref)).all()


def is_part_of(session: Session, need_id: UUID, organization_id: UUID) -> bool:
    """Whether an organization takes part in a need, so that it may be named for it."""
    found = select(Organization.id).where(Organization.id == organization_id, takes_part(need_id))
    return session.scalar(found) is not None


def takes_part(need_id: UUID) -> ColumnElement[bool]:
    """Whether Organization took up a line of the need, or offers a programme of its own for it."""
    conveyed = select(Referral.organization_id).join(Referral.lines)
    took_up = conveyed.where(ReferralLine.need_id == need_id, ReferralLine.status.in_(_TAKING_PART))
    offers = select(Offer.organization_id).join(Offer.pairing)
    offered = offers.where(Pairing.need_id == need_id, Pairing.status.in_(_OFFERED), Offer.withdrawn_at.is_(None))
    return or_(Organization.id.in_(took_up), Organization.id.in_(offered))


def shown(consent: NamingConsent) -> NamingOut:
    return NamingOut(
        need=consent.need.ref,
        organization=consent.organization.ref,
        agreed_on=consent.agreed_on,
        reference=consent.reference,
        recorded_at=consent.recorded_at,
    )
