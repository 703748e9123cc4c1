"""Every SELECT on interests. Officers read all, a delegation its own, which outlast its sight of the need."""

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import Select, case, false, select
from sqlalchemy.orm import Session, joinedload

from app.core.actor import Actor, Role
from app.core.calendar import add_working_days
from app.core.db import utc_now
from app.core.errors import NotFound
from app.core.http import etag_of
from app.core.paging import Found, Key, Paging, paginate
from app.interest.funding import PLEDGED
from app.interest.models import Interest, InterestStatus
from app.interest.moves import allowed
from app.interest.schemas import Funded, InterestFilter, InterestOut, InterestSort
from app.needs import queries as needs
from app.needs.models import Need
from app.needs.schemas import NeedView
from app.organizations.models import Organization
from app.referrals.models import Delivered, LineStatus, Referral, ReferralLine, Side

_WAITING = case((Interest.status == InterestStatus.OPEN, 0), else_=1)
_ORDERS = {
    InterestSort.NEWEST: [Key(Interest.expressed_at, descending=True)],
    InterestSort.OLDEST: [Key(Interest.expressed_at)],
    InterestSort.WAITING: [Key(_WAITING), Key(Interest.expressed_at)],
}


def visible(actor: Actor) -> Select[Interest]:
    """Officers see every interest, a delegation its own, nobody else any."""
    if actor.is_cted:
        return select(Interest)
    own = Interest.organization_id == actor.organization_id
    return select(Interest).where(own if actor.role is Role.DONOR else false())


def get(session: Session, actor: Actor, interest_id: UUID) -> Interest:
    """Return one interest. Raises NotFound, the same for what is not there or another's."""
    if found := session.scalar(visible(actor).where(Interest.id == interest_id)):
        return found
    raise NotFound("There is no such interest")


def page(session: Session, actor: Actor, wanted: InterestFilter, paging: Paging) -> Found:
    """One page of interests in the wanted order."""
    statement = visible(actor).options(*_LOADED)
    if wanted.need:
        statement = statement.where(Interest.need_id.in_(select(Need.id).where(Need.ref.in_(wanted.need))))
    if wanted.delegation:
        called = select(Organization.id).where(Organization.ref.in_(wanted.delegation))
        statement = statement.where(Interest.organization_id.in_(called))
    if wanted.kind:
        statement = statement.where(Interest.kind.in_(wanted.kind))
    if wanted.status:
        statement = statement.where(Interest.status.in_(wanted.status))
    return paginate(session, statement, [*_ORDERS[wanted.sort], Key(Interest.id)], paging)


def of_need(session: Session, actor: Actor, need_id: UUID) -> list[Interest]:
    """The interests in a need that the actor sees, those that wait first."""
    wanted = visible(actor).where(Interest.need_id == need_id).options(*_LOADED)
    return list(session.scalars(wanted.order_by(_WAITING, Interest.expressed_at)))


def shown(
    session: Session, actor: Actor, interests: Sequence[Interest], working_days: int, on: date | None = None
) -> list[InterestOut]:
    """The interests as the actor reads them: with the need's title as far as it is seen now, and no further.

    An open one is to be answered within `working_days`, which officers are told.
    """
    today = on or utc_now().date()
    seen = needs.views(session, actor, [each.need_id for each in interests])
    due = {each.id: _due_on(actor, each, working_days) for each in interests}
    return [_shown(actor, each, seen, due[each.id], today) for each in interests]


def line_of(session: Session, actor: Actor, referral_id: UUID, number: int) -> ReferralLine | None:
    """The line that an officer names, or None."""
    named = (ReferralLine.referral_id == referral_id) & (ReferralLine.n == number)
    return session.scalar(select(ReferralLine).where(named)) if actor.is_cted else None


def lines_of_need(session: Session, actor: Actor, need_id: UUID) -> list[ReferralLine]:
    """The lines that an interest in a need can fund, as officers choose among them, the newest first."""
    if not actor.is_cted:
        return []
    of_need = (ReferralLine.need_id == need_id) & ReferralLine.status.in_(FUNDABLE)
    loaded = joinedload(ReferralLine.referral).joinedload(Referral.organization)
    newest = ReferralLine.conveyed_at.desc(), ReferralLine.id
    return list(session.scalars(select(ReferralLine).where(of_need).options(loaded).order_by(*newest)))


FUNDABLE = (LineStatus.CONVEYED, LineStatus.TAKEN_UP, LineStatus.IN_DELIVERY, LineStatus.COMPLETED)
_LOADED = (
    joinedload(Interest.need),
    joinedload(Interest.organization),
    joinedload(Interest.line).selectinload(ReferralLine.outcomes),
    joinedload(Interest.line).joinedload(ReferralLine.referral).joinedload(Referral.organization),
)


def etag(interest: Interest) -> str:
    return etag_of(interest.version)


def _due_on(actor: Actor, interest: Interest, working_days: int) -> date | None:
    if not actor.is_cted or interest.status is not InterestStatus.OPEN:
        return None
    return add_working_days(interest.expressed_at.date(), working_days)


def _shown(
    actor: Actor, interest: Interest, seen: Mapping[UUID, NeedView], due: date | None, today: date
) -> InterestOut:
    need = seen.get(interest.need_id)
    return InterestOut(
        id=interest.id,
        etag=etag(interest),
        need=interest.need.ref,
        title=need.title if need else None,
        language=need.language if need else None,
        delegation=interest.organization.ref,
        kind=interest.kind,
        amount=interest.amount,
        currency=interest.currency,
        note=interest.note,
        status=interest.status,
        expressed_at=interest.expressed_at,
        answered_at=interest.answered_at,
        ended_at=interest.ended_at,
        due_on=due,
        overdue=due < today if due else None,
        moves=allowed(actor, interest.status),
        referral=_funded(actor, interest),
    )


def _funded(actor: Actor, interest: Interest) -> Funded | None:
    """What is shown of the referral that an interest funds: to a delegation its status and outcome."""
    line = interest.line
    if line is None or not (actor.is_cted or interest.status in PLEDGED):
        return None
    told = Funded(
        status=line.status,
        part=line.part,
        from_on=line.from_on,
        outcome=_outcome(line),
        confirmed=line.confirmed,
    )
    if not actor.is_cted:
        return told
    whose = {"referral": line.referral_id, "line": line.n, "organization": line.referral.organization.ref}
    return told.model_copy(update=whose)


def _outcome(line: ReferralLine) -> Delivered | None:
    """What the State says came of it or, while it has said nothing, the organization: the newest of that side."""
    newest = {outcome.side: outcome.outcome for outcome in line.outcomes}
    return newest.get(Side.STATE) or newest.get(Side.ORGANIZATION)
