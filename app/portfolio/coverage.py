"""Theme × region: open needs, live programmes, and needs without any, over what the reader may see.

Counted from codes, never from pairings. What a summary keeps back is not looked at: a need that shows its region
alone is without programmes when its region is.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import CTE, Select, and_, distinct, func, or_, select
from sqlalchemy.orm import Session, aliased

from app.core.actor import Actor
from app.needs import queries as needs
from app.needs.models import Need, NeedCode, NeedRevision, NeedStatus, ReleaseFields
from app.organizations.models import Membership
from app.portfolio.schemas import Cell, Coverage
from app.programmes import geography
from app.programmes import queries as programmes
from app.programmes.geography import World
from app.programmes.models import Programme, ProgrammeCode, ProgrammeKind, ProgrammeMembersOf
from app.vocabularies.models import Term

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Offered:
    """What live programmes have: how many for a theme in a region, and the States that a theme serves."""

    by_cell: Mapping[Pair, int]
    everywhere: Mapping[str, int]
    states: frozenset[Pair]

    def count(self, theme: str, region: str) -> int:
        return self.by_cell.get((theme, region), 0) + self.everywhere.get(theme, 0)

    def serves(self, theme: str, region: str, states: str | None) -> bool:
        """Whether a need of `theme` has a programme: for one of its States where they are known, or its region."""
        if not states or theme in self.everywhere:
            return self.count(theme, region) > 0
        return any((theme, state) in self.states for state in states.split())


def coverage(session: Session, actor: Actor, on: date | None = None) -> Coverage:
    """Count what the actor may see, cell by cell; cells with nothing in them are left out."""
    day = on or programmes.today()
    world, wanted, live = geography.read(session), _open_needs(actor), _live(actor, day)
    stated = _stated(session, wanted)
    shown = {home for home in world.countries.values() if home} | {region for _, region, _, _ in stated}
    offered = Offered(
        _by_cell(session, live, shown, day), _everywhere(session, live), _states(session, live, world, day)
    )
    return Coverage(
        day=day,
        cells=_cells(stated, offered, shown),
        regions=_in_order(session, "region", shown),
        themes=_in_order(session, "theme", None),
        needs=session.scalar(select(func.count()).select_from(wanted)) or 0,
        programmes=session.scalar(select(func.count()).select_from(live)) or 0,
    )


def _open_needs(actor: Actor) -> CTE:
    """(id, revision_id, fields) of the open needs that the actor sees, each at what it is shown of it."""
    seen = needs.visible(actor)
    columns = Need.id, NeedRevision.id.label("revision_id"), seen.selected_columns["fields"]
    return seen.where(Need.status == NeedStatus.OPEN).with_only_columns(*columns).cte("wanted")


def _live(actor: Actor, on: date) -> CTE:
    """(id, is_global) of the live programmes that the actor sees; funds are ways to pay and not among them."""
    seen = programmes.visible(actor, on).where(programmes.is_live(on), Programme.kind != ProgrammeKind.FUND)
    return seen.with_only_columns(Programme.id, Programme.is_global).cte("live")


def _stated(session: Session, wanted: CTE) -> list[tuple[str, str, str | None, int]]:
    """(theme, region, States in it as far as shown, how many needs): one row a pattern, not a need."""
    theme, region, state, home = aliased(NeedCode), aliased(NeedCode), aliased(NeedCode), aliased(Term)
    shown = and_(
        state.revision_id == wanted.c.revision_id,
        state.field == "countries",
        wanted.c.fields == ReleaseFields.FULL,
    )
    in_region = and_(home.kind == "country", home.code == state.code, home.parent == region.code)
    states = func.aggregate_strings(home.code, " ").label("states")
    each = (
        select(theme.code.label("theme"), region.code.label("region"), states)
        .select_from(wanted)
        .join(theme, and_(theme.revision_id == wanted.c.revision_id, theme.field == "themes"))
        .join(region, and_(region.revision_id == wanted.c.revision_id, region.field == "regions"))
        .outerjoin(state, shown)
        .outerjoin(home, in_region)
        .group_by(wanted.c.id, theme.code, region.code)
        .subquery()
    )
    rows = select(each.c.theme, each.c.region, each.c.states, func.count())
    return [
        (row[0], row[1], row[2], row[3])
        for row in session.execute(rows.group_by(each.c.theme, each.c.region, each.c.states))
    ]


def _by_cell(session: Session, live: CTE, shown: set[str], on: date) -> dict[Pair, int]:
    """Programmes by theme and region, those that serve everywhere apart; each counts once in a region."""
    below, theme = _below(), aliased(ProgrammeCode)
    places = _places(live, below, on)
    counted = (
        select(theme.code, below.c.ancestor, func.count(distinct(places.c.programme_id)))
        .select_from(places)
        .join(below, below.c.region == places.c.region)
        .join(theme, and_(theme.programme_id == places.c.programme_id, theme.field == "themes"))
        .where(below.c.ancestor.in_(sorted(shown)))
        .group_by(theme.code, below.c.ancestor)
    )
    return {(row[0], row[1]): row[2] for row in session.execute(counted)}


def _below() -> CTE:
    """(ancestor, region): each region with itself and those that lie in it."""
    regions = select(Term.code.label("ancestor"), Term.code.label("region")).where(Term.kind == "region")
    tree = regions.cte("below", recursive=True)
    inner = select(tree.c.ancestor, Term.code).join(
        Term, and_(Term.kind == "region", Term.parent == tree.c.region)
    )
    return tree.union(inner)


def _places(live: CTE, below: CTE, on: date) -> CTE:
    """(programme_id, region): where each programme that is not global serves, at any depth of the tree."""
    local = ProgrammeCode.programme_id.in_(select(live.c.id).where(~live.c.is_global))
    regions = select(ProgrammeCode.programme_id, below.c.region).join(
        below, below.c.ancestor == ProgrammeCode.code
    )
    home = and_(Term.kind == "country", Term.code == ProgrammeCode.code)
    countries = select(ProgrammeCode.programme_id, Term.parent).join(Term, home)
    bodies = _members(live, on).with_only_columns(ProgrammeMembersOf.programme_id, Term.parent)
    return (
        regions.where(ProgrammeCode.field == "regions", local)
        .union(
            countries.where(ProgrammeCode.field == "countries", local, Term.parent.is_not(None)),
            bodies.where(Term.parent.is_not(None), ~live.c.is_global),
        )
        .cte("places")
    )


def _members(live: CTE, on: date) -> Select[Any]:
    """The member States on a day of the bodies that live programmes serve."""
    valid = and_(
        or_(Membership.from_on.is_(None), Membership.from_on <= on),
        or_(Membership.until_on.is_(None), Membership.until_on > on),
    )
    return (
        select(ProgrammeMembersOf.programme_id)
        .join(live, live.c.id == ProgrammeMembersOf.programme_id)
        .join(Membership, and_(Membership.organization_id == ProgrammeMembersOf.organization_id, valid))
        .join(Term, and_(Term.kind == "country", Term.code == Membership.country_code))
    )


def _everywhere(session: Session, live: CTE) -> dict[str, int]:
    counted = select(ProgrammeCode.code, func.count()).join(live, live.c.id == ProgrammeCode.programme_id)
    rows = counted.where(ProgrammeCode.field == "themes", live.c.is_global).group_by(ProgrammeCode.code)
    return {row[0]: row[1] for row in session.execute(rows)}


def _states(session: Session, live: CTE, world: World, on: date) -> frozenset[Pair]:
    """(theme, State) served: read as distinct codes, of which there are few, and spread over the regions' tree."""
    theme, place = aliased(ProgrammeCode), aliased(ProgrammeCode)
    of = select(theme.code, place.field, place.code).distinct().join(live, live.c.id == theme.programme_id)
    named = of.join(place, place.programme_id == theme.programme_id)
    named = named.where(theme.field == "themes", place.field.in_(("regions", "countries")))
    bodies = _members(live, on).join(theme, theme.programme_id == live.c.id).where(theme.field == "themes")
    members = bodies.with_only_columns(theme.code, Membership.country_code).distinct()
    within = {region: world.within(region) for region in world.regions}
    found: set[Pair] = {(row[0], row[1]) for row in session.execute(members)}
    for code, field, where in session.execute(named):
        found |= {(code, state) for state in (within[where] if field == "regions" else (where,))}
    return frozenset(found)


def _cells(stated: list[tuple[str, str, str | None, int]], offered: Offered, shown: set[str]) -> list[Cell]:
    counts: Counter[Pair] = Counter()
    without: Counter[Pair] = Counter()
    for theme, region, states, number in stated:
        counts[theme, region] += number
        if not offered.serves(theme, region, states):
            without[theme, region] += number
    spread = {(theme, region) for theme in offered.everywhere for region in shown}
    return [
        Cell(
            theme=theme,
            region=region,
            needs=counts[theme, region],
            programmes=offered.count(theme, region),
            without=without[theme, region],
        )
        for theme, region in sorted({*counts, *offered.by_cell, *spread})
    ]


def _in_order(session: Session, kind: str, only: set[str] | None) -> list[str]:
    """The codes of a vocabulary in its own order, or those of them that are in `only`."""
    codes = session.scalars(select(Term.code).where(Term.kind == kind).order_by(Term.position, Term.code))
    return [code for code in codes if only is None or code in only]
