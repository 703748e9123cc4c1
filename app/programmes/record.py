"""From what was sent to the record's columns, and from the record to the facts that the audit trail keeps."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from app.core import text
from app.core.errors import FieldError, Invalid
from app.programmes.known import Known
from app.programmes.models import Programme, ProgrammeCode, ProgrammeKind, ProgrammePartner, ProgrammeSearch
from app.programmes.queries import CODES
from app.programmes.schemas import Coverage, Origin, Partner, ProgrammeIn, ProgrammePatch

Values = ProgrammeIn | ProgrammePatch
_PLAIN = (
    "kind", "external_id", "title", "summary", "activities", "language", "eligibility_notes", "starts_on",
    "ends_on", "actual_starts_on", "actual_ends_on", "capacity", "budget", "currency", "funding", "web_page",
    "calls_open_on", "calls_close_on", "ceiling", "illustrative", "clauses",
)  # fmt: skip
_SEARCHED = {"title", "summary", "activities", "language"}


def apply(programme: Programme, values: Values, known: Known) -> None:
    """Write the fields that were sent. Raises Invalid where the whole then contradicts itself."""
    new = programme.version is None
    sent = set(type(values).model_fields) if new else values.model_fields_set
    changed = {name for name in sent.intersection(_PLAIN) if _set(programme, name, getattr(values, name))}
    if "applies" in sent:
        programme.applicant = values.applies
    for field in sent & CODES.keys():
        _set_codes(programme, field, getattr(values, field))
    if "coverage" in sent:
        _set_coverage(programme, values.coverage, known)
    if "partners" in sent:
        _set_partners(programme, values.partners, known)
    _set_origin(programme, values.provenance)
    _check_whole(programme)
    if new or changed & _SEARCHED:
        index(programme)


def index(programme: Programme) -> None:
    """Write what the programme is found by: only what every reader of it sees can be searched."""
    body = "\n".join([programme.summary, *programme.activities])
    found = text.title_tokens(programme.title, programme.language) | text.tokens(body, programme.language)
    if programme.search is None:
        programme.search = ProgrammeSearch(tokens=text.joined(found))
    else:
        programme.search.tokens = text.joined(found)


def reindex(session: Session, ids: Sequence[UUID]) -> Sequence[UUID]:
    """Write anew what these programmes are found by; return those that somebody else is changing just now."""
    free = select(Programme).where(Programme.id.in_(ids)).with_for_update(of=Programme, skip_locked=True)
    found = session.scalars(free.options(selectinload(Programme.search))).all()
    for programme in found:
        index(programme)
    return sorted(set(ids) - {programme.id for programme in found})


def facts(programme: Programme) -> dict[str, Any]:
    """Everything that somebody stated of a programme, by field."""
    return {
        **{name: getattr(programme, name) for name in _PLAIN},
        **{field: [c.code for c in programme.codes if c.field == field] for field in CODES},
        "organization": programme.organization.ref,
        "status": programme.status,
        "global": programme.is_global,
        "members_of": sorted(body.ref for body in programme.members_of),
        "partners": [[p.organization.ref, p.role] for p in programme.partners],
        "applies": programme.applicant,
        "provenance": programme.provenance,
        "source_url": programme.source_url,
        "caveat": programme.caveat,
        "verification": programme.verification,
        "assured_until": programme.assured_until,
        "merged_into": programme.merged_into.ref if programme.merged_into else None,
    }


def _set(programme: Programme, name: str, value: Any) -> bool:
    """Set one column; return whether that changed it."""
    if getattr(programme, name) == value:
        return False
    setattr(programme, name, value)
    return True


def _set_codes(programme: Programme, field: str, codes: Sequence[str]) -> None:
    """Keep the rows of codes that stay, so that none is deleted and inserted under the same key."""
    kept = {row.code: row for row in programme.codes if row.field == field}
    rows = []
    for position, code in enumerate(codes):
        row = kept.get(code) or ProgrammeCode(field=field, code=code, kind=CODES[field])
        row.position = position
        rows.append(row)
    programme.codes = [row for row in programme.codes if row.field != field] + rows


def _set_coverage(programme: Programme, coverage: Coverage, known: Known) -> None:
    programme.is_global = coverage.is_global
    _set_codes(programme, "regions", coverage.regions)
    _set_codes(programme, "countries", coverage.countries)
    programme.members_of = [known.organizations[ref] for ref in dict.fromkeys(coverage.members_of)]


def _set_partners(programme: Programme, partners: Sequence[Partner], known: Known) -> None:
    kept = {(row.organization.ref, row.role): row for row in programme.partners}
    rows = []
    for position, partner in enumerate(partners):
        organization = known.organizations[partner.organization]
        named = (partner.organization, partner.role)
        row = kept.get(named) or ProgrammePartner(organization=organization, role=partner.role)
        row.position = position
        rows.append(row)
    programme.partners = rows


def _set_origin(programme: Programme, origin: Origin) -> None:
    """Who entered the record follows from who writes it; the link and the caveat are stated."""
    for name in origin.model_fields_set - {"kind"}:
        _set(programme, name, getattr(origin, name))


def _check_whole(programme: Programme) -> None:
    fund = programme.kind is ProgrammeKind.FUND
    only_funds = (programme.applicant, programme.ceiling, programme.calls_open_on, programme.calls_close_on)
    money = programme.budget is not None or programme.ceiling is not None
    wrong = {
        ("/ends_on", "It ends before it starts"): _before(programme.ends_on, programme.starts_on),
        ("/actual_ends_on", "It ends before it starts"): _before(
            programme.actual_ends_on, programme.actual_starts_on
        ),
        ("/calls_close_on", "Calls close before they open"): _before(
            programme.calls_close_on, programme.calls_open_on
        ),
        ("/kind", "Only a fund has calls, a ceiling, and those who apply to it; say kind fund"): not fund
        and any(value is not None for value in only_funds),
        ("/currency", "A sum needs its currency, such as USD"): money and not programme.currency,
    }
    errors = [FieldError(pointer, message) for (pointer, message), applies in wrong.items() if applies]
    if errors:
        raise Invalid(errors[0].message, errors)


def _before(end: Any, start: Any) -> bool:
    return end is not None and start is not None and bool(end < start)
