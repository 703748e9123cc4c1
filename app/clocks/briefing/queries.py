"""Every SELECT on briefings: figures of two periods in a few statements, and the annex as it is released."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Subquery, and_, case, false, func, literal, select, union_all
from sqlalchemy.orm import Session, joinedload, selectinload

from app.clocks.briefing.figures import FIGURES, within
from app.clocks.briefing.models import Briefing
from app.clocks.briefing.regions import folded
from app.clocks.briefing.schemas import (
    Annex,
    BriefingFilter,
    BriefingOut,
    Count,
    DeclinedOut,
    Figure,
    FigureOut,
    GivenOut,
    Period,
    Row,
)
from app.core.actor import Actor
from app.core.calendar import add_months
from app.core.db import utc_now
from app.core.errors import Invalid, NotFound
from app.core.fields import is_storable
from app.core.paging import Found, Key, Paging, paginate
from app.core.settings import Settings
from app.needs.models import Need, NeedCode, NeedRevision, NeedStatus, Release, ReleaseException, ReleaseFields
from app.needs.shown import as_released
from app.needs.sight import in_force
from app.organizations.models import Group, Organization
from app.organizations.queries import members_at
from app.referrals.models import DeclineReason, LineStatus, ReferralLine
from app.vocabularies import queries as vocabularies

NOW, BEFORE = "now", "before"
NEWEST_FIRST = (
    Key(Briefing.given_on, descending=True),
    Key(Briefing.recorded_at, descending=True),
    Key(Briefing.id),
)
Counts = Mapping[str, int]


def visible(actor: Actor) -> Select[Briefing]:
    """Briefings are CTED's to read."""
    return select(Briefing) if actor.is_cted else select(Briefing).where(false())


def given(session: Session, actor: Actor, paging: Paging) -> Found:
    """One page of the briefings that were given, newest first."""
    return paginate(session, visible(actor), NEWEST_FIRST, paging)


def get(session: Session, actor: Actor, briefing_id: UUID) -> Briefing:
    """Return one briefing that was given. Raises NotFound."""
    if found := session.scalar(visible(actor).where(Briefing.id == briefing_id)):
        return found
    raise NotFound("There is no such briefing")


def shown(briefing: Briefing) -> GivenOut:
    period = Period(from_on=briefing.from_on, until_on=briefing.until_on)
    return GivenOut(
        id=briefing.id,
        period=period,
        given_on=briefing.given_on,
        note=briefing.note,
        recorded_at=briefing.recorded_at,
    )


def period_of(
    session: Session, actor: Actor, wanted: BriefingFilter, settings: Settings, today: date | None = None
) -> Period:
    """The period that is asked for; unsaid, from the day after the last briefing's until today. Raises Invalid."""
    now = today or utc_now().date()
    until = wanted.until_on or now
    if until > now:
        raise Invalid.field("to", "A period ends today at the latest")
    begun = wanted.from_on or min(_next_from(session, actor, until, settings), until)
    if begun > until:
        raise Invalid.field("from", "A period begins before it ends")
    return Period(from_on=begun, until_on=until)


def previous_of(session: Session, actor: Actor, period: Period) -> Period:
    """What it is compared with: the briefing given of the days before, or else as many days."""
    until = period.from_on - timedelta(days=1)
    before = visible(actor).where(Briefing.until_on == until).order_by(Briefing.given_on.desc()).limit(1)
    if last := session.scalar(before):
        return Period(from_on=last.from_on, until_on=until)
    return Period(from_on=until - (period.until_on - period.from_on), until_on=until)


def briefing(
    session: Session, actor: Actor, period: Period, settings: Settings, group: str | None = None
) -> BriefingOut:
    """Count a period and the one before, and annex what a group may see. Raises Invalid for an unknown group."""
    previous = previous_of(session, actor, period)
    units = _units(actor, {NOW: period, BEFORE: previous}, settings.unsupported_days)
    totals, illustrative = _totals(session, units)
    labels = vocabularies.labels(session, "en")
    return BriefingOut(
        period=period,
        previous=previous,
        figures=[
            FigureOut(figure=name, title=figure.title, **totals.get(name, {})) for name, figure in FIGURES.items()
        ],
        declined=_declined(session, actor, period, previous),
        regions=_rows(session, units, "regions", "region", labels, folded(session)),
        themes=_rows(session, units, "themes", "theme", labels, {}),
        illustrative=illustrative,
        annex=annex(session, actor, group or settings.briefing_group, must_exist=group is not None),
    )


def annex(session: Session, actor: Actor, group_ref: str, must_exist: bool = True) -> Annex | None:
    """The needs that a group may see now, as its best release shows each; None where there is no such group.

    The whole group reads the annex, so a release that leaves out one of its present members is left out.
    """
    group = session.scalar(select(Group).where(Group.ref == group_ref)) if is_storable(group_ref) else None
    if group is None and must_exist:
        raise Invalid.field("group", f"There is no group {group_ref[:60]!r}")
    if group is None or not actor.is_cted:
        return None
    rows = session.execute(_released_to(group)).unique().all()
    return Annex(group=group.ref, needs=[as_released(*row) for row in rows])


def _next_from(session: Session, actor: Actor, until: date, settings: Settings) -> date:
    last = session.scalar(visible(actor).order_by(*(key.column.desc() for key in NEWEST_FIRST[:2])).limit(1))
    day = last.until_on if last else add_months(until, -settings.briefing_months)
    return day + timedelta(days=1)


def _units(actor: Actor, periods: Mapping[str, Period], unsupported_days: int) -> Subquery:
    """(figure, period, unit_id, need_id) of everything that is counted, in one statement for all figures."""
    each = []
    for name, figure in FIGURES.items():
        for called, period in periods.items():
            units = figure.units(period, unsupported_days).subquery()
            each.append(select(literal(name.value).label("figure"), literal(called).label("period"), units))
    found = union_all(*each).subquery()
    every = select(found) if actor.is_cted else select(found).where(false())
    return every.subquery("units")


def _totals(session: Session, units: Subquery) -> tuple[dict[str, dict[str, int]], int]:
    """The count of each figure by period, and how many units of this period are of illustrative needs."""
    invented = func.sum(case((Need.illustrative.is_(True), 1), else_=0))
    counted = select(units.c.figure, units.c.period, func.count(), invented).join(Need, Need.id == units.c.need_id)
    totals: dict[str, dict[str, int]] = defaultdict(dict)
    illustrative = 0
    for figure, period, count, of_them in session.execute(counted.group_by(units.c.figure, units.c.period)):
        totals[figure][period] = count
        illustrative += of_them if period == NOW else 0
    return totals, illustrative


def _declined(session: Session, actor: Actor, period: Period, previous: Period) -> list[DeclinedOut]:
    """How many lines were declined for each reason; reasons that nobody gave are left out."""
    each = []
    for called, days in ((NOW, period), (BEFORE, previous)):
        ended = (
            ReferralLine.status == LineStatus.DECLINED,
            within(ReferralLine.ended_at, days),
            literal(actor.is_cted),
        )
        counted = select(ReferralLine.decline_reason, literal(called), func.count()).where(*ended)
        each.append(counted.group_by(ReferralLine.decline_reason))
    counts: dict[str | None, dict[str, int]] = defaultdict(dict)
    for reason, called, count in session.execute(union_all(*each)):
        counts[reason][called] = count
    return [DeclinedOut(reason=reason, **counts[reason]) for reason in DeclineReason if reason in counts]


def _rows(
    session: Session,
    units: Subquery,
    field: str,
    kind: str,
    labels: Mapping[tuple[str, str], str],
    under: Mapping[str, str],
) -> list[Row]:
    """The figures by the codes that needs have now in one field, in the vocabulary's order; then those without."""
    newest = and_(NeedRevision.need_id == Need.id, NeedRevision.number == Need.revision)
    coded = and_(NeedCode.revision_id == NeedRevision.id, NeedCode.field == field)
    code = _counted_code(under)
    needs = select(units.c.figure, units.c.period, code, func.count(units.c.unit_id.distinct()))
    joined = needs.select_from(units).join(Need, Need.id == units.c.need_id).join(NeedRevision, newest)
    grouped = joined.outerjoin(NeedCode, coded).group_by(units.c.figure, units.c.period, code)
    counts: dict[str | None, dict[Figure, dict[str, int]]] = defaultdict(lambda: defaultdict(dict))
    for figure, period, found, count in session.execute(grouped):
        counts[found][Figure(figure)][period] = count
    order = [found for own, found in labels if own == kind]
    return [_row(code, labels.get((kind, code), code), counts[code]) for code in _in_order(counts, order)] + [
        _row(None, "Not stated", counts[None]) for _ in [0] if None in counts
    ]


def _counted_code(under: Mapping[str, str]) -> ColumnElement[Any]:
    return case(dict(under), value=NeedCode.code, else_=NeedCode.code) if under else NeedCode.code.expression


def _in_order(found: Iterable[str | None], order: list[str]) -> list[str]:
    places = {code: place for place, code in enumerate(order)}
    return sorted((code for code in found if code is not None), key=lambda code: (places.get(code, -1), code))


def _row(code: str | None, label: str, counts: Mapping[Figure, Counts]) -> Row:
    return Row(code=code, label=label, figures={name: Count(**counts.get(name, {})) for name in FIGURES})


def _released_to(group: Group) -> Select[*tuple[Any, ...]]:
    """(Need, NeedRevision, fields) of the open needs that a group sees: full before summary, newest revision."""
    now = utc_now()
    members = members_at(group, now).with_only_columns(Organization.id)
    excepting = select(ReleaseException.release_id).where(ReleaseException.organization_id.in_(members))
    full_first = case((Release.fields == ReleaseFields.FULL, 0), else_=1)
    place = func.row_number().over(
        partition_by=Release.need_id, order_by=(full_first, Release.revision.desc(), Release.id)
    )
    towards = Release.group_id == group.id, in_force(now), Release.id.not_in(excepting)
    ranked = select(Release.id, place.label("place")).where(*towards).subquery()
    best = select(ranked.c.id).where(ranked.c.place == 1)
    shown_revision = and_(NeedRevision.need_id == Release.need_id, NeedRevision.number == Release.revision)
    rows = select(Need, NeedRevision, Release.fields).join(Release, Release.need_id == Need.id)
    whole = (selectinload(NeedRevision.codes), joinedload(NeedRevision.members_of))
    return (
        rows.join(NeedRevision, shown_revision)
        .where(Release.id.in_(best), Need.status == NeedStatus.OPEN)
        .options(*whole)
        .order_by(Need.ref)
    )
