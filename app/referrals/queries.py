"""Every SELECT on referrals, their lines and advisory notes. Each starts from `visible`.

A donor sees none here: the status and outcome of a referral that its interest funds are served by app.interest.
"""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from app.access.models import User
from app.core.actor import Actor, Role
from app.core.db import utc_now
from app.core.errors import NotFound
from app.core.fields import is_storable
from app.core.http import etag_of
from app.core.paging import Found, Key, Paging, paginate
from app.needs import queries as needs
from app.needs.models import Need, NeedStatus
from app.needs.schemas import NeedView
from app.organizations.models import Organization
from app.pairings.models import Pairing, PairingStatus
from app.programmes.models import Programme
from app.referrals.models import LIVE, Advisory, LineStatus, Referral, ReferralLine
from app.referrals.schemas import ReferralFilter

ORDER = (Key(Referral.conveyed_at, descending=True), Key(Referral.id))
ADVISORY_ORDER = (Key(Advisory.dated_on, descending=True), Key(Advisory.id))
LOADED = (
    joinedload(Referral.organization),
    selectinload(Referral.co_implementers),
    selectinload(Referral.funds),
    selectinload(Referral.lines).options(
        joinedload(ReferralLine.need),
        joinedload(ReferralLine.pairing).joinedload(Pairing.programme),
        selectinload(ReferralLine.answers),
        selectinload(ReferralLine.outcomes),
    ),
)


def visible(actor: Actor) -> Select[Referral]:
    """CTED sees all, a partner those to its own organization, nobody else any."""
    if actor.is_cted:
        return select(Referral)
    own = Referral.organization_id == actor.organization_id
    return select(Referral).where(own if actor.role is Role.PARTNER else false())


def lines(actor: Actor) -> Select[ReferralLine]:
    """The lines of the referrals that the actor sees."""
    own = visible(actor).with_only_columns(Referral.id)
    every = select(ReferralLine)
    return every if actor.is_cted else every.where(ReferralLine.referral_id.in_(own))


def live_lines(actor: Actor) -> Select[ReferralLine]:
    """Of them, those that are conveyed, taken up or in delivery."""
    return lines(actor).where(ReferralLine.status.in_(LIVE))


def get(session: Session, actor: Actor, referral_id: UUID) -> Referral:
    """Return one referral. Raises NotFound, the same for one that is not there and one that is not seen."""
    if found := session.scalar(visible(actor).where(Referral.id == referral_id).options(*LOADED)):
        return found
    raise NotFound("There is no such referral")


def line_of(referral: Referral, n: int) -> ReferralLine:
    """Return line `n`. Raises NotFound."""
    for line in referral.lines:
        if line.n == n:
            return line
    raise NotFound("This referral has no such line")


def page(session: Session, actor: Actor, wanted: ReferralFilter, paging: Paging) -> Found:
    """One page of what is wanted of what the actor sees, the newest first; rows are of Referral."""
    return paginate(session, search(actor, wanted).options(*LOADED), ORDER, paging)


def search(actor: Actor, wanted: ReferralFilter) -> Select[Referral]:
    """Select what is wanted of what the actor sees. A need that it does not see finds nothing."""
    statement = visible(actor)
    if wanted.status:
        statement = statement.where(_with_line(ReferralLine.status.in_(wanted.status)))
    if wanted.live is not None:
        live = _with_line(ReferralLine.status.in_(LIVE))
        statement = statement.where(live if wanted.live else ~live)
    if wanted.organization:
        named = select(Organization.id).where(Organization.ref.in_(filter(is_storable, wanted.organization)))
        statement = statement.where(Referral.organization_id.in_(named))
    if wanted.need:
        called = Need.ref.in_(filter(is_storable, wanted.need))
        seen = needs.visible(actor).with_only_columns(Need.id).where(called)
        statement = statement.where(_with_line(ReferralLine.need_id.in_(seen)))
    return statement


def need_as_shown(session: Session, actor: Actor, referral: Referral, ref: str) -> NeedView:
    """A need of the referral exactly as it is released to its organization now. Raises NotFound."""
    if ref in {line.need.ref for line in referral.lines}:
        return needs.get(session, reader_of(referral.organization_id), ref)
    raise NotFound("There is no such need")


def reader_of(organization_id: UUID) -> Actor:
    """Somebody of an organization, to read what it would."""
    return Actor(Role.PARTNER, organization_id)


def live_counts(session: Session, need_ids: Collection[UUID] | None = None) -> dict[UUID, int]:
    """How many live lines each need has, of these needs or of all; needs without any are left out."""
    counted = select(ReferralLine.need_id, func.count()).where(ReferralLine.status.in_(LIVE))
    if need_ids is not None:
        counted = counted.where(ReferralLine.need_id.in_(need_ids))
    rows = session.execute(counted.group_by(ReferralLine.need_id)).all()
    return {row[0]: row[1] for row in rows}


def crowded(more_than: int = 3) -> Select[UUID]:
    """Select the ids of needs with more than three live lines."""
    live = select(ReferralLine.need_id).where(ReferralLine.status.in_(LIVE))
    return live.group_by(ReferralLine.need_id).having(func.count() > more_than)


def in_delivery() -> Select[UUID]:
    """Select the ids of needs with a line in delivery."""
    return select(ReferralLine.need_id).where(ReferralLine.status == LineStatus.IN_DELIVERY)


def ever_conveyed() -> Select[UUID]:
    """Select the ids of needs with a line that was ever conveyed and not retracted."""
    return select(ReferralLine.need_id).where(ReferralLine.status != LineStatus.RETRACTED)


def live_line_of(session: Session, pairing_id: UUID) -> ReferralLine | None:
    """The one live line of a pairing, for a service."""
    own = (ReferralLine.pairing_id == pairing_id) & ReferralLine.status.in_(LIVE)
    return session.scalar(select(ReferralLine).where(own))


def other_live_lines(session: Session, line: ReferralLine) -> int:
    """How many other live lines the same organization has for the same need."""
    same = select(func.count()).select_from(ReferralLine).join(Referral)
    same = same.where(Referral.organization_id == line.referral.organization_id, ReferralLine.id != line.id)
    return session.scalar(same.where(ReferralLine.need_id == line.need_id, ReferralLine.status.in_(LIVE))) or 0


def live_lines_of_need(session: Session, need: Need) -> Sequence[ReferralLine]:
    """The live lines of a need with their referrals, for a service."""
    own = select(ReferralLine).where(ReferralLine.need_id == need.id, ReferralLine.status.in_(LIVE))
    whole = joinedload(ReferralLine.referral).joinedload(Referral.organization)
    return session.scalars(own.order_by(ReferralLine.conveyed_at, ReferralLine.n).options(whole)).all()


def of_pairing(session: Session, actor: Actor, pairing_id: UUID) -> Sequence[ReferralLine]:
    """The lines of one pairing, the newest first."""
    own = lines(actor).where(ReferralLine.pairing_id == pairing_id).options(joinedload(ReferralLine.referral))
    return session.scalars(own.order_by(ReferralLine.conveyed_at.desc())).all()


def plan(session: Session, actor: Actor, need: Need) -> Sequence[ReferralLine]:
    """Who does, or did, what for a need: its lines that were not retracted or declined, the oldest first."""
    ended = (LineStatus.DECLINED, LineStatus.RETRACTED)
    own = lines(actor).where(ReferralLine.need_id == need.id, ReferralLine.status.not_in(ended))
    whole = joinedload(ReferralLine.referral).options(
        joinedload(Referral.organization), joinedload(Referral.funds)
    )
    offered = joinedload(ReferralLine.pairing).joinedload(Pairing.programme)
    found = own.options(whole, offered, selectinload(ReferralLine.outcomes))
    return session.scalars(found.order_by(ReferralLine.conveyed_at, ReferralLine.n)).unique().all()


def to_convey(session: Session, actor: Actor, organization_id: UUID) -> Sequence[Pairing]:
    """The accepted pairings of an organization's programmes with open needs: what one letter can hold."""
    if not actor.is_cted:
        return []
    offered = select(Pairing).join(Pairing.programme).join(Pairing.need).where(is_conveyable())
    own = offered.where(Programme.organization_id == organization_id).order_by(Need.ref, Programme.ref)
    return session.scalars(own.options(joinedload(Pairing.need), joinedload(Pairing.programme))).all()


def accepted_of(session: Session, actor: Actor, need: Need) -> Sequence[Pairing]:
    """The accepted pairings of an open need, which can be conveyed, by organization."""
    if not actor.is_cted:
        return []
    offered = select(Pairing).join(Pairing.programme).join(Pairing.need).join(Programme.organization)
    own = offered.where(is_conveyable(), Need.id == need.id).order_by(Organization.ref, Programme.ref)
    return session.scalars(own.options(joinedload(Pairing.programme).joinedload(Programme.organization))).all()


def organizations_to_convey(session: Session, actor: Actor) -> list[tuple[Organization, int]]:
    """The organizations with such pairings, and how many."""
    if not actor.is_cted:
        return []
    offered = select(Programme.organization_id, func.count().label("pairs")).join(
        Pairing, Pairing.programme_id == Programme.id
    )
    counted = offered.join(Need, Need.id == Pairing.need_id).where(is_conveyable())
    pairs = counted.group_by(Programme.organization_id).subquery()
    rows = select(Organization, pairs.c.pairs).join(pairs, pairs.c.organization_id == Organization.id)
    return [(row[0], row[1]) for row in session.execute(rows.order_by(Organization.ref))]


def is_conveyable() -> ColumnElement[bool]:
    """Whether Pairing is accepted and its Need open."""
    return and_(Pairing.status == PairingStatus.ACCEPTED, Need.status == NeedStatus.OPEN)


def etag(referral: Referral) -> str:
    """Changes with the letter and with each of its lines."""
    return etag_of([referral.version, *(line.version for line in referral.lines)])


def line_etag(line: ReferralLine) -> str:
    return etag_of([str(line.id), line.version])


def emails(session: Session, ids: Collection[UUID | None]) -> dict[UUID, str]:
    """The accounts of these ids, for officers."""
    known = [one for one in ids if one is not None]
    return {row.id: row.email for row in session.execute(select(User.id, User.email).where(User.id.in_(known)))}


def advisories(actor: Actor) -> Select[Advisory]:
    """Officers read the notes, nobody else does."""
    return select(Advisory) if actor.is_cted else select(Advisory).where(false())


def advisory(session: Session, actor: Actor, advisory_id: UUID) -> Advisory:
    """Return one note. Raises NotFound."""
    if found := session.scalar(advisories(actor).where(Advisory.id == advisory_id)):
        return found
    raise NotFound("There is no such advisory note")


def advisories_on(session: Session, states: Collection[str], on: date) -> Sequence[Advisory]:
    """The notes on these States that are in force on a day, for whoever conveys."""
    own = select(Advisory).where(Advisory.country.in_(states), advisory_in_force(on))
    return session.scalars(own.order_by(Advisory.country, Advisory.dated_on, Advisory.id)).all()


def advisory_in_force(on: date) -> ColumnElement[bool]:
    return and_(Advisory.dated_on <= on, or_(Advisory.ended_on.is_(None), Advisory.ended_on > on))


def today() -> date:
    return utc_now().date()


def _with_line(condition: ColumnElement[Any]) -> ColumnElement[bool]:
    return Referral.id.in_(select(ReferralLine.referral_id).where(condition))
