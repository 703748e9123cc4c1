"""The list's filters as conditions. FULL_ONLY is the one table of what only a full release lets be asked."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from app.access.models import User
from app.assessments import queries as assessments
from app.core import text
from app.core.actor import Actor
from app.core.days import utc_day
from app.core.errors import Invalid, NotPermitted
from app.core.provisions import parse
from app.core.search import matches
from app.needs import search
from app.needs.models import Need, NeedCode, NeedRevision, ReleaseFields
from app.needs.schemas import NeedFilter
from app.practices.citing import cites
from app.vocabularies.models import Term
from app.vocabularies.queries import check_codes

# Filters, facets and orders on these see a row as if it said nothing there, unless its release is a full one.
FULL_ONLY = frozenset({"country", "assistance_type", "instrument", "provision", "clause", "wanted_by"})
OFFICERS_ONLY = ("assessment", "beneficiary_kind", "responsible")
CODED: Mapping[str, str] = {
    "theme": "themes",
    "region": "regions",
    "country": "countries",
    "dimension": "dimensions",
    "function": "functions",
    "weapon": "weapons",
    "assistance_type": "assistance_types",
    "instrument": "instruments",
}


@dataclass(frozen=True, slots=True)
class Sight:
    """The columns that `visible` adds: which fields of the row are shown, and since when it is as it is."""

    actor: Actor
    fields: ColumnElement[Any]
    since: ColumnElement[datetime]

    def if_full(self, condition: ColumnElement[bool]) -> ColumnElement[bool]:
        return condition if self.actor.is_cted else and_(self.is_full, condition)

    @property
    def is_full(self) -> ColumnElement[bool]:
        return self.fields == ReleaseFields.FULL


def refuse_foreign(actor: Actor, wanted: NeedFilter) -> None:
    """Raise NotPermitted where somebody outside CTED asks by what is never released."""
    asked = [name for name in OFFICERS_ONLY if getattr(wanted, name)]
    if asked and not actor.is_cted:
        raise NotPermitted(f"Only officers filter by {', '.join(asked)}")


def conditions(session: Session, sight: Sight, wanted: NeedFilter) -> dict[str, ColumnElement[bool]]:
    """One condition for each filter that was given, by its name. Raises Invalid for what does not exist."""
    found = dict(_all(session, sight, wanted))
    return {name: sight.if_full(given) if name in FULL_ONLY else given for name, given in found.items()}


def _all(session: Session, sight: Sight, wanted: NeedFilter) -> Iterator[tuple[str, ColumnElement[bool]]]:
    if wanted.q:
        yield "q", search.answers(sight.actor, text.query(wanted.q), sight.fields)
    for name, field in CODED.items():
        if codes := getattr(wanted, name):
            yield name, _has_code(field, _known(session, name, codes))
    yield from _of_citations(session, wanted)
    if wanted.priority:
        yield "priority", NeedRevision.priority.in_(wanted.priority)
    if wanted.status:
        yield "status", Need.status.in_(wanted.status)
    if wanted.since:
        yield "since", _since(sight, wanted.since)
    yield from _of_officers(session, sight.actor, wanted)


def _of_citations(session: Session, wanted: NeedFilter) -> Iterator[tuple[str, ColumnElement[bool]]]:
    if wanted.provision:
        yield "provision", _cites(session, wanted.provision)
    if wanted.clause:
        yield "clause", or_(*(cites(NeedRevision.clauses, clause) for clause in wanted.clause))


def _of_officers(session: Session, actor: Actor, wanted: NeedFilter) -> Iterator[tuple[str, ColumnElement[bool]]]:
    if wanted.beneficiary_kind:
        yield "beneficiary_kind", NeedRevision.beneficiary_kind.in_(wanted.beneficiary_kind)
    if wanted.assessment:
        found = {name: assessments.find(session, actor, name) for name in wanted.assessment}
        for name, assessment in found.items():
            if assessment is None:
                raise Invalid.field("assessment", f"There is no assessment {name!r}")
        yield "assessment", Need.assessment_id.in_([one.id for one in found.values() if one])
    if wanted.responsible:
        yield "responsible", _answered_by(actor, wanted.responsible)


def _answered_by(actor: Actor, names: Sequence[str]) -> ColumnElement[bool]:
    """`me`, or officers by address; a deputy answers too."""
    addresses = [name.lower() for name in names]
    people = select(User.id).where(User.email.in_(addresses))
    mine = [actor.user_id] if "me" in addresses else []
    return (
        Need.responsible_id.in_(people)
        | Need.deputy_id.in_(people)
        | Need.responsible_id.in_(mine)
        | Need.deputy_id.in_(mine)
    )


def _known(session: Session, name: str, codes: list[str]) -> Sequence[str]:
    """The codes themselves, or for a region those of all that lies in it. Raises Invalid for an unknown one."""
    if name == "instrument":
        for code in codes:
            check_codes(session, "resolution" if code.isdecimal() else "instrument", [code], name)
        return codes
    check_codes(session, name, codes, name)
    return _within(session, codes) if name == "region" else codes


def _within(session: Session, regions: list[str]) -> Sequence[str]:
    parents = session.execute(select(Term.code, Term.parent).where(Term.kind == "region")).all()
    found, added = set(regions), set(regions)
    while added:
        added = {code for code, parent in parents if parent in added} - found
        found |= added
    return sorted(found)


def _has_code(field: str, codes: Sequence[str]) -> ColumnElement[bool]:
    holding = select(NeedCode.revision_id).where(NeedCode.field == field, NeedCode.code.in_(codes))
    return NeedRevision.id.in_(holding)


def _cites(session: Session, names: list[str]) -> ColumnElement[bool]:
    cited = [parse(name) for name in names]
    for provision in filter(None, cited):
        kind = "resolution" if provision.instrument.isdecimal() else "instrument"
        check_codes(session, kind, [provision.instrument], "provision")
    tokens = frozenset(provision.token for provision in cited if provision)
    if None in cited:
        raise Invalid.field("provision", "Write a provision as 2370, as 2370:6 or as OP 6 of 2370")
    return matches(NeedRevision.full_tokens, text.Query((tokens,)))


def _since(sight: Sight, day: date) -> ColumnElement[bool]:
    if sight.actor.is_cted:
        return Need.changed_at >= datetime.combine(day, time(), UTC)
    return utc_day(sight.since) >= day
