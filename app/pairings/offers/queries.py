"""Every SELECT on offers. CTED sees all of them, a partner its own organization's, nobody else any."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Select, false, select
from sqlalchemy.orm import Session, joinedload

from app.core.actor import Actor, Role
from app.core.errors import NotFound
from app.core.http import etag_of
from app.core.paging import Found, Key, Paging, paginate
from app.needs import queries as needs
from app.needs.models import Need, NeedRevision
from app.pairings.models import Pairing, PairingStatus
from app.pairings.offers.models import Offer
from app.pairings.offers.schemas import OfferOut, OfferStatus
from app.pairings.schemas import Named
from app.programmes.models import Programme

_TOLD = {
    PairingStatus.PROPOSED: OfferStatus.UNDER_REVIEW,
    PairingStatus.DEFERRED: OfferStatus.UNDER_REVIEW,
    PairingStatus.SUPERSEDED: OfferStatus.UNDER_REVIEW,
    PairingStatus.ACCEPTED: OfferStatus.ACCEPTED,
    PairingStatus.CONVEYED: OfferStatus.CONVEYED,
    PairingStatus.REJECTED: OfferStatus.NOT_TAKEN_UP,
    PairingStatus.RETRACTED: OfferStatus.NOT_TAKEN_UP,
}
_NEWEST = (Key(Offer.offered_at, descending=True), Key(Offer.id))


def visible(actor: Actor) -> Select[Offer]:
    if actor.is_cted:
        return select(Offer)
    own = Offer.organization_id == actor.organization_id
    return select(Offer).where(own if actor.role is Role.PARTNER else false())


def get(session: Session, actor: Actor, offer_id: UUID) -> Offer:
    """Return one offer. Raises NotFound."""
    if found := session.scalar(_loaded(visible(actor)).where(Offer.id == offer_id)):
        return found
    raise NotFound("There is no such offer")


def page(session: Session, actor: Actor, paging: Paging) -> tuple[list[OfferOut], Found]:
    """One page of offers, the newest first."""
    found = paginate(session, _loaded(visible(actor)), _NEWEST, paging)
    return shown(session, actor, [row.Offer for row in found.rows]), found


def on_need(session: Session, actor: Actor, ref: str) -> list[Offer]:
    """The offers to meet a need, by its reference, that the actor sees, the newest first."""
    to_need = _loaded(visible(actor)).join(Offer.pairing).join(Pairing.need).where(Need.ref == ref)
    return list(session.scalars(to_need.order_by(Offer.offered_at.desc(), Offer.id)))


def standing(session: Session, actor: Actor, programme_ids: Sequence[UUID]) -> dict[tuple[str, UUID], OfferStatus]:
    """What became of some programmes, by need's reference and programme: offered, or conveyed to the actor's own.

    An offer that was withdrawn counts for nothing.
    """
    conveyed = (
        select(Need.ref, Pairing.programme_id)
        .join(Pairing.need)
        .where(Pairing.programme_id.in_(programme_ids), Pairing.status == PairingStatus.CONVEYED)
    )
    found = {(row.ref, row.programme_id): OfferStatus.CONVEYED for row in session.execute(conveyed)}
    offered = visible(actor).join(Offer.pairing).where(Pairing.programme_id.in_(programme_ids))
    offers = session.scalars(_loaded(offered.where(Offer.withdrawn_at.is_(None))))
    return found | {(offer.pairing.need.ref, offer.pairing.programme_id): status(offer) for offer in offers}


def status(offer: Offer) -> OfferStatus:
    """What its organization is told of it: what was decided since it offered, and nothing of earlier decisions."""
    if offer.withdrawn_at:
        return OfferStatus.WITHDRAWN
    told = _TOLD[offer.pairing.status]
    is_known = told is OfferStatus.CONVEYED or any(each.at > offer.offered_at for each in offer.pairing.decisions)
    return told if is_known else OfferStatus.UNDER_REVIEW


def shown(session: Session, actor: Actor, offers: Sequence[Offer]) -> list[OfferOut]:
    """Offers as the actor is shown them: titles of the needs that they see now, in one statement."""
    ids = {offer.pairing.need_id for offer in offers}
    seen = needs.visible(actor).where(Need.id.in_(ids)).with_only_columns(Need.id, NeedRevision.title)
    titles = {row.id: row.title for row in session.execute(seen)}
    return [_shown(actor, offer, titles.get(offer.pairing.need_id)) for offer in offers]


def _shown(actor: Actor, offer: Offer, title: str | None) -> OfferOut:
    programme, told = offer.pairing.programme, status(offer)
    return OfferOut(
        id=offer.id,
        etag=etag_of([offer.version, told]),
        need=offer.pairing.need.ref,
        title=title,
        programme=Named(ref=programme.ref, title=programme.title),
        organization=offer.organization.ref,
        note=offer.note,
        status=told,
        offered_at=offer.offered_at,
        withdrawn_at=offer.withdrawn_at,
        pairing=offer.pairing_id if actor.is_cted else None,
        pairing_status=offer.pairing.status if actor.is_cted else None,
    )


def _loaded(statement: Select[Offer]) -> Select[Offer]:
    return statement.options(
        joinedload(Offer.organization),
        joinedload(Offer.pairing).joinedload(Pairing.need),
        joinedload(Offer.pairing).selectinload(Pairing.decisions),
        joinedload(Offer.pairing).joinedload(Pairing.programme).joinedload(Programme.organization),
    )
