"""What is known of the money for a need, and whether it is ready to fund. Each reader learns what releases allow.

Ready to fund: the State consents (a full release in force that reaches the delegation), an organization is willing
(a live line taken up "if funded"), and an amount is missing or not known. Others' interests count as one sum, once
an officer has acknowledged them; whose they are is never said to another delegation.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, not_, or_, select
from sqlalchemy.orm import Session

from app.access.permissions import GRANTS, Permission
from app.core.actor import Actor
from app.core.db import utc_now
from app.core.errors import NotPermitted
from app.interest import naming_queries
from app.interest.models import Interest, InterestKind, InterestStatus
from app.interest.schemas import Funding, MissingSum, Sum
from app.needs import queries as needs
from app.needs.filters import Sight
from app.needs.models import Need, NeedRevision, NeedStatus, Release, ReleaseFields
from app.needs.schemas import NeedFilter, NeedFull, NeedOfficer
from app.needs.sight import in_force
from app.organizations.models import BuiltIn, Group, GroupMember, Organization
from app.organizations.queries import KINDS_OF, is_member
from app.referrals.models import LineStatus, Referral, ReferralLine

PLEDGED = (InterestStatus.ACKNOWLEDGED, InterestStatus.FULFILLED)


@dataclass(frozen=True, slots=True)
class Pledges:
    """What acknowledged interests come to in each currency, and whether one is to pay for all."""

    sums: Mapping[str, Decimal]
    is_whole: bool


def refuse_foreign(actor: Actor) -> None:
    """Raise NotPermitted for a role that is told nothing of money."""
    if Permission.INTEREST_READ not in GRANTS[actor.role]:
        raise NotPermitted("Only delegations and officers ask for what is ready to fund")


def is_ready(sight: Sight) -> ColumnElement[bool]:
    """Whether the Need that is listed is ready to fund, as far as the reader may know."""
    consents = _reaches_a_delegation(utc_now()) if sight.actor.is_cted else sight.is_full
    willing = Need.id.in_(select(ReferralLine.need_id).where(is_willing()))
    return and_(Need.status == NeedStatus.OPEN, consents, willing, _is_missing())


def is_willing() -> ColumnElement[bool]:
    """Whether ReferralLine was taken up on the condition that somebody pays."""
    return and_(ReferralLine.status == LineStatus.TAKEN_UP, ReferralLine.if_funded.is_(True))


def of_need(session: Session, actor: Actor, ref: str) -> Funding:
    """What the actor may know of the money for a need that it sees. Raises NotFound, NotPermitted.

    To whoever sees a summary nothing of it is said.
    """
    refuse_foreign(actor)
    shown = needs.get(session, actor, ref)
    if not isinstance(shown, (NeedFull, NeedOfficer)):
        return Funding(need=ref, ready=False)
    need_id = needs.id_of(session, actor, ref)
    pledges = _pledges(session, need_id)
    willing = _willing(session, need_id)
    nameable = {one.ref for one in naming_queries.may_be_named(session, need_id)}
    sums = [Sum(amount=amount, currency=code) for code, amount in sorted(pledges.sums.items())]
    return Funding(
        need=ref,
        ready=_is_ready(session, actor, ref),
        willing=bool(willing),
        organizations=sorted(willing if actor.is_cted else willing & nameable),
        cost=shown.indicative_cost,
        missing=_missing(shown.indicative_cost, pledges),
        pledged=sums if actor.is_cted else [],
    )


def _is_ready(session: Session, actor: Actor, ref: str) -> bool:
    def this_one(sight: Sight) -> dict[str, ColumnElement[bool]]:
        return {"ready": is_ready(sight), "ref": Need.ref == ref}

    return bool(needs.newest(session, actor, NeedFilter(), 1, this_one))


def _willing(session: Session, need_id: UUID) -> set[str]:
    conveyed = select(Organization.ref).join(Referral, Referral.organization_id == Organization.id)
    lines = conveyed.join(ReferralLine, ReferralLine.referral_id == Referral.id)
    return set(session.scalars(lines.where(ReferralLine.need_id == need_id, is_willing())))


def _pledges(session: Session, need_id: UUID) -> Pledges:
    counted = (Interest.need_id == need_id) & Interest.status.in_(PLEDGED)
    rows = session.execute(
        select(Interest.currency, func.sum(Interest.amount))
        .where(counted, Interest.amount.is_not(None))
        .group_by(Interest.currency)
    ).all()
    whole = session.scalar(select(Interest.id).where(counted, _pays_for_all()).limit(1))
    return Pledges({str(currency): Decimal(amount or 0) for currency, amount in rows}, whole is not None)


def _missing(cost: Mapping[str, Any] | None, pledges: Pledges) -> MissingSum | None:
    """The cost less what is covered in its own currency; None where the cost is not known."""
    if cost is None:
        return None
    covered = pledges.sums.get(cost["currency"], Decimal(0))

    def left(amount: Any) -> Decimal | None:
        if amount is None:
            return None
        return Decimal(0) if pledges.is_whole else max(Decimal(0), Decimal(str(amount)) - covered)

    return MissingSum(low=left(cost["low"]), high=left(cost["high"]), currency=cost["currency"])


def _is_missing() -> ColumnElement[bool]:
    """`_missing` in SQL: whether the listed revision's cost, at its higher end, is not known or not covered."""
    cost = func.coalesce(NeedRevision.cost_high, NeedRevision.cost_low)
    counted = (Interest.need_id == Need.id) & Interest.status.in_(PLEDGED)
    in_currency = Interest.currency == NeedRevision.cost_currency
    covered = select(func.coalesce(func.sum(Interest.amount), 0)).where(counted, in_currency)
    whole = select(Interest.id).where(counted, _pays_for_all())
    short = cost > covered.correlate(Need, NeedRevision).scalar_subquery()
    return and_(not_(whole.correlate(Need).exists()), or_(cost.is_(None), short))


def _pays_for_all() -> ColumnElement[bool]:
    """An interest in funding the need in full that names no amount pays whatever it costs."""
    return and_(Interest.kind == InterestKind.FULL_FUNDING, Interest.amount.is_(None))


def _reaches_a_delegation(at: datetime) -> ColumnElement[bool]:
    kinds = KINDS_OF[BuiltIn.DONORS]
    delegations = select(Organization.id).where(Organization.kind.in_(kinds))
    members = select(GroupMember.group_id).where(GroupMember.organization_id.in_(delegations), is_member(at))
    groups = select(Group.id).where(or_(Group.built_in == BuiltIn.DONORS, Group.id.in_(members)))
    towards = or_(Release.organization_id.in_(delegations), Release.group_id.in_(groups))
    full = select(Release.need_id).where(Release.fields == ReleaseFields.FULL, in_force(at), towards)
    return Need.id.in_(full)
