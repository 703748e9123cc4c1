"""What can be done to a programme. Each function is one use case and leaves one audit event."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeVar
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.core import jobs
from app.core.actor import Actor, Role
from app.core.db import utc_now
from app.core.errors import Conflict, FieldError, Invalid, NotPermitted
from app.core.model import new_ref
from app.organizations.models import Organization
from app.practices import citing
from app.programmes import known as lookup
from app.programmes import record
from app.programmes.known import Known
from app.programmes.models import Programme, ProgrammeStatus, Provenance
from app.programmes.queries import today
from app.programmes.schemas import ProgrammeIn, ProgrammeMove, ProgrammePatch

DRAFT, ACTIVE = ProgrammeStatus.DRAFT, ProgrammeStatus.ACTIVE
SUSPENDED, ENDED = ProgrammeStatus.SUSPENDED, ProgrammeStatus.ENDED

MOVES: Mapping[ProgrammeStatus, frozenset[ProgrammeStatus]] = {
    DRAFT: frozenset({ACTIVE, ENDED}),
    ACTIVE: frozenset({SUSPENDED, ENDED}),
    SUSPENDED: frozenset({ACTIVE, ENDED}),
    ENDED: frozenset({ACTIVE}),  # when it is extended
}
V = TypeVar("V", ProgrammeIn, ProgrammePatch)
# Sees the record that a registration would update, or None, and may refuse.
Guard = Callable[[Programme | None], None]


@dataclass(frozen=True, slots=True)
class Rules:
    """What the settings say of registering, and whether the records come from a file."""

    assurance_days: int = 180
    review_first: bool = False
    imported: bool = False

    @property
    def assured_until(self) -> date:
        return today() + timedelta(days=self.assurance_days)


def register(
    session: Session,
    actor: Actor,
    values: ProgrammeIn,
    rules: Rules = Rules(),
    known: Known | None = None,
    guard: Guard = lambda _programme: None,
) -> tuple[Programme, bool]:
    """Create a programme, or update and re-assure the one of the same organization and identifier.

    Returns it and whether it is new. By key or from a file it is active, on the form a draft, unless it says
    otherwise. Raises Invalid, NotPermitted for another's organization, Conflict for a record taken over.
    """
    known = known or lookup.read(session, actor, [values])
    organization = _organization_of(session, actor, values, known)
    existing = known.find(organization, values)
    guard(existing)
    _check_origin(actor, organization.id, values)
    _check_verified(actor, values, existing)
    _check_assured(values.assured_until, existing)
    known.check(session, values, existing)
    values = _with_citations(session, values, existing)
    if existing is None:
        return _create(session, actor, values, organization, rules, known), True
    _check_writer(actor, existing)
    _check_not_merged(existing)
    to = values.status or existing.status
    _check_move(session, actor, existing, to, rules)

    def change() -> None:
        record.apply(existing, values, known)
        _check_extended(existing, to)
        existing.status = to
        existing.assured_until = values.assured_until or rules.assured_until

    _change(session, actor, "programme.updated", existing, change)
    return existing, False


def update(session: Session, actor: Actor, programme: Programme, values: ProgrammePatch) -> Programme:
    """Change what was sent. Raises Invalid, NotPermitted, or Conflict for a record taken over or merged."""
    _check_writer(actor, programme)
    _check_not_merged(programme)
    _check_origin(actor, programme.organization_id, values)
    _check_verified(actor, values, programme)
    _check_assured(values.assured_until, programme)
    known = lookup.read(session, actor, [values])
    known.check(session, values, programme)
    values = _with_citations(session, values, programme)

    def change() -> None:
        record.apply(programme, values, known)
        if values.assured_until:
            programme.assured_until = values.assured_until

    return _change(session, actor, "programme.updated", programme, change)


def move(
    session: Session, actor: Actor, programme: Programme, wanted: ProgrammeMove, rules: Rules = Rules()
) -> Programme:
    """Change the status along MOVES; a draft that goes live is assured from today. Raises Conflict."""
    if not (rules.review_first and _reviews(actor, programme, wanted.status)):
        _check_writer(actor, programme)
    _check_not_merged(programme)
    if wanted.status is programme.status:
        raise Conflict(f"The programme is {programme.status} already")
    _check_move(session, actor, programme, wanted.status, rules)
    _check_extended(programme, wanted.status)

    def change() -> None:
        if programme.status is DRAFT and wanted.status is ACTIVE:
            programme.assured_until = max(programme.assured_until, rules.assured_until)
        programme.status = wanted.status

    return _change(session, actor, "programme.moved", programme, change, reason=wanted.reason)


def assure(
    session: Session, actor: Actor, programme: Programme, until: date | None = None, rules: Rules = Rules()
) -> Programme:
    """Say that the record is right today, for the usual time or `until` a day. Raises Conflict or Invalid."""
    _check_writer(actor, programme)
    _check_not_merged(programme)
    _check_assured(until)

    def change() -> None:
        programme.assured_until = until or rules.assured_until

    return _change(session, actor, "programme.assured", programme, change)


def merge(session: Session, actor: Actor, programme: Programme, into: Programme) -> Programme:
    """End `programme` as a duplicate of `into`; its history stays with it. Raises Conflict or NotPermitted."""
    _check_writer(actor, programme)
    _check_not_merged(programme)
    if not actor.is_cted and into.organization_id != actor.organization_id:
        raise NotPermitted("A partner merges programmes of its own organization alone")
    if into.id == programme.id or into.merged_into_id is not None:
        raise Conflict("A programme is merged into another one that is not merged itself")

    def change() -> None:
        programme.status, programme.merged_into = ENDED, into

    return _change(session, actor, "programme.merged", programme, change)


def _with_citations(session: Session, values: V, existing: Programme | None) -> V:
    """The values with the version of each clause that they cite."""
    if not values.clauses:
        return values
    cited = citing.settled(session, values.clauses, existing.clauses if existing else ())
    return values.model_copy(update={"clauses": cited})


def _create(
    session: Session, actor: Actor, values: ProgrammeIn, organization: Organization, rules: Rules, known: Known
) -> Programme:
    programme = Programme(
        id=uuid4(),
        ref=new_ref("P", today().year),
        organization=organization,
        external_id=values.external_id,
        status=_first_status(session, actor, values, organization, rules),
        assured_until=values.assured_until or rules.assured_until,
        provenance=_provenance(actor, organization, values),
    )
    record.apply(programme, values, known)
    session.add(programme)
    session.flush()
    audit.record(session, actor, "programme.registered", programme, {}, record.facts(programme))
    _announce(session, programme)
    return programme


def _change(
    session: Session, actor: Actor, action: str, programme: Programme, change: Callable[[], None], reason: str = ""
) -> Programme:
    """Make one change, take the record over where its own organization makes it, and leave one event."""
    before = record.facts(programme)
    # A change that is refused half-way leaves nothing behind, even where the caller goes on.
    with session.begin_nested(), session.no_autoflush:
        change()
        if not actor.is_cted:
            programme.provenance = Provenance.ORGANIZATION
    after = record.facts(programme)
    changed = [name for name in after if after[name] != before[name]]
    if not changed:
        return programme
    programme.changed_at = utc_now()
    session.flush()
    said = {"reason": reason} if reason else {}
    new = {name: after[name] for name in changed} | said
    audit.record(session, actor, action, programme, {name: before[name] for name in changed}, new)
    _announce(session, programme)
    return programme


def _announce(session: Session, programme: Programme) -> None:
    if programme.status is ACTIVE:
        jobs.enqueue(session, "match.programme", programme_id=str(programme.id))


def _organization_of(session: Session, actor: Actor, values: ProgrammeIn, known: Known) -> Organization:
    named = known.organizations.get(values.organization or "")
    if not actor.is_cted:
        if values.organization not in (None, known.own.ref):
            said = f"You write the programmes of {known.own.ref} alone"
            raise NotPermitted(said, [FieldError("/organization", said)])
        return known.own
    if values.organization is None:
        raise Invalid.field("/organization", "Name the organization that runs the programme, by its ref")
    if named is None:
        known.check(session, values)
    assert named is not None  # the check names an organization that does not exist
    return named


def _first_status(
    session: Session, actor: Actor, values: ProgrammeIn, organization: Organization, rules: Rules
) -> ProgrammeStatus:
    if rules.review_first and not actor.is_cted and not _has_gone_live(session, organization):
        return DRAFT
    signed_in = actor.user_id is not None and not rules.imported
    return values.status or (DRAFT if signed_in else ACTIVE)


def _has_gone_live(session: Session, organization: Organization) -> bool:
    own = select(Programme.id).where(Programme.organization_id == organization.id, Programme.status != DRAFT)
    return session.scalar(own.limit(1)) is not None


def _reviews(actor: Actor, programme: Programme, to: ProgrammeStatus) -> bool:
    """Whether an admin puts an organization's draft in force, as the setting asks."""
    return actor.role is Role.ADMIN and (programme.status, to) == (DRAFT, ACTIVE)


def _provenance(actor: Actor, organization: Organization, values: ProgrammeIn) -> Provenance:
    """CTED may compile its own programmes from public sources too; anybody else's own entry is its own."""
    if organization.id != actor.organization_id:
        return Provenance.PUBLIC_SOURCES
    return (values.provenance.kind if actor.is_cted else None) or Provenance.ORGANIZATION


def _check_writer(actor: Actor, programme: Programme) -> None:
    if programme.organization_id == actor.organization_id:
        return
    if not actor.is_cted:
        raise NotPermitted("You write the programmes of your own organization alone")
    if programme.provenance is Provenance.ORGANIZATION:
        raise Conflict(f"{programme.organization.ref} keeps this record itself, and alone changes it")


def _check_origin(actor: Actor, organization_id: UUID, values: ProgrammeIn | ProgrammePatch) -> None:
    """Who entered a record follows from who writes it; nobody enters in an organization's name."""
    if values.provenance.kind is Provenance.ORGANIZATION and organization_id != actor.organization_id:
        raise Invalid.field("/provenance/kind", "CTED enters for others what public sources say: public_sources")


def _check_verified(actor: Actor, values: ProgrammeIn | ProgrammePatch, existing: Programme | None) -> None:
    """That a public source was compared is for CTED to say; a file may repeat what the record says already."""
    known = existing.verification if existing else ""
    if not actor.is_cted and values.provenance.verification not in {"", known}:
        raise Invalid.field("/provenance/verification", "Only CTED says that a record was verified; leave it out")


def _check_assured(until: date | None, existing: Programme | None = None) -> None:
    """A file that was exported may say of a record what it says already."""
    if until is not None and until < today() and (existing is None or until != existing.assured_until):
        raise Invalid.field("/assured_until", "An assurance ends today or later")


def _check_not_merged(programme: Programme) -> None:
    if programme.merged_into is not None:
        raise Conflict("The programme was merged into another one; change that one")


def _check_move(session: Session, actor: Actor, programme: Programme, to: ProgrammeStatus, rules: Rules) -> None:
    if to is programme.status:
        return
    if to not in MOVES[programme.status]:
        raise Conflict(f"A programme that is {programme.status} cannot become {to}")
    first = programme.status is DRAFT and to is ACTIVE and rules.review_first and not actor.is_cted
    if first and not _has_gone_live(session, programme.organization):
        raise Conflict("An administrator of CTED looks at an organization's first programme and puts it in force")


def _check_extended(programme: Programme, to: ProgrammeStatus) -> None:
    ends = programme.actual_ends_on or programme.ends_on
    if programme.status is ENDED and to is ACTIVE and ends and ends < today():
        raise Conflict(f"It ended on {ends}; extend its end date first")
