"""Every SELECT on programmes. Each starts from `visible`; views hold the fields that the reader may see."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, and_, case, func, literal, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from app.core import text
from app.core.actor import Actor, Role
from app.core.days import utc_day
from app.core.db import utc_now
from app.core.errors import Invalid, NotFound
from app.core.fields import is_storable
from app.core.http import etag_of
from app.core.paging import Found, Key, Paging, paginate
from app.core.search import matches
from app.organizations.models import Organization
from app.programmes import geography
from app.programmes.models import (
    Freshness,
    Programme,
    ProgrammeCode,
    ProgrammePartner,
    ProgrammeSearch,
    ProgrammeStatus,
    Provenance,
)
from app.programmes.schemas import (
    CoverageOut,
    OriginOut,
    PartnerOut,
    ProgrammeFilter,
    ProgrammeOwn,
    ProgrammePublic,
    ProgrammeSort,
    ProgrammeView,
)
from app.vocabularies.queries import check_codes

DUE = timedelta(days=30)
STALE = timedelta(days=90)
# The vocabulary of each field of codes.
CODES = {
    "themes": "theme",
    "dimensions": "dimension",
    "functions": "function",
    "weapons": "weapon",
    "assistance_types": "assistance_type",
    "languages": "language",
    "regions": "region",
    "countries": "country",
    "excluded": "country",
}
_FILTERED = {
    "theme": "themes",
    "dimension": "dimensions",
    "function": "functions",
    "weapon": "weapons",
    "assistance_type": "assistance_types",
}
_FACETS = {**_FILTERED, "region": "regions"}
LOADED = (
    joinedload(Programme.organization),
    selectinload(Programme.codes),
    selectinload(Programme.members_of),
    selectinload(Programme.partners).joinedload(ProgrammePartner.organization),
    selectinload(Programme.merged_into),
)


def visible(actor: Actor, on: date | None = None) -> Select[Programme]:
    """CTED sees all, a partner the live ones and its own of any status, a donor the live ones on that day."""
    statement = select(Programme)
    if actor.is_cted:
        return statement
    shown = is_live(on or today())
    if actor.role is Role.PARTNER:
        shown = or_(shown, Programme.organization_id == actor.organization_id)
    return statement.where(shown)


def is_live(on: date) -> ColumnElement[bool]:
    """Active, not ended by its dates, and not stale."""
    return and_(
        Programme.status == ProgrammeStatus.ACTIVE,
        func.coalesce(Programme.actual_ends_on, Programme.ends_on, on) >= on,
        Programme.assured_until > on - STALE,
    )


def lives(programme: Programme, on: date) -> bool:
    """Whether `is_live` is true of a programme that was read."""
    ends = programme.actual_ends_on or programme.ends_on or on
    return programme.status is ProgrammeStatus.ACTIVE and ends >= on and programme.assured_until > on - STALE


def freshness(programme: Programme, on: date) -> Freshness:
    """How long ago, or how soon, its assurance ends."""
    left = programme.assured_until - on
    if left <= -STALE:
        return Freshness.STALE
    if left < timedelta(0):
        return Freshness.OVERDUE
    return Freshness.DUE if left <= DUE else Freshness.FRESH


def get(session: Session, actor: Actor, ref: str, on: date | None = None) -> Programme:
    """Return the programme `ref`, loaded whole. Raises NotFound for one that the actor may not see."""
    mine = visible(actor, on).options(*LOADED)
    if is_storable(ref) and (found := session.scalar(mine.where(Programme.ref == ref))):
        return found
    raise NotFound("There is no such programme")


def may_read_whole(actor: Actor, programme: Programme) -> bool:
    """Whether the actor sees every field of it."""
    own = actor.role is Role.PARTNER and programme.organization_id == actor.organization_id
    return actor.is_cted or own


def view(actor: Actor, programme: Programme, on: date | None = None) -> ProgrammeView:
    """What the actor sees of a programme. Its tag is the version, or for others a hash of what is shown."""
    day = on or today()
    if may_read_whole(actor, programme):
        return whole(actor, programme, day)
    shown = ProgrammePublic(**_public(programme, day))
    return shown.model_copy(update={"etag": etag_of(shown.model_dump(mode="json"))})


def whole(actor: Actor, programme: Programme, on: date) -> ProgrammeOwn:
    """Every field of a programme, for those who may read it whole."""
    return ProgrammeOwn(
        **_public(programme, on),
        excluded=_codes(programme, "excluded"),
        eligibility_notes=programme.eligibility_notes,
        capacity=programme.capacity,
        merged_into=_merged_into(actor, programme, on),
        contradictions=contradictions(programme, on),
        created_at=programme.created_at,
        changed_at=programme.changed_at,
    ).model_copy(update={"etag": etag_of(programme.version)})


def contradictions(programme: Programme, on: date) -> list[str]:
    """Where the status and the dates disagree, in words."""
    if programme.merged_into_id is not None:
        return []
    ends = programme.actual_ends_on or programme.ends_on
    starts = programme.actual_starts_on or programme.starts_on
    status, closed = programme.status, programme.calls_close_on
    active, ended = status is ProgrammeStatus.ACTIVE, status is ProgrammeStatus.ENDED
    found = {
        f"It is {status}, but its dates say that it ended on {ends}": not ended and ends and ends < on,
        f"It is active, but its dates say that it starts on {starts}": active and starts and starts > on,
        f"It is active, but its calls closed on {closed}": active and closed and closed < on,
        f"It is ended, but its dates say that it runs until {ends}": ended and ends and ends > on,
    }
    return [said for said, applies in found.items() if applies]


def search(session: Session, actor: Actor, wanted: ProgrammeFilter, on: date | None = None) -> Select[Programme]:
    """Select what the actor may see of what is wanted. Raises Invalid for a code that does not exist."""
    day = on or today()
    statement = visible(actor, day)
    for name, field in _FILTERED.items():
        if codes := getattr(wanted, name):
            check_codes(session, CODES[field], codes, name)
            statement = statement.where(_has(field, codes))
    if wanted.kind:
        statement = statement.where(Programme.kind.in_(wanted.kind))
    if wanted.status:
        statement = statement.where(Programme.status.in_(wanted.status))
    if wanted.freshness:
        statement = statement.where(_freshness_on(day).in_([each.value for each in wanted.freshness]))
    if wanted.organization:
        refs = [ref for ref in wanted.organization if is_storable(ref)]
        named = select(Organization.id).where(Organization.ref.in_(refs))
        statement = statement.where(Programme.organization_id.in_(named))
    return _in_words(_in_places(session, actor, statement, wanted, day), wanted.q)


def page(
    session: Session, actor: Actor, wanted: ProgrammeFilter, paging: Paging, on: date | None = None
) -> tuple[list[ProgrammeView], Found]:
    """Return one page of views in the wanted order, and what the paging knows."""
    statement = search(session, actor, wanted, on).options(*LOADED)
    found = paginate(session, statement, [_order(actor, wanted.sort), Key(Programme.id)], paging)
    return [view(actor, row.Programme, on) for row in found.rows], found


def to_assure(
    session: Session, actor: Actor, limit: int, on: date | None = None
) -> tuple[list[ProgrammeOwn], int]:
    """What the actor keeps and has to assure within 30 days or is late with, the latest first; and how many."""
    day = on or today()
    kept = Programme.organization_id == actor.organization_id
    if actor.is_cted:
        kept = or_(kept, Programme.provenance == Provenance.PUBLIC_SOURCES)
    in_use = Programme.status.in_([ProgrammeStatus.ACTIVE, ProgrammeStatus.SUSPENDED])
    due = visible(actor, day).where(kept, in_use, Programme.assured_until <= day + DUE)
    total = session.scalar(due.with_only_columns(func.count())) or 0
    first = due.options(*LOADED).order_by(Programme.assured_until, Programme.ref).limit(limit)
    return [whole(actor, programme, day) for programme in session.scalars(first)], total


def every(session: Session, actor: Actor, wanted: ProgrammeFilter) -> Iterator[ProgrammeView]:
    """All pages of what is wanted, one after the other, for an export."""
    paging: Paging | None = Paging(limit=1000)
    while paging:
        views, found = page(session, actor, wanted, paging)
        yield from views
        paging = Paging(limit=1000, cursor=found.next) if found.next else None


def facets(
    session: Session, actor: Actor, wanted: ProgrammeFilter, on: date | None = None
) -> dict[str, dict[str, int]]:
    """Count what the actor may see of what is wanted, by field and code."""
    day = on or today()
    found = search(session, actor, wanted, day).with_only_columns(Programme.id)
    counted = select(ProgrammeCode.field, ProgrammeCode.code, func.count()).where(
        ProgrammeCode.programme_id.in_(found), ProgrammeCode.field.in_(_FACETS.values())
    )
    by_field: dict[str, dict[str, int]] = {field: {} for field in _FACETS.values()}
    for field, code, count in session.execute(counted.group_by(ProgrammeCode.field, ProgrammeCode.code)):
        by_field[field][code] = count
    columns: dict[str, SQLColumnExpression[Any]] = {
        "kind": Programme.kind,
        "status": Programme.status,
        "organization": Organization.ref,
        "freshness": _freshness_on(day),
    }
    counts = {name: _most_first(by_field[field]) for name, field in _FACETS.items()}
    return counts | {name: _counted(session, found, column) for name, column in columns.items()}


def to_merge_into(session: Session, actor: Actor, ref: str) -> Programme:
    """Return the programme that a merge names. Raises Invalid for one that the actor may not see."""
    try:
        return get(session, actor, ref)
    except NotFound:
        raise Invalid.field(
            "/into", f"There is no programme {ref!r}; name the one that stays, by its ref"
        ) from None


def today() -> date:
    return utc_now().date()


def _order(actor: Actor, wanted: ProgrammeSort) -> Key:
    """The first key of an order. A cursor tells its values: outside CTED a day and not a moment."""
    made = Key(Programme.created_at if actor.is_cted else utc_day(Programme.created_at))
    return {
        ProgrammeSort.NEWEST: replace(made, descending=True),
        ProgrammeSort.OLDEST: made,
        ProgrammeSort.TITLE: Key(Programme.title),
        ProgrammeSort.LEAST_ASSURED: Key(Programme.assured_until),
    }[wanted]


def _merged_into(actor: Actor, programme: Programme, on: date) -> str | None:
    """The programme that this one was merged into, where the actor may see that one too."""
    into = programme.merged_into
    if into is None or not (may_read_whole(actor, into) or lives(into, on)):
        return None
    return into.ref


def _public(programme: Programme, on: date) -> dict[str, Any]:
    """The fields that every reader of a live programme may see."""
    codes = {field: _codes(programme, field) for field in CODES if field != "excluded"}
    coverage = CoverageOut(
        is_global=programme.is_global,
        regions=codes.pop("regions"),
        countries=codes.pop("countries"),
        members_of=sorted(body.ref for body in programme.members_of),
    )
    return {
        **{name: getattr(programme, name) for name in _PLAIN},
        **codes,
        "organization": programme.organization.ref,
        "organization_name": programme.organization.name,
        "coverage": coverage,
        "partners": [PartnerOut(organization=p.organization.ref, role=p.role) for p in programme.partners],
        "applies": programme.applicant,
        "provenance": OriginOut(
            kind=programme.provenance,
            source_url=programme.source_url,
            caveat=programme.caveat,
            verification=programme.verification,
        ),
        "freshness": freshness(programme, on),
    }


_PLAIN = (
    "ref", "kind", "external_id", "title", "summary", "activities", "language", "starts_on", "ends_on",
    "actual_starts_on", "actual_ends_on", "budget", "currency", "funding", "web_page", "calls_open_on",
    "calls_close_on", "ceiling", "illustrative", "status", "assured_until", "clauses",
)  # fmt: skip


def _codes(programme: Programme, field: str) -> list[str]:
    return [code.code for code in programme.codes if code.field == field]


def _has(field: str, codes: list[str]) -> ColumnElement[bool]:
    rows = select(ProgrammeCode.programme_id).where(ProgrammeCode.field == field, ProgrammeCode.code.in_(codes))
    return Programme.id.in_(rows)


def _in_places(
    session: Session, actor: Actor, statement: Select[Programme], wanted: ProgrammeFilter, on: date
) -> Select[Programme]:
    """Keep what serves one of the countries and somewhere in one of the regions."""
    if not (wanted.country or wanted.region):
        return statement
    check_codes(session, "country", wanted.country, "country")
    check_codes(session, "region", wanted.region, "region")
    world = geography.read(session)
    if wanted.country:
        statement = statement.where(or_(*(geography.serves_country(world, code, on) for code in wanted.country)))
        if actor.is_cted:  # for others this would tell what they may not see
            statement = statement.where(or_(*(~_has("excluded", [code]) for code in wanted.country)))
    if wanted.region:
        statement = statement.where(or_(*(geography.serves_region(world, code, on) for code in wanted.region)))
    return statement


def _in_words(statement: Select[Programme], q: str) -> Select[Programme]:
    if not q.strip():
        return statement
    found = select(ProgrammeSearch.programme_id).where(matches(ProgrammeSearch.tokens, text.query(q)))
    return statement.where(Programme.id.in_(found))


def _freshness_on(on: date) -> ColumnElement[str]:
    until = Programme.assured_until
    return case(
        (until <= on - STALE, literal(Freshness.STALE.value)),
        (until < on, literal(Freshness.OVERDUE.value)),
        (until <= on + DUE, literal(Freshness.DUE.value)),
        else_=literal(Freshness.FRESH.value),
    )


def _counted(session: Session, found: Select[Any], column: SQLColumnExpression[Any]) -> dict[str, int]:
    rows = select(column, func.count()).select_from(Programme).join(Programme.organization)
    counts = session.execute(rows.where(Programme.id.in_(found)).group_by(column))
    return _most_first({str(code): count for code, count in counts})


def _most_first(counts: dict[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
