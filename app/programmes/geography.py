"""Which programmes serve a place: read from their coverage, the regions' tree and bodies' memberships."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from app.organizations.models import Membership
from app.programmes.models import Programme, ProgrammeCode, ProgrammeMembersOf
from app.vocabularies.models import Term


@dataclass(frozen=True, slots=True)
class World:
    """The parent region of every region and country."""

    regions: dict[str, str | None]
    countries: dict[str, str | None]

    def above(self, code: str | None) -> set[str]:
        """`code` and every region that it lies in."""
        found: set[str] = set()
        while code and code not in found:
            found.add(code)
            code = self.regions.get(code)
        return found

    def within(self, region: str) -> set[str]:
        """The countries of a region."""
        return {code for code, parent in self.countries.items() if region in self.above(parent)}


def read(session: Session) -> World:
    """Read the tree of regions and countries."""
    rows = session.execute(select(Term.kind, Term.code, Term.parent).where(Term.kind.in_(("region", "country"))))
    world = World({}, {})
    for kind, code, parent in rows:
        (world.regions if kind == "region" else world.countries)[code] = parent
    return world


def serves_country(world: World, country: str, on: date) -> ColumnElement[bool]:
    """Global, or the country itself, a region that it lies in, or a body of which it is a member on that day."""
    return _serves({country}, world.above(world.countries.get(country)), on)


def serves_region(world: World, region: str, on: date) -> ColumnElement[bool]:
    """Global, or some place in the region, or a region that it lies in."""
    below = {code for code in world.regions if region in world.above(code)}
    return _serves(world.within(region), below | world.above(region), on)


def _serves(countries: set[str], regions: set[str], on: date) -> ColumnElement[bool]:
    named = select(ProgrammeCode.programme_id).where(
        or_(
            (ProgrammeCode.field == "countries") & ProgrammeCode.code.in_(countries),
            (ProgrammeCode.field == "regions") & ProgrammeCode.code.in_(regions),
        )
    )
    through_body = (
        select(ProgrammeMembersOf.programme_id)
        .join(Membership, Membership.organization_id == ProgrammeMembersOf.organization_id)
        .where(
            Membership.country_code.in_(countries),
            or_(Membership.from_on.is_(None), Membership.from_on <= on),
            or_(Membership.until_on.is_(None), Membership.until_on > on),
        )
    )
    return or_(Programme.is_global, Programme.id.in_(named), Programme.id.in_(through_body))
