"""What a partner does: offer one of its programmes to meet a need that it sees, and take the offer back."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.core.actor import Actor
from app.core.db import utc_now
from app.core.errors import Conflict, Invalid, NotFound
from app.needs import queries as needs
from app.needs.models import Need, NeedStatus
from app.pairings import service as pairings
from app.pairings.models import Origin, Pairing
from app.pairings.offers.models import Offer
from app.pairings.offers.schemas import OfferIn
from app.pairings.ranking import Ranking
from app.programmes import queries as programmes
from app.programmes.models import Programme, ProgrammeStatus


def make(session: Session, actor: Actor, ranking: Ranking, need_ref: str, values: OfferIn) -> Offer:
    """Offer a programme of the actor's organization for a need that it sees; the pair enters the review queue.

    A pair that was decided on stays so, with the offer laid to it, and the partner is told nothing of that: an
    officer may reopen it. Raises NotFound for a
    need that the actor does not see, Invalid for a programme that is not its own, Conflict for one that is not
    active, is a fund, or is offered already.
    """
    need = _seen(session, actor, need_ref)
    programme = _own(session, actor, values.programme)
    pairing, _ = pairings.store(session, actor, ranking, need, programme, Origin.PARTNER)
    _refuse_another(session, pairing)
    offer = Offer(pairing=pairing, organization_id=actor.organization_id, note=values.note, user_id=actor.user_id)
    session.add(offer)
    session.flush()
    told = {"need": need.ref, "programme": programme.ref, "note": values.note}
    audit.record(session, actor, "offer.made", offer, after=told)
    return offer


def withdraw(session: Session, actor: Actor, offer: Offer) -> Offer:
    """Take an offer back. What officers decided on the pairing stays. Raises Conflict for one taken back."""
    if offer.withdrawn_at:
        raise Conflict("This offer was withdrawn already")
    offer.withdrawn_at = utc_now()
    session.flush()
    audit.record(session, actor, "offer.withdrawn", offer, after={"withdrawn_at": offer.withdrawn_at})
    return offer


def _seen(session: Session, actor: Actor, ref: str) -> Need:
    """The record of a need that the actor sees, and that is open. Raises NotFound, Conflict."""
    shown = needs.get(session, actor, ref)
    if shown.status is not NeedStatus.OPEN:
        raise Conflict(f"{shown.ref} is {shown.status}: only an open need takes offers")
    return session.scalars(select(Need).where(Need.ref == shown.ref)).one()


def _own(session: Session, actor: Actor, ref: str) -> Programme:
    try:
        programme = programmes.get(session, actor, ref)
    except NotFound:
        programme = None
    if programme is None or programme.organization_id != actor.organization_id:
        raise Invalid.field("/programme", "Name a programme of your own organization, such as P-2026-K7QXM")
    if programme.status is not ProgrammeStatus.ACTIVE:
        raise Conflict(f"{programme.ref} is {programme.status}: only an active programme is offered")
    return programme


def _refuse_another(session: Session, pairing: Pairing) -> None:
    standing = select(Offer.id).where(Offer.pairing_id == pairing.id, Offer.withdrawn_at.is_(None))
    if session.scalar(standing):
        raise Conflict("This programme is offered for this need already")
