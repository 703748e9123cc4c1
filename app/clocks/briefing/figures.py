"""What each figure counts in a period, as a SELECT of (unit_id, need_id). Units are needs or referral lines."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import QueryableAttribute

from app.clocks.briefing.schemas import Figure, Period
from app.needs.models import Need, NeedStatus, NeedStatusChange
from app.pairings.models import Decision, Judgement, Pairing
from app.referrals.models import Delivered, LineOutcome, LineStatus, ReferralLine, Side

Units: TypeAlias = Select[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Counted:
    """One figure: its words, the unit that it counts, and where its units are read from."""

    title: str
    unit: str
    units: Callable[[Period, int], Units]


def new(period: Period, unsupported_days: int) -> Units:
    """Needs opened for the first time. One that was merged into another was no need of its own."""
    first = select(NeedStatusChange.need_id, func.min(NeedStatusChange.at).label("at"))
    opened = first.where(NeedStatusChange.status == NeedStatus.OPEN).group_by(NeedStatusChange.need_id).subquery()
    needs = select(Need.id.label("unit_id"), Need.id.label("need_id")).join(opened, opened.c.need_id == Need.id)
    return needs.where(Need.merged_into_id.is_(None), opened.c.at >= begins(period), opened.c.at < ends(period))


def accepted(period: Period, unsupported_days: int) -> Units:
    """Needs for which an officer accepted a programme."""
    decided = select(Pairing.need_id.label("unit_id"), Pairing.need_id.label("need_id")).distinct()
    judged = decided.join(Decision, Decision.pairing_id == Pairing.id)
    return judged.where(Decision.judgement == Judgement.ACCEPT, within(Decision.at, period))


def conveyed(period: Period, unsupported_days: int) -> Units:
    """Needs that were referred to an organization."""
    referred = select(ReferralLine.need_id.label("unit_id"), ReferralLine.need_id.label("need_id")).distinct()
    return referred.where(within(ReferralLine.conveyed_at, period))


def unsupported(period: Period, unsupported_days: int) -> Units:
    """Needs that were open at the end of the period, for so many days, without a referral that served them."""
    end = ends(period)
    change = NeedStatusChange
    latest_first = func.row_number().over(
        partition_by=change.need_id, order_by=(change.at.desc(), change.id.desc())
    )
    past = select(change.need_id, change.status, change.at, latest_first.label("place"))
    last = past.where(change.at < end).subquery()
    long_open = last.c.at < _midnight(period.until_on - timedelta(days=unsupported_days - 1))
    serving = or_(
        ReferralLine.ended_at.is_(None),
        ReferralLine.ended_at >= end,
        ReferralLine.status == LineStatus.COMPLETED,
    )
    served = select(ReferralLine.id).where(
        ReferralLine.need_id == last.c.need_id, ReferralLine.conveyed_at < end, serving
    )
    needs = select(last.c.need_id.label("unit_id"), last.c.need_id.label("need_id"))
    return needs.where(last.c.place == 1, last.c.status == NeedStatus.OPEN, long_open, ~served.exists())


def delivered(outcome: Delivered) -> Callable[[Period, int], Units]:
    """Lines completed with such an outcome, by what the State said last."""

    def units(period: Period, unsupported_days: int) -> Units:
        newest = _newest_of_state()
        told = and_(newest.c.line_id == ReferralLine.id, newest.c.place == 1, newest.c.outcome == outcome)
        return _ended(LineStatus.COMPLETED, period).join(newest, told).where(ReferralLine.confirmed.is_(True))

    return units


def not_confirmed(period: Period, unsupported_days: int) -> Units:
    """Lines completed without the State's word."""
    return _ended(LineStatus.COMPLETED, period).where(ReferralLine.confirmed.is_(False))


def declined(period: Period, unsupported_days: int) -> Units:
    """Lines that organizations declined."""
    return _ended(LineStatus.DECLINED, period)


def begins(period: Period) -> datetime:
    return _midnight(period.from_on)


def ends(period: Period) -> datetime:
    """The first moment after the period."""
    return _midnight(period.until_on + timedelta(days=1))


def within(column: QueryableAttribute[Any], period: Period) -> ColumnElement[bool]:
    return and_(column >= begins(period), column < ends(period))


def _ended(status: LineStatus, period: Period) -> Units:
    lines = select(ReferralLine.id.label("unit_id"), ReferralLine.need_id.label("need_id"))
    return lines.where(ReferralLine.status == status, within(ReferralLine.ended_at, period))


def _newest_of_state() -> Any:
    told = LineOutcome
    newest_first = func.row_number().over(partition_by=told.line_id, order_by=told.number.desc()).label("place")
    return select(told.line_id, told.outcome, newest_first).where(told.side == Side.STATE).subquery()


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


NEEDS, LINES = "needs", "referral lines"
F, D = Figure, Delivered
FIGURES: Mapping[Figure, Counted] = {
    F.NEW: Counted("New needs", NEEDS, new),
    F.ACCEPTED: Counted("Matched: needs with a programme accepted", NEEDS, accepted),
    F.CONVEYED: Counted("Matched: needs referred to an organization", NEEDS, conveyed),
    F.UNSUPPORTED: Counted("Unsupported at the end of the period", NEEDS, unsupported),
    F.DELIVERED: Counted("Delivered, confirmed by the State", LINES, delivered(D.DELIVERED)),
    F.PARTLY_DELIVERED: Counted("Delivered in part, by the State's word", LINES, delivered(D.PARTLY_DELIVERED)),
    F.NOT_DELIVERED: Counted("Not delivered, by the State's word", LINES, delivered(D.NOT_DELIVERED)),
    F.NOT_CONFIRMED: Counted("Completed, not confirmed by the State", LINES, not_confirmed),
    F.DECLINED: Counted("Declined by organizations", LINES, declined),
}
