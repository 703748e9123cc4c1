"""What anybody outside CTED may see of needs: read from releases and the need's dated status alone."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Subquery, and_, case, func, not_, or_, select

from app.needs.models import Need, NeedStatus, NeedStatusChange, Release, ReleaseException, ReleaseFields
from app.organizations.queries import groups_of


def in_force(at: datetime) -> ColumnElement[bool]:
    """Whether a release is in force at `at`: begun, recorded and consented to, not ended, not withdrawn."""
    return and_(
        Release.starts_at <= at,
        Release.recorded_at <= at,
        Release.complete_at <= at,
        or_(Release.ends_at.is_(None), Release.ends_at > at),
        or_(Release.withdrawn_at.is_(None), Release.withdrawn_at > at),
    )


def visible_since() -> ColumnElement[datetime]:
    """When a release began to give sight: the latest of its start, its recording and the last consent."""
    later = case((Release.starts_at > Release.recorded_at, Release.starts_at), else_=Release.recorded_at)
    return case((Release.complete_at > later, Release.complete_at), else_=later)


def reaches(organization_id: UUID, at: datetime, past: bool = False) -> ColumnElement[bool]:
    """Whether a release in force is towards `organization_id`, by name or through a group that does not except it.

    Groups see a need only while it is open, one named organization any need that is not a draft. With `past`
    the status is the one of that time, from the dated history.
    """
    status = status_at(at) if past else Need.status
    excepted = select(ReleaseException.release_id).where(ReleaseException.organization_id == organization_id)
    through_group = and_(
        Release.group_id.in_(groups_of(organization_id, at.date())),
        not_(Release.id.in_(excepted)),
        status == NeedStatus.OPEN,
    )
    by_name = and_(Release.organization_id == organization_id, status != NeedStatus.DRAFT)
    return and_(in_force(at), or_(through_group, by_name))


def status_at(at: datetime) -> ColumnElement[NeedStatus]:
    """The status that a need had at `at`; NULL before it was stored."""
    change = select(NeedStatusChange.status).where(
        NeedStatusChange.need_id == Need.id, NeedStatusChange.at <= at
    )
    newest = change.order_by(NeedStatusChange.at.desc(), NeedStatusChange.id.desc()).limit(1)
    return newest.correlate(Need).scalar_subquery()


def best_release(organization_id: UUID, at: datetime, past: bool = False) -> Subquery:
    """The one release by which an organization sees each need: full before summary, then the newest revision.

    Columns: need_id, revision, fields, since (when it began to give sight). One row a need.
    """
    full_first = case((Release.fields == ReleaseFields.FULL, 0), else_=1)
    place = func.row_number().over(
        partition_by=Release.need_id,
        order_by=(full_first, Release.revision.desc(), visible_since(), Release.id),
    )
    candidates = (
        select(
            Release.need_id,
            Release.revision,
            Release.fields,
            visible_since().label("since"),
            place.label("place"),
        )
        .join(Need, Need.id == Release.need_id)
        .where(reaches(organization_id, at, past))
        .subquery()
    )
    best = select(candidates.c.need_id, candidates.c.revision, candidates.c.fields, candidates.c.since)
    return best.where(candidates.c.place == 1).subquery("sight")
