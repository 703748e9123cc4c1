"""What anybody outside CTED may see of needs: read from releases and the need's dated status alone."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Subquery, and_, case, func, not_, or_, select
from sqlalchemy.orm import aliased

from app.needs.models import Need, NeedStatus, NeedStatusChange, Release, ReleaseException, ReleaseFields
from app.organizations.queries import groups_of


def in_force(at: datetime, release: type[Release] = Release) -> ColumnElement[bool]:
    """Whether a release is in force at `at`: begun, recorded, consented to; not ended, extended or withdrawn."""
    return and_(
        release.starts_at <= at,
        release.recorded_at <= at,
        release.complete_at <= at,
        or_(release.ends_at.is_(None), release.ends_at > at),
        or_(release.superseded_at.is_(None), release.superseded_at > at),
        or_(release.withdrawn_at.is_(None), release.withdrawn_at > at),
    )


def visible_since(release: type[Release] = Release) -> ColumnElement[datetime]:
    """When a release began to show what it shows: the latest of its start, its recording and the last consent.

    One that extends another and shows the very same goes by the other: nobody learns that a hidden field changed.
    """
    later = case((release.starts_at > release.recorded_at, release.starts_at), else_=release.recorded_at)
    latest = case((release.complete_at > later, release.complete_at), else_=later)
    return func.coalesce(release.same_since_at, latest)


def shown_since() -> ColumnElement[datetime]:
    """When Release's reader last began to see Need, or was last shown another status of it."""
    return case((Need.shown_at > visible_since(), Need.shown_at), else_=visible_since())


def reaches(
    organization_id: UUID, at: datetime, past: bool = False, release: type[Release] = Release
) -> ColumnElement[bool]:
    """Whether a release in force is towards `organization_id`, by name or through a group that does not except it.

    Groups see a need only while it is open, one named organization any need that is not a draft. With `past`
    the status is the one of that time, from the dated history.
    """
    status = status_at(at) if past else Need.status
    groups = groups_of(organization_id, at, past)
    excepted = select(ReleaseException.release_id).where(ReleaseException.organization_id == organization_id)
    through_group = and_(
        release.group_id.in_(groups),
        not_(release.id.in_(excepted)),
        status == NeedStatus.OPEN,
    )
    by_name = and_(release.organization_id == organization_id, status != NeedStatus.DRAFT)
    return and_(in_force(at, release), or_(through_group, by_name))


def status_at(at: datetime) -> ColumnElement[NeedStatus]:
    """The status that a need had at `at`; NULL before it was stored."""
    change = select(NeedStatusChange.status).where(NeedStatusChange.need_id == Need.id, NeedStatusChange.at <= at)
    newest = change.order_by(NeedStatusChange.at.desc(), NeedStatusChange.id.desc()).limit(1)
    return newest.correlate(Need).scalar_subquery()


def is_best(organization_id: UUID, at: datetime, past: bool = False) -> ColumnElement[bool]:
    """Whether Release is the one by which an organization sees Need: full before summary, then newest revision.

    True of one release a need. It is said as "none is better", so that a database can look at one need without
    ranking the releases of all.
    """
    other = aliased(Release)
    better = (
        select(other.id)
        .where(
            other.need_id == Release.need_id, _precedes(other, Release), reaches(organization_id, at, past, other)
        )
        .correlate(Release, Need)
    )
    return and_(Release.need_id == Need.id, reaches(organization_id, at, past), ~better.exists())


def best_release(organization_id: UUID, at: datetime, past: bool = False) -> Subquery:
    """The best release of each need that an organization sees.

    Columns: need_id, revision, fields, since (when it was last shown otherwise). One row a need.
    """
    best = select(Release.need_id, Release.revision, Release.fields, shown_since().label("since"))
    return best.join(Need, is_best(organization_id, at, past)).subquery("sight")


def _precedes(one: type[Release], other: type[Release]) -> ColumnElement[bool]:
    """The order of releases of a need: full first, newest revision first, the one in force longest, then by id."""
    columns: list[tuple[Any, Any]] = [
        (_summary_last(one), _summary_last(other)),
        (-one.revision, -other.revision),
        (visible_since(one), visible_since(other)),
        (one.id, other.id),
    ]
    ties = [and_(*(ours == theirs for ours, theirs in columns[:n])) for n in range(1, len(columns))]
    earlier = [ours < theirs for ours, theirs in columns]
    return or_(earlier[0], *(and_(tie, less) for tie, less in zip(ties, earlier[1:], strict=True)))


def _summary_last(release: type[Release]) -> ColumnElement[int]:
    return case((release.fields == ReleaseFields.FULL, 0), else_=1)
