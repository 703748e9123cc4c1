"""Every SELECT on needs. Each starts from `visible`; outside CTED needs leave as released values alone."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, func, literal, select, type_coerce
from sqlalchemy.orm import Session, aliased, joinedload, selectinload

from app.access.models import User
from app.core import text
from app.core.actor import Actor
from app.core.days import utc_day
from app.core.db import utc_now
from app.core.errors import NotFound
from app.core.fields import is_storable
from app.core.paging import Found, Key, Paging, paginate
from app.needs import facets as facet_counts
from app.needs import search
from app.needs.filters import Sight, conditions, refuse_foreign
from app.needs.models import Need, NeedRevision, NeedStatus, Priority, Release, ReleaseFields
from app.needs.schemas import Disclosure, NeedFilter, NeedPage, NeedSort, NeedView
from app.needs.shown import as_kept, as_released
from app.needs.sight import in_force, is_best, shown_since
from app.organizations.models import BuiltIn, Group

Seen = Select[Need, NeedRevision, ReleaseFields, datetime]
Further = Callable[[Sight], Mapping[str, ColumnElement[bool]]]
_LAST_DAY = date(9999, 12, 31)
_PRIORITIES = {Priority.HIGH: 0, Priority.MEDIUM: 1, Priority.LOW: 2}


def visible(actor: Actor, at: datetime | None = None) -> Seen:
    """What the actor sees, or saw at a past time: (Need, NeedRevision, `fields`, `since`), one row a need.

    CTED sees every need at its newest revision. Anybody else sees what the best release in force shows:
    read nothing of Need or NeedRevision for them but through `as_released` with that row's `fields`.
    """
    return _seen(actor, at)[0]


def get(session: Session, actor: Actor, ref: str) -> NeedView:
    """Return the need as the actor is shown it. Raises NotFound, the same for what is not there or not seen."""
    statement = visible(actor).where(_is_called(ref))
    if found := _views(session, actor, session.execute(_whole(statement)).unique().all()):
        return found[0]
    raise _unknown()


def views(session: Session, actor: Actor, ids: Collection[UUID]) -> dict[UUID, NeedView]:
    """The needs of these ids as the actor is shown them; those that the actor does not see are not among them."""
    rows = session.execute(_whole(visible(actor).where(Need.id.in_(ids)))).unique().all()
    shown = _views(session, actor, rows)
    return {row[0].id: view for row, view in zip(rows, shown, strict=True)}


def load(session: Session, actor: Actor, ref: str) -> Need:
    """Return the record itself, which only CTED works with. Raises NotFound."""
    statement = select(Need).where(_is_called(ref))
    need = session.scalar(statement) if actor.is_cted else None
    if need is None:
        raise _unknown()
    return need


def view(session: Session, actor: Actor, need: Need) -> NeedView:
    """Return a need that was just written as the actor is shown it."""
    session.flush()
    session.expire(need)
    return get(session, actor, need.ref)


def id_of(session: Session, actor: Actor, ref: str) -> UUID:
    """The key of a need that the actor sees, for records that point to it. Raises NotFound."""
    found: UUID | None = session.scalar(visible(actor).where(_is_called(ref)).with_only_columns(Need.id))
    if found is None:
        raise _unknown()
    return found


def listed(
    session: Session,
    actor: Actor,
    wanted: NeedFilter,
    paging: Paging,
    facets: bool = False,
    further: Further | None = None,
) -> NeedPage:
    """One page of the needs that the actor sees and `wanted` asks for, with total and facets where asked.

    `further` gives conditions of a higher layer. Raises NotPermitted for a filter that only officers have,
    Invalid for codes that do not exist.
    """
    refuse_foreign(actor, wanted)
    seen, sight = _seen(actor)
    given = {**conditions(session, sight, wanted), **(further(sight) if further else {})}
    found = seen.where(*given.values())
    rows = _page(session, found, sight, wanted, paging)
    counts, total = facet_counts.count(session, seen, sight, given) if facets else (None, None)
    if paging.count and total is None:
        total = session.scalar(found.with_only_columns(func.count()))
    items = _views(session, actor, _loaded(session, rows.rows))
    return NeedPage(items=items, next=rows.next, total=total if paging.count else None, facets=counts)


def newest(
    session: Session, actor: Actor, wanted: NeedFilter, limit: int, further: Further | None = None
) -> list[tuple[NeedView, datetime]]:
    """What `listed` would show first by newest, each with when (outside CTED: on which day) it last changed.

    Raises what `listed` raises.
    """
    refuse_foreign(actor, wanted)
    seen, sight = _seen(actor)
    found = seen.where(*conditions(session, sight, wanted).values(), *(further(sight).values() if further else ()))
    by_day = wanted.model_copy(update={"sort": NeedSort.NEWEST})
    rows = _page(session, found, sight, by_day, Paging(limit))
    times = [row[3] if actor.is_cted else _midnight(row[3]) for row in rows.rows]
    return list(zip(_views(session, actor, _loaded(session, rows.rows)), times, strict=True))


def _page(session: Session, found: Seen, sight: Sight, wanted: NeedFilter, paging: Paging) -> Found:
    names = found.with_only_columns(Need.id, NeedRevision.id, sight.fields, sight.since)
    return paginate(session, names, _order(sight, wanted), Paging(paging.limit, paging.cursor))


def _midnight(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _seen(actor: Actor, at: datetime | None = None) -> tuple[Seen, Sight]:
    shown = NeedRevision.need_id == Need.id
    if actor.is_cted:
        full = literal(ReleaseFields.FULL, Release.fields.type).label("fields")
        since = Need.changed_at.label("since")
        every = select(Need, NeedRevision, full, since)
        newest = every.join(NeedRevision, and_(shown, NeedRevision.number == Need.revision))
        return newest, Sight(actor, full, since)
    best = is_best(actor.organization_id, at or utc_now(), past=at is not None)
    since = shown_since().label("since")
    released = select(Need, NeedRevision, Release.fields, since).join(Release, Release.need_id == Need.id)
    at_revision = released.join(NeedRevision, and_(shown, NeedRevision.number == Release.revision))
    return at_revision.where(best), Sight(actor, type_coerce(Release.fields, Release.fields.type), since)


def _is_called(ref: str) -> ColumnElement[bool]:
    return Need.ref == (ref if is_storable(ref) else "")


def _unknown() -> NotFound:
    return NotFound("There is no such need")


def _loaded(session: Session, named: Sequence[Any]) -> list[tuple[Need, NeedRevision, ReleaseFields]]:
    """The rows of a page by the ids that the list found, so that sorting a long list moves no texts."""
    ids = [row[1] for row in named]
    statement = select(Need, NeedRevision).join(NeedRevision, NeedRevision.need_id == Need.id)
    rows = session.execute(_whole(statement.where(NeedRevision.id.in_(ids)))).unique()
    by_revision = {revision.id: (need, revision) for need, revision in rows}
    return [(*by_revision[row[1]], row[2]) for row in named]


def _whole(statement: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    return statement.options(
        selectinload(NeedRevision.codes),
        joinedload(NeedRevision.members_of),
        joinedload(Need.assessment),
    )


def _order(sight: Sight, wanted: NeedFilter) -> list[Key]:
    """Keys of the order that was asked for; a search without one shows hits in titles first."""
    day = Need.changed_at if sight.actor.is_cted else utc_day(sight.since)
    newest = Key(day, descending=True)
    wanted_by = NeedRevision.wanted_by if sight.actor.is_cted else case((sight.is_full, NeedRevision.wanted_by))
    keys = {
        NeedSort.NEWEST: [newest],
        NeedSort.OLDEST: [Key(day)],
        NeedSort.TITLE: [Key(func.lower(NeedRevision.title))],
        NeedSort.PRIORITY: [Key(_by_priority()), newest],
        NeedSort.WANTED_BY: [Key(func.coalesce(wanted_by, _LAST_DAY))],
    }[wanted.sort or NeedSort.NEWEST]
    if wanted.q and wanted.sort is None:
        in_title = search.in_title(text.query(wanted.q))
        keys = [Key(case((in_title, 0), else_=1)), *keys]
    return [*keys, Key(Need.id)]


def _by_priority() -> ColumnElement[int]:
    return case(_PRIORITIES, value=NeedRevision.priority, else_=len(_PRIORITIES))


def _views(session: Session, actor: Actor, rows: Sequence[Any]) -> list[NeedView]:
    if not actor.is_cted:
        return [as_released(row[0], row[1], row[2]) for row in rows]
    needs = [row[0] for row in rows]
    disclosures = _disclosures(session, needs)
    names = _names(session, needs)
    return [as_kept(row[0], row[1], disclosures[row[0].id], names[row[0].id]) for row in rows]


def _disclosures(session: Session, needs: Sequence[Need]) -> dict[UUID, Disclosure]:
    """How far groups see each need now, which is not at all while it is not open."""
    statement = select(Release.need_id, Group.built_in).join(Group, Group.id == Release.group_id)
    opened = [need.id for need in needs if need.status is NeedStatus.OPEN]
    rows = session.execute(statement.where(Release.need_id.in_(opened), in_force(utc_now()))).all()
    found = {need.id: Disclosure.RESTRICTED for need in needs}
    for need_id, built_in in rows:
        if built_in is BuiltIn.DONORS:
            found[need_id] = Disclosure.OPEN
        elif found[need_id] is Disclosure.RESTRICTED:
            found[need_id] = Disclosure.PARTNERS
    return found


def _names(session: Session, needs: Sequence[Need]) -> dict[UUID, dict[str, Any]]:
    """References of what each need points to, read in two statements for all of them."""
    residual, merged, officer, deputy = aliased(Need), aliased(Need), aliased(User), aliased(User)
    ids = [need.id for need in needs]
    rows = session.execute(
        select(Need.id, officer.email, deputy.email, residual.ref, merged.ref)
        .outerjoin(officer, officer.id == Need.responsible_id)
        .outerjoin(deputy, deputy.id == Need.deputy_id)
        .outerjoin(residual, residual.id == Need.residual_of_id)
        .outerjoin(merged, merged.id == Need.merged_into_id)
        .where(Need.id.in_(ids))
    ).all()
    names = ("responsible", "deputy", "residual_of", "merged_into")
    found: dict[UUID, dict[str, Any]] = {
        row[0]: {**dict(zip(names, row[1:], strict=True)), "merged_from": []} for row in rows
    }
    joined = select(Need.merged_into_id, Need.ref).where(Need.merged_into_id.in_(ids))
    for into_id, ref in sorted(session.execute(joined).all(), key=lambda row: row.ref):
        if into_id is not None:
            found[into_id]["merged_from"].append(ref)
    return found
