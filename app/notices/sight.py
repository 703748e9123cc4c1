"""What an account may be told of a thing now: its reference and its page, or nothing at all.

Every function takes (session, actor, ids) and returns what may be told of those of the ids that still wait.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from app.access.clearances import queries as clearance_queries
from app.access.clearances.models import Clearance
from app.clocks import queries as clocks
from app.clocks.table import Clock
from app.core.actor import Actor
from app.core.db import utc_now
from app.interest import queries as interest_queries
from app.interest.funding import PLEDGED
from app.interest.models import Interest, InterestStatus
from app.needs import queries as needs
from app.needs.models import Need
from app.pairings.models import Pairing
from app.pairings.offers import queries as offer_queries
from app.pairings.offers.models import Offer
from app.programmes import queries as programmes
from app.programmes.models import Freshness, Programme, ProgrammeStatus
from app.referrals import queries as referral_queries
from app.referrals.attention import without_sight
from app.referrals.models import LineStatus, Referral, ReferralLine


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


def referrals(session: Session, actor: Actor, ids: Collection[UUID]) -> dict[UUID, Told]:
    """Referrals that the actor sees, called by those of their needs that it sees."""
    wanted = referral_queries.visible(actor).where(Referral.id.in_(ids))
    found = session.scalars(wanted.options(selectinload(Referral.lines))).all()
    refs = needs_seen(session, actor, {line.need_id for one in found for line in one.lines})
    return {one.id: _referral(one.id, [refs.get(line.need_id) for line in one.lines]) for one in found}


def referrals_to_answer(session: Session, actor: Actor, ids: Collection[UUID]) -> dict[UUID, Told]:
    """Of them, those with a line that waits for an answer and whose need the actor sees."""
    waiting = referral_queries.lines(actor).where(
        ReferralLine.referral_id.in_(ids), ReferralLine.status == LineStatus.CONVEYED
    )
    lines = session.scalars(waiting.order_by(ReferralLine.n)).all()
    refs = needs_seen(session, actor, {line.need_id for line in lines})
    named: dict[UUID, list[str | None]] = {}
    for line in lines:
        if line.need_id in refs:
            named.setdefault(line.referral_id, []).append(refs[line.need_id])
    return {referral_id: _referral(referral_id, some) for referral_id, some in named.items()}


def lines_without_consent(session: Session, actor: Actor, ids: Collection[UUID]) -> dict[UUID, Told]:
    """Live lines whose organization does not see the need any more: for CTED alone."""
    blind = without_sight(session, actor) if actor.is_cted else []
    return {line.id: _referral(line.referral_id, [line.need.ref]) for line in blind if line.id in set(ids)}


def clearances(session: Session, actor: Actor, ids: Collection[UUID]) -> dict[UUID, Told]:
    """Held acts that the actor sees. One about a need is called by its reference, others by nothing."""
    found = session.scalars(clearance_queries.visible(actor).where(Clearance.id.in_(ids)))
    return {one.id: Told(one.about if one.about.startswith("N-") else "", "/clearances") for one in found}


def clearances_to_give(session: Session, actor: Actor, ids: Collection[UUID]) -> dict[UUID, Told]:
    """Of them, those that wait, and for somebody else than the actor."""
    others = or_(Clearance.asked_by_id.is_(None), Clearance.asked_by_id != actor.user_id)
    waiting = clearance_queries.visible(actor).where(Clearance.id.in_(ids), Clearance.decided_at.is_(None), others)
    return clearances(session, actor, [one.id for one in session.scalars(waiting)])


def interests(session: Session, actor: Actor, ids: Collection[UUID]) -> dict[UUID, Told]:
    """Interests that the actor sees; the need is named where it is seen now."""
    found = session.scalars(interest_queries.visible(actor).where(Interest.id.in_(ids))).all()
    refs = needs_seen(session, actor, {one.need_id for one in found})
    return {one.id: Told(refs.get(one.need_id, ""), f"/interests/{one.id}") for one in found}


def interests_to_answer(session: Session, actor: Actor, ids: Collection[UUID]) -> dict[UUID, Told]:
    """Of them, those that nobody has answered."""
    waiting = interest_queries.visible(actor).where(Interest.id.in_(ids), Interest.status == InterestStatus.OPEN)
    return interests(session, actor, [one.id for one in session.scalars(waiting)])


def interests_that_fund(session: Session, actor: Actor, ids: Collection[UUID]) -> dict[UUID, Told]:
    """Of them, those that an officer acknowledged: what it funds a delegation reads from then on."""
    pledged = interest_queries.visible(actor).where(Interest.id.in_(ids), Interest.status.in_(PLEDGED))
    return interests(session, actor, [one.id for one in session.scalars(pledged)])


def running(clock: Clock) -> Sight:
    """What runs of one clock."""

    def sight(session: Session, actor: Actor, ids: Collection[UUID]) -> dict[UUID, Told]:
        still = clocks.visible(actor, clock, utc_now()).subquery()
        rows = session.execute(select(still.c.id, still.c.ref, still.c.place).where(still.c.id.in_(ids)))
        return {row.id: Told(row.ref, clock.path.format(ref=row.ref, place=row.place)) for row in rows}

    return sight


def offers(session: Session, actor: Actor, ids: Collection[UUID]) -> dict[UUID, Told]:
    """Offers that were not withdrawn, on needs that the actor sees: for officers the pair, for others the need."""
    wanted = offer_queries.visible(actor).where(Offer.id.in_(ids), Offer.withdrawn_at.is_(None))
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
    found = session.scalars(wanted)
    return {
        one.id: Told(one.ref, f"/programmes/{one.ref}")
        for one in found
        if programmes.freshness(one, today) is not Freshness.FRESH
    }


def _referral(referral_id: UUID, refs: Iterable[str | None]) -> Told:
    return Told(", ".join(dict.fromkeys(ref for ref in refs if ref)), f"/referrals/{referral_id}")


def _page_of(actor: Actor, offer: Offer) -> str:
    return f"/pairings/{offer.pairing_id}" if actor.is_cted else f"/needs/{offer.pairing.need.ref}"
