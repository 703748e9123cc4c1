"""What an account may be told of a thing now: its reference and its page, or nothing at all.

Every function takes (session, actor, ids) and returns what may be told of those of the ids that still wait.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session, joinedload, selectinload

from app.core.actor import Actor
from app.core.db import utc_now
from app.needs import queries as needs
from app.needs.models import Need
from app.pairings.models import Pairing
from app.pairings.offers import queries as offers
from app.pairings.offers.models import Offer
from app.programmes import queries as programmes
from app.programmes.models import Freshness, Programme, ProgrammeStatus


@dataclass(frozen=True, slots=True)
class Told:
    """A reference and the path of a page: all that a letter says of a thing."""

    ref: str
    path: str


Sight = Callable[[Session, Actor, Collection[UUID]], Mapping[UUID, Told]]


def needs_seen(session: Session, actor: Actor, ids: Collection[UUID]) -> dict[UUID, str]:
    """The references of those of the needs that the actor sees now."""
    seen = needs.visible(actor).with_only_columns(Need.id, Need.ref).where(Need.id.in_(ids))
    return {row.id: row.ref for row in session.execute(seen)}


def offers_to_review(session: Session, actor: Actor, ids: Collection[UUID]) -> dict[UUID, Told]:
    """Offers that were not withdrawn, on needs that the actor sees: for officers the pair, for others the need."""
    wanted = offers.visible(actor).where(Offer.id.in_(ids), Offer.withdrawn_at.is_(None))
    found = session.scalars(wanted.options(joinedload(Offer.pairing).joinedload(Pairing.need))).all()
    refs = needs_seen(session, actor, {offer.pairing.need_id for offer in found})
    return {
        offer.id: Told(refs[offer.pairing.need_id], _page_of(actor, offer))
        for offer in found
        if offer.pairing.need_id in refs
    }


def programmes_to_assure(session: Session, actor: Actor, ids: Collection[UUID]) -> dict[UUID, Told]:
    """Programmes whose assurance ends within 30 days, or has ended."""
    today = utc_now().date()
    in_use = Programme.status.in_([ProgrammeStatus.ACTIVE, ProgrammeStatus.SUSPENDED])
    wanted = programmes.visible(actor, today).where(Programme.id.in_(ids), in_use)
    found = session.scalars(wanted.options(selectinload(Programme.codes)))
    return {
        one.id: Told(one.ref, f"/programmes/{one.ref}")
        for one in found
        if programmes.freshness(one, today) is not Freshness.FRESH
    }


def _page_of(actor: Actor, offer: Offer) -> str:
    return f"/pairings/{offer.pairing_id}" if actor.is_cted else f"/needs/{offer.pairing.need.ref}"
