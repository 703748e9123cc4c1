"""Rows become the matcher's values: needs, programmes, and the places that both are in."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, selectinload

from app.needs.models import NeedRevision
from app.organizations.models import Membership, Organization
from app.pairings.capacity import full_now
from app.programmes.models import Freshness, Programme
from app.programmes.queries import freshness
from app.vocabularies.models import Term
from matching import Model, Place
from matching import Need as StatedNeed
from matching import Programme as Candidate
from matching.knowledge import Membership as Member


@dataclass(frozen=True, slots=True, eq=False)
class Surroundings:
    """What programmes and needs are placed in: who is a member of which body today, and invented States."""

    day: date
    members: tuple[Member, ...]
    invented: Mapping[str, str]


def stated(need_id: object, revision: NeedRevision) -> StatedNeed:
    """A need as the matcher reads it; codes that nobody confirmed are left to be inferred."""
    rows = [(code.field, code.code) for code in revision.codes]
    codes = _by_field(row for row in rows if ":".join(row) not in revision.unconfirmed)
    body = revision.members_of
    return StatedNeed(
        id=str(need_id),
        title=revision.title,
        text=revision.description,
        language=revision.language,
        translations=_translations(revision),
        themes=codes.get("themes", ()),
        dimensions=codes.get("dimensions", ()),
        functions=codes.get("functions", ()),
        weapons=codes.get("weapons", ()),
        assistance_types=codes.get("assistance_types", ()),
        recipient=Place(
            countries=codes.get("countries", ()),
            regions=(revision.region,) if revision.region else (),
            members_of=(body.ref,) if body else (),
            context=revision.context,
        ),
    )


def _translations(revision: NeedRevision) -> tuple[tuple[str, str, str], ...]:
    return tuple(
        (language, str(text.get("title") or ""), str(text.get("description") or ""))
        for language, text in sorted(revision.translations.items())
    )


def candidates(session: Session, on: date, ids: Collection[UUID] | None = None) -> dict[UUID, Candidate]:
    """Programmes as the matcher reads them on a day: all, or those named."""
    statement = select(Programme).options(selectinload(Programme.codes), selectinload(Programme.members_of))
    if ids is not None:
        statement = statement.where(Programme.id.in_(ids))
    rows = session.scalars(statement.execution_options(populate_existing=True))
    full = full_now(session, ids)
    return {programme.id: _candidate(programme, on, programme.id in full) for programme in rows}


def _candidate(programme: Programme, on: date, full: bool) -> Candidate:
    codes = _by_field((code.field, code.code) for code in programme.codes)
    state = freshness(programme, on)
    return Candidate(
        id=str(programme.id),
        title=programme.title,
        summary=programme.summary,
        activities=tuple(programme.activities),
        language=programme.language,
        themes=codes.get("themes", ()),
        dimensions=codes.get("dimensions", ()),
        functions=codes.get("functions", ()),
        weapons=codes.get("weapons", ()),
        assistance_types=codes.get("assistance_types", ()),
        coverage=Place(
            countries=codes.get("countries", ()),
            regions=codes.get("regions", ()),
            members_of=tuple(sorted(body.ref for body in programme.members_of)),
            is_global=programme.is_global,
        ),
        excluded=codes.get("excluded", ()),
        kind=programme.kind.value,
        status=programme.status.value,
        starts_on=programme.actual_starts_on or programme.starts_on,
        ends_on=programme.actual_ends_on or programme.ends_on,
        stale=state is Freshness.STALE,
        full=full,
        overdue=state is Freshness.OVERDUE,
    )


def _by_field(rows: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    fields: dict[str, tuple[str, ...]] = {}
    for field, code in rows:
        fields[field] = (*fields.get(field, ()), code)
    return fields


def surroundings(session: Session, model: Model, today: date) -> Surroundings:
    """Memberships valid today, as rows of the database say, and States that the model does not know."""
    valid = select(Organization.ref, Membership.country_code).join(
        Organization, Organization.id == Membership.organization_id
    )
    valid = valid.where(or_(Membership.from_on.is_(None), Membership.from_on <= today)).where(
        or_(Membership.until_on.is_(None), Membership.until_on > today)
    )
    rows = session.execute(valid.distinct().order_by(Organization.ref, Membership.country_code))
    members = tuple(Member(row.ref, row.country_code, None, None, "") for row in rows)
    countries = session.execute(select(Term.code, Term.parent).where(Term.kind == "country"))
    invented = {
        row.code: row.parent for row in countries if row.parent and row.code not in model.geography.countries
    }
    return Surroundings(today, members, invented)
