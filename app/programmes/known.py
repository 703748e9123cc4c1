"""What a batch of programmes looks up once: organizations, records by their own identifier, valid codes."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.errors import FieldError, Invalid
from app.core.fields import is_storable
from app.organizations.models import Organization
from app.programmes.models import Programme
from app.programmes.queries import CODES, LOADED, visible
from app.programmes.schemas import ProgrammeIn, ProgrammePatch, ProgrammeRow
from app.vocabularies.models import Term
from app.vocabularies.queries import check_code, check_codes

Values = ProgrammeIn | ProgrammePatch
_SINGLE = {"/language", "/currency"}


@dataclass(frozen=True, slots=True)
class Known:
    """`own` is the organization of the actor; the rest is by reference, vocabulary, or own identifier."""

    own: Organization
    organizations: dict[str, Organization]
    codes: dict[str, set[str]]
    programmes: dict[tuple[UUID, str], Programme]
    by_ref: dict[str, Programme]

    def find(self, organization: Organization, values: ProgrammeIn) -> Programme | None:
        """The record that `values` are about: by the reference of an exported row, or the own identifier.

        Raises Invalid for the reference of another organization's programme.
        """
        if isinstance(values, ProgrammeRow) and (named := self.by_ref.get(values.ref or "")):
            if named.organization_id != organization.id:
                raise Invalid.field("/ref", f"{named.ref} is not a programme of {organization.ref}")
            return named
        return self.programmes.get((organization.id, values.external_id or ""))

    def check(self, session: Session, values: Values, existing: Programme | None = None) -> None:
        """Raise Invalid naming every code and organization in `values` that does not exist.

        The currency that the `existing` record has may stay: it may have been withdrawn since.
        """
        errors: list[FieldError] = []
        for kind, codes, pointer in _coded(values):
            stays = kind == "currency" and existing is not None and codes == [existing.currency]
            if not stays and not self.codes[kind].issuperset(codes):
                errors += _advice(session, kind, codes, pointer)
        for ref, pointer in _named(values):
            if ref not in self.organizations:
                errors.append(FieldError(pointer, _no_organization(session, ref)))
        if errors:
            raise Invalid(errors[0].message, errors)


def read(session: Session, actor: Actor, batch: Sequence[Values]) -> Known:
    """Read everything that `batch` names, in a few statements."""
    wanted: dict[str, set[str]] = defaultdict(set)
    refs: set[str] = set()
    for values in batch:
        refs |= {ref for ref, _ in _named(values)}
        for kind, codes, _ in _coded(values):
            wanted[kind].update(code for code in codes if is_storable(code))
    named = Organization.ref.in_(filter(is_storable, refs)) | (Organization.id == actor.organization_id)
    organizations = session.scalars(select(Organization).where(named)).all()
    by_ref = {organization.ref: organization for organization in organizations}
    own = next(organization for organization in organizations if organization.id == actor.organization_id)
    found = _registered(session, actor, batch, by_ref.values())
    by_identifier = {(each.organization_id, each.external_id): each for each in found if each.external_id}
    return Known(own, by_ref, _valid(session, wanted), by_identifier, {each.ref: each for each in found})


def _valid(session: Session, wanted: dict[str, set[str]]) -> dict[str, set[str]]:
    every = {code for codes in wanted.values() for code in codes}
    valid: dict[str, set[str]] = defaultdict(set)
    rows = select(Term.kind, Term.code).where(Term.kind.in_(wanted), Term.code.in_(every))
    for kind, code in session.execute(rows):
        valid[kind].add(code)
    return valid


def _registered(
    session: Session, actor: Actor, batch: Sequence[Values], organizations: Iterable[Organization]
) -> Sequence[Programme]:
    identifiers = {values.external_id for values in batch if values.external_id}
    refs = {values.ref for values in batch if isinstance(values, ProgrammeRow) and values.ref}
    if not identifiers and not refs:
        return ()
    ids = {actor.organization_id, *(organization.id for organization in organizations)}
    own = Programme.organization_id.in_(ids) & Programme.external_id.in_(identifiers)
    return session.scalars(visible(actor).where(own | Programme.ref.in_(refs)).options(*LOADED)).all()


def _coded(values: Values) -> Iterable[tuple[str, list[str], str]]:
    """(vocabulary, codes, pointer) of every field that was sent."""
    for field, kind in CODES.items():
        if field in values.model_fields_set:
            yield kind, getattr(values, field), f"/{field}"
    if "language" in values.model_fields_set:
        yield "language", [values.language], "/language"
    if values.currency:
        yield "currency", [values.currency], "/currency"
    if "coverage" in values.model_fields_set:
        yield "region", values.coverage.regions, "/coverage/regions"
        yield "country", values.coverage.countries, "/coverage/countries"


def _named(values: Values) -> Iterable[tuple[str, str]]:
    """(ref, pointer) of every organization that is named."""
    if isinstance(values, ProgrammeIn) and values.organization:
        yield values.organization, "/organization"
    for place, partner in enumerate(values.partners):
        yield partner.organization, f"/partners/{place}/organization"
    if "coverage" in values.model_fields_set:
        for place, ref in enumerate(values.coverage.members_of):
            yield ref, f"/coverage/members_of/{place}"


def _advice(session: Session, kind: str, codes: list[str], pointer: str) -> Sequence[FieldError]:
    try:
        if pointer in _SINGLE:
            check_code(session, kind, codes[0], pointer)
        else:
            check_codes(session, kind, codes, pointer)
    except Invalid as error:
        return error.errors
    return ()


def _no_organization(session: Session, wrong: str) -> str:
    said = f"{wrong[:60]!r} is not the ref of an organization"
    names = {
        name.casefold(): row.ref
        for row in session.execute(select(Organization.ref, Organization.name))
        for name in (row.name, row.ref)
    }
    near = get_close_matches(wrong.casefold()[:100], names, n=3, cutoff=0.6)
    return f"{said}; the nearest: {', '.join(dict.fromkeys(names[name] for name in near))}" if near else said
