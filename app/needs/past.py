"""Who could see what at a moment or on a day: read from releases, dated status and membership, and kept revisions.

A day is answered from every moment of it at which something changed, so that nobody is missed who saw a need for
an hour.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, false, or_, select
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.errors import Invalid
from app.core.paging import Key, Page, Paging, paginate
from app.needs.models import Need, NeedRevision, NeedStatus, NeedStatusChange, Release, ReleaseFields
from app.needs.periods import Period
from app.needs.release_schemas import Sight, SightOfNeed
from app.needs.sight import best_release, in_force, status_at
from app.organizations import queries as organizations
from app.organizations.models import BuiltIn, Group, GroupMember, Organization, OrganizationKindChange

Reader = Organization | Group
_Seen = tuple[ReleaseFields, int]
_ORDER = (Key(Need.ref),)


def seers(session: Session, need: Need, period: Period) -> list[Sight]:
    """Each organization that could see `need` in the period, with each revision and field set that it saw."""
    moments = {period.begins, *_moments(session, need.id, period)}
    found = {seen for moment in moments for seen in _seers_at(session, need, moment)}
    return [
        Sight(organization=ref, revision=revision, fields=fields)
        for ref, (fields, revision) in sorted(found, key=lambda seen: (seen[0], seen[1][0], -seen[1][1]))
    ]


def in_force_in(session: Session, need: Need, period: Period) -> set[UUID]:
    """The releases of `need` that were in force at some moment of the period."""
    own = select(Release.id).where(Release.need_id == need.id)
    moments = {period.begins, *_moments(session, need.id, period)}
    return {found for moment in moments for found in session.scalars(own.where(in_force(moment)))}


def reader_called(session: Session, name: str) -> Reader:
    """The organization or group that `organization:REF` or `group:REF` names. Raises Invalid."""
    kind, _, ref = name.partition(":")
    if kind == "organization" and (found := organizations.by_ref(session, ref)):
        return found
    if kind == "group" and (group := session.scalar(select(Group).where(Group.ref == ref))):
        return group
    if kind not in {"organization", "group"}:
        raise Invalid.field("audience", "Write organization: or group: and its reference, such as group:donors")
    raise Invalid.field("audience", f"There is no {kind} {ref[:60]!r}")


def seen_by(session: Session, actor: Actor, reader: Reader, period: Period, paging: Paging) -> Page[SightOfNeed]:
    """The needs that an organization, or whoever is in a group, could see in the period, by reference.

    A page is cut from the needs that were released to the reader, so it may hold fewer than `limit`.
    """
    released = select(Release.need_id).where(_overlaps(period), _towards(reader))
    candidates = select(Need).where(Need.id.in_(released) if actor.is_cted else false())
    found = paginate(session, candidates, _ORDER, Paging(paging.limit, paging.cursor))
    needs = [row.Need for row in found.rows]
    seen = {need.id: set[_Seen]() for need in needs}
    for need_id, what in _seen_at(session, reader, list(seen), period.begins):
        seen[need_id].add(what)
    for need in needs if period.is_day else ():
        for moment in _moments(session, need.id, period, reader):
            seen[need.id].update(what for _, what in _seen_at(session, reader, [need.id], moment))
    return Page(items=list(_shown(session, needs, seen)), next=found.next)


def _overlaps(period: Period) -> ColumnElement[bool]:
    """Whether a release can have been in force for some of the period; whether it was, its moments say."""
    begun = (Release.starts_at, Release.recorded_at, Release.complete_at)
    ended = (Release.ends_at, Release.superseded_at, Release.withdrawn_at)
    last = period.ends if period.is_day else period.begins
    return and_(
        *(column <= last for column in begun),
        *(or_(column.is_(None), column > period.begins) for column in ended),
    )


def _shown(session: Session, needs: Sequence[Need], seen: dict[UUID, set[_Seen]]) -> Iterator[SightOfNeed]:
    of_needs = select(NeedRevision.need_id, NeedRevision.number, NeedRevision.title)
    rows = session.execute(of_needs.where(NeedRevision.need_id.in_(list(seen)))).all()
    titles = {(row.need_id, row.number): row.title for row in rows}
    for need in needs:
        for fields, revision in sorted(seen[need.id], key=lambda what: (what[0], -what[1])):
            title = titles[need.id, revision]
            yield SightOfNeed(need=need.ref, title=title, revision=revision, fields=fields)


def _seers_at(session: Session, need: Need, at: datetime) -> Iterator[tuple[str, _Seen]]:
    """Each organization that saw the need at a moment, with the best that a release gave it."""
    status = session.scalar(select(status_at(at)).select_from(Need).where(Need.id == need.id))
    live = session.scalars(select(Release).where(Release.need_id == need.id, in_force(at)))
    best: dict[str, _Seen] = {}
    for release in live:
        seen = (release.fields, release.revision)
        for ref in _audience(session, release, status, at):
            best[ref] = min(best.get(ref, seen), seen, key=_rank)
    yield from best.items()


def _audience(session: Session, release: Release, status: NeedStatus | None, at: datetime) -> list[str]:
    """The organizations that a release in force reached while the need had `status`."""
    if release.organization:
        return [release.organization.ref] if status not in {None, NeedStatus.DRAFT} else []
    if status is not NeedStatus.OPEN or release.group is None:
        return []
    excepted = [exception.organization_id for exception in release.exceptions]
    members = organizations.members_at(release.group, at, past=True).where(Organization.id.not_in(excepted))
    return [organization.ref for organization in session.scalars(members)]


def _seen_at(
    session: Session, reader: Reader, need_ids: Sequence[UUID], at: datetime
) -> Iterator[tuple[UUID, _Seen]]:
    if isinstance(reader, Organization):
        best = best_release(reader.id, at, past=True)
        rows = session.execute(select(best).where(best.c.need_id.in_(need_ids))).all()
        yield from ((row.need_id, (row.fields, row.revision)) for row in rows)
        return
    live = select(Release).join(Need, Need.id == Release.need_id)
    live = live.where(Release.need_id.in_(need_ids), Release.group_id == reader.id, in_force(at))
    shown: dict[UUID, _Seen] = {}
    for release in session.scalars(live.where(status_at(at) == NeedStatus.OPEN)):
        seen = (release.fields, release.revision)
        shown[release.need_id] = min(shown.get(release.need_id, seen), seen, key=_rank)
    yield from shown.items()


def _rank(seen: _Seen) -> tuple[bool, int]:
    return seen[0] is not ReleaseFields.FULL, -seen[1]


def _towards(reader: Reader) -> ColumnElement[bool]:
    """Whether a release is towards the reader, or towards a group that it was ever in."""
    if isinstance(reader, Group):
        return Release.group_id == reader.id
    named = select(GroupMember.group_id).where(GroupMember.organization_id == reader.id)
    built_in = select(Group.id).where(Group.built_in.in_(list(BuiltIn)))
    return or_(Release.organization_id == reader.id, Release.group_id.in_(named), Release.group_id.in_(built_in))


def _moments(session: Session, need_id: UUID, period: Period, reader: Reader | None = None) -> set[datetime]:
    """When in the period something changed that sight of a need depends on."""
    if not period.is_day:
        return set()
    statements = (_of_releases(need_id), _of_status(need_id), _of_groups(need_id, reader), *_of_kinds(reader))
    found = (value for each in statements for row in session.execute(each) for value in row)
    return {moment for moment in found if period.holds(moment)}


def _of_releases(need_id: UUID) -> Select[*tuple[Any, ...]]:
    columns = (
        Release.starts_at, Release.recorded_at, Release.complete_at, Release.ends_at, Release.superseded_at,
        Release.withdrawn_at,
    )  # fmt: skip
    return select(*columns).where(Release.need_id == need_id)


def _of_status(need_id: UUID) -> Select[*tuple[Any, ...]]:
    return select(NeedStatusChange.at).where(NeedStatusChange.need_id == need_id)


def _of_groups(need_id: UUID, reader: Reader | None) -> Select[*tuple[Any, ...]]:
    groups = select(Release.group_id).where(Release.need_id == need_id)
    members = select(GroupMember.added_at, GroupMember.ended_at).where(GroupMember.group_id.in_(groups))
    return members.where(GroupMember.organization_id == reader.id) if isinstance(reader, Organization) else members


def _of_kinds(reader: Reader | None) -> Iterator[Select[*tuple[Any, ...]]]:
    """When organizations came, or came to be of another kind: the built-in groups follow them."""
    kinds, came = select(OrganizationKindChange.at), select(Organization.created_at)
    if isinstance(reader, Organization):
        kinds = kinds.where(OrganizationKindChange.organization_id == reader.id)
        came = came.where(Organization.id == reader.id)
    yield from (kinds, came)
