"""Where each clock is read from: what runs now, counted from which day, and who answers for it. Nothing is stored.

Every SELECT gives (id, counted_on, started_on, ref, owner_id, place, n): the record that the clock is about, the
day from which its time is counted, the day of the event, the reference to be shown, the officer, and where the
next step is taken.
"""

from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Date,
    Integer,
    Label,
    Select,
    SQLColumnExpression,
    Uuid,
    and_,
    case,
    func,
    literal,
    null,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.orm import aliased

from app.access.models import User
from app.assessments.models import Assessment
from app.clocks.briefing.models import Briefing
from app.core.days import utc_day
from app.interest.models import Interest, InterestStatus
from app.needs.models import (
    Basis,
    Need,
    NeedRevision,
    NeedStatus,
    NeedStatusChange,
    Release,
    ReleaseFields,
)
from app.pairings.models import Decision, Pairing, PairingStatus
from app.referrals.models import LIVE, LineOutcome, LineStatus, ReferralLine, Side

Running: TypeAlias = Select[*tuple[Any, ...]]
BRIEFING = "briefing"
_UNFINISHED = (NeedStatus.OPEN, NeedStatus.ON_HOLD)


def observations(now: datetime) -> Running:
    """Reports received to which the State's factual observations are not."""
    return _of_report(Assessment.observations_received_on)


def steps(now: datetime) -> Running:
    """Reports received without the State's report on steps taken."""
    return _of_report(Assessment.steps_reported_on)


def silence(now: datetime) -> Running:
    """Silence procedures under way; one without an objection gives sight on the day after its last."""
    columns = _row(Release.id, utc_day(Release.starts_at), utc_day(Release.recorded_at))
    under_way = Release.basis == Basis.SILENCE, Release.starts_at > now, Release.withdrawn_at.is_(None)
    return select(*columns).join(Need, Need.id == Release.need_id).where(*under_way)


def answer(now: datetime) -> Running:
    """Conveyed lines that the organization has neither taken up nor declined."""
    return _of_line(utc_day(ReferralLine.conveyed_at)).where(ReferralLine.status == LineStatus.CONVEYED)


def acceptance(now: datetime) -> Running:
    """Lines taken up that the State has not accepted, so that they cannot start."""
    taken_up = utc_day(func.coalesce(ReferralLine.answered_at, ReferralLine.conveyed_at))
    waiting = ReferralLine.status == LineStatus.TAKEN_UP, ReferralLine.accepted_on.is_(None)
    return _of_line(taken_up).where(*waiting)


def inquiry(now: datetime) -> Running:
    """Lines whose organization reported, and whose State was not asked, nor has said, whether the need was met."""
    reported = _newest_report().subquery()
    lines = _of_line(utc_day(reported.c.at)).join(reported, reported.c.line_id == ReferralLine.id)
    return lines.where(ReferralLine.inquired_on.is_(None), *_unanswered_by_state())


def unconfirmed(now: datetime) -> Running:
    """Lines whose State was asked and has not answered."""
    return _of_line(ReferralLine.inquired_on).where(ReferralLine.inquired_on.is_not(None), *_unanswered_by_state())


def deferred(now: datetime) -> Running:
    """Deferred pairings of needs that still wait: on their day they are to be decided on again."""
    decided = select(func.max(Decision.at)).where(Decision.pairing_id == Pairing.id).scalar_subquery()
    columns = _row(
        Pairing.id, Pairing.deferred_until, utc_day(func.coalesce(decided, Pairing.proposed_at)), Pairing.id
    )
    waiting = Pairing.status == PairingStatus.DEFERRED, Need.status.in_(_UNFINISHED)
    return select(*columns).join(Need, Need.id == Pairing.need_id).where(*waiting)


def expiry(now: datetime) -> Running:
    """Releases that end, unless another one goes on for the same audience with as much."""
    columns = _row(Release.id, utc_day(Release.ends_at), utc_day(Release.recorded_at))
    standing = Release.withdrawn_at.is_(None), Release.superseded_at.is_(None)
    in_force = Release.ends_at > now, *standing, Need.status.in_(_UNFINISHED)
    return select(*columns).join(Need, Need.id == Release.need_id).where(*in_force, ~_goes_on())


def wanted(now: datetime) -> Running:
    """Needs that are wanted by a day."""
    newest = and_(NeedRevision.need_id == Need.id, NeedRevision.number == Need.revision)
    columns = _row(Need.id, NeedRevision.wanted_by, utc_day(NeedRevision.made_at))
    waiting = NeedRevision.wanted_by.is_not(None), Need.status.in_(_UNFINISHED)
    return select(*columns).join(NeedRevision, newest).where(*waiting)


def unsupported(now: datetime) -> Running:
    """Open needs that no referral serves, counted from the day on which they were last opened."""
    opened = (
        select(NeedStatusChange.need_id, func.max(NeedStatusChange.at).label("at"))
        .where(NeedStatusChange.status == NeedStatus.OPEN)
        .group_by(NeedStatusChange.need_id)
        .subquery()
    )
    serving = (*LIVE, LineStatus.COMPLETED)
    served = select(ReferralLine.id).where(ReferralLine.need_id == Need.id, ReferralLine.status.in_(serving))
    columns = _row(Need.id, utc_day(opened.c.at), utc_day(opened.c.at))
    needs = select(*columns).join(opened, opened.c.need_id == Need.id)
    return needs.where(Need.status == NeedStatus.OPEN, ~served.exists())


def interest(now: datetime) -> Running:
    """Interests of delegations that nobody has answered."""
    day = utc_day(Interest.expressed_at)
    needs = select(*_row(Interest.id, day, day, Interest.id)).join(Need, Need.id == Interest.need_id)
    return needs.where(Interest.status == InterestStatus.OPEN)


def briefing(now: datetime) -> Running:
    """The briefing that follows the last one that was given; nobody's own. None runs before the first."""
    last = select(Briefing).order_by(Briefing.given_on.desc(), Briefing.recorded_at.desc()).limit(1).subquery()
    return select(
        last.c.id,
        type_coerce(last.c.given_on, Date).label("counted_on"),
        type_coerce(last.c.given_on, Date).label("started_on"),
        literal(BRIEFING).label("ref"),
        type_coerce(null(), Uuid()).label("owner_id"),
        type_coerce(null(), Uuid()).label("place"),
        type_coerce(null(), Integer()).label("n"),
    )


def _of_report(answered: SQLColumnExpression[Any]) -> Running:
    columns = _row(Assessment.id, Assessment.report_received_on, Assessment.report_received_on, of=Assessment)
    return select(*columns).where(Assessment.report_received_on.is_not(None), answered.is_(None))


def _of_line(counted: SQLColumnExpression[Any]) -> Running:
    columns = _row(ReferralLine.id, counted, counted, ReferralLine.referral_id, ReferralLine.n)
    return select(*columns).join(Need, Need.id == ReferralLine.need_id)


def _newest_report() -> Select[*tuple[Any, ...]]:
    """When each line's organization last reported."""
    newest = select(LineOutcome.line_id, func.max(LineOutcome.at).label("at"))
    return newest.where(LineOutcome.side == Side.ORGANIZATION).group_by(LineOutcome.line_id)


def _unanswered_by_state() -> tuple[ColumnElement[bool], ...]:
    said = select(LineOutcome.id).where(LineOutcome.line_id == ReferralLine.id, LineOutcome.side == Side.STATE)
    return ReferralLine.status == LineStatus.IN_DELIVERY, ~said.exists()


def _goes_on() -> ColumnElement[bool]:
    other = aliased(Release)
    same_audience = or_(other.group_id == Release.group_id, other.organization_id == Release.organization_id)
    as_much = or_(other.fields == ReleaseFields.FULL, Release.fields == ReleaseFields.SUMMARY)
    longer = or_(other.ends_at.is_(None), other.ends_at > Release.ends_at)
    given = other.withdrawn_at.is_(None), other.complete_at.is_not(None), other.starts_at <= Release.ends_at
    following = select(other.id).where(other.need_id == Release.need_id, same_audience, as_much, longer, *given)
    return following.correlate(Release).exists()


def _row(
    identity: SQLColumnExpression[UUID],
    counted: SQLColumnExpression[Any],
    started: SQLColumnExpression[Any],
    place: SQLColumnExpression[Any] | None = None,
    n: SQLColumnExpression[Any] | None = None,
    of: type[Need] | type[Assessment] = Need,
) -> tuple[Label[Any], ...]:
    return (
        identity.label("id"),
        counted.label("counted_on"),
        started.label("started_on"),
        of.ref.label("ref"),
        owner(of).label("owner_id"),
        (type_coerce(null(), Uuid()) if place is None else place).label("place"),
        (type_coerce(null(), Integer()) if n is None else n).label("n"),
    )


def owner(of: type[Need] | type[Assessment]) -> ColumnElement[UUID | None]:
    """Whose desk it is on: the responsible officer, or the deputy where there is none in service."""
    serving = select(User.id).where(User.disabled_at.is_(None))
    answering = case(
        (of.responsible_id.in_(serving), of.responsible_id), (of.deputy_id.in_(serving), of.deputy_id)
    )
    return type_coerce(answering, Uuid())
