"""What `counterpart check` looks for: each function reads and returns one line a finding."""

from collections.abc import Callable, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.audit.chain import verify
from app.core.db import utc_now
from app.core.jobs import Job, JobStatus, overdue
from app.needs.models import Need, NeedRevision, NeedStatus, NeedStatusChange
from app.notices import queries as notices
from app.notices.models import LetterStatus
from app.organizations.models import Organization
from app.pairings.models import Decision, Judgement, Pairing, PairingStatus
from app.pairings.runs import PATIENCE, abandoned
from app.programmes.models import Programme, ProgrammeStatus
from app.programmes.queries import contradictions
from app.vocabularies.models import Term

_LISTED = ("country", "region", "theme", "dimension", "function", "weapon", "assistance_type")
_STATUS_OF = {
    Judgement.ACCEPT: {PairingStatus.ACCEPTED, PairingStatus.CONVEYED},
    Judgement.REJECT: {PairingStatus.REJECTED, PairingStatus.PROPOSED, PairingStatus.SUPERSEDED},
    Judgement.DEFER: {PairingStatus.DEFERRED, PairingStatus.PROPOSED, PairingStatus.SUPERSEDED},
    Judgement.RETRACT: {PairingStatus.RETRACTED},
    Judgement.REOPEN: {PairingStatus.PROPOSED, PairingStatus.SUPERSEDED},
}


def broken_audit_chain(session: Session) -> list[str]:
    found = verify(session)
    return [] if found.broken_at is None else [f"audit: event {found.broken_at}: {found.reason}"]


def missing_terms(session: Session) -> list[str]:
    known = set(session.scalars(select(Term.kind).distinct()))
    return [f"vocabularies: there are no terms of {kind}" for kind in _LISTED if kind not in known]


def overdue_programmes(session: Session) -> list[str]:
    """Active programmes that their organization has not assured in time."""
    today = utc_now().date()
    overdue = select(Programme.ref, Programme.assured_until).where(
        Programme.status == ProgrammeStatus.ACTIVE, Programme.assured_until < today
    )
    return [
        f"programme {row.ref}: assured until {row.assured_until} only; ask its organization"
        for row in session.execute(overdue.order_by(Programme.ref))
    ]


def statuses_against_dates(session: Session) -> list[str]:
    """Programmes whose status and dates contradict each other. They are reported, never mended."""
    today = utc_now().date()
    found = session.scalars(select(Programme).order_by(Programme.ref))
    return [f"programme {p.ref}: {said[0].lower()}{said[1:]}" for p in found for said in contradictions(p, today)]


def needs_without_their_revision(session: Session) -> list[str]:
    current = (NeedRevision.need_id == Need.id) & (NeedRevision.number == Need.revision)
    missing = select(Need.ref).outerjoin(NeedRevision, current).where(NeedRevision.id.is_(None))
    return [f"need {ref}: its current revision is not there" for ref in session.scalars(missing)]


def needs_against_their_history(session: Session) -> list[str]:
    """A need's status is that of the newest row of its dated history."""
    newest = select(func.max(NeedStatusChange.id)).group_by(NeedStatusChange.need_id)
    differ = (
        select(Need.ref, Need.status, NeedStatusChange.status.label("last"))
        .join(NeedStatusChange, NeedStatusChange.need_id == Need.id)
        .where(NeedStatusChange.id.in_(newest), NeedStatusChange.status != Need.status)
    )
    untold = select(Need.ref).where(
        Need.id.not_in(select(NeedStatusChange.need_id)), Need.status != NeedStatus.DRAFT
    )
    found = [
        f"need {row.ref}: is {row.status}, but its history ends with {row.last}" for row in session.execute(differ)
    ]
    return found + [f"need {ref}: has a status that no history explains" for ref in session.scalars(untold)]


def pairings_against_decisions(session: Session) -> list[str]:
    """The newest decision of a pairing allows the status that it has."""
    newest = select(Decision.pairing_id, func.max(Decision.number).label("number"))
    last = newest.group_by(Decision.pairing_id).subquery()
    statement = (
        select(Pairing.id, Pairing.status, Decision.judgement)
        .join(last, last.c.pairing_id == Pairing.id)
        .join(Decision, (Decision.pairing_id == Pairing.id) & (Decision.number == last.c.number))
    )
    return [
        f"pairing {row.id}: is {row.status}, but the newest decision is to {row.judgement}"
        for row in session.execute(statement)
        if row.status not in _STATUS_OF[row.judgement]
    ]


def merges_into_merged(session: Session) -> list[str]:
    into = select(Organization.id).where(Organization.merged_into_id.is_not(None))
    chained = select(Organization.ref).where(Organization.merged_into_id.in_(into))
    return [f"organization {ref}: merged into one that was merged itself" for ref in session.scalars(chained)]


def failed_jobs(session: Session) -> list[str]:
    statement = select(Job.kind, func.count().label("count")).where(Job.status == JobStatus.FAILED)
    return [
        f"jobs: {row.count} of {row.kind} failed for good; see /api/v1/jobs"
        for row in session.execute(statement.group_by(Job.kind).order_by(Job.kind))
    ]


def stuck_jobs(session: Session) -> list[str]:
    """Jobs and runs whose process died. A worker takes jobs up again within a minute, if one is running."""
    late = overdue(utc_now() - PATIENCE)
    statement = select(Job.kind, func.count().label("count")).where(late).group_by(Job.kind).order_by(Job.kind)
    found = [
        f"jobs: {row.count} of {row.kind} were begun and never ended; is a worker running?"
        for row in session.execute(statement)
    ]
    return found + [
        f"match run {run.id}: its process ended after {run.needs_done} of {run.needs_total} needs; run it again"
        for run in abandoned(session)
    ]


def letters_not_sent(session: Session) -> list[str]:
    """Letters of notices that the mail server refused, or of which nobody knows whether it took them."""
    return [
        f"notices: a letter to {email} of {letter.made_at:%Y-%m-%d %H:%M} UTC {_FATES[letter.status]}"
        for letter, email in notices.unsent(session)
    ]


_FATES = {LetterStatus.FAILED: "was not taken by the mail server", LetterStatus.UNCLEAR: "may not have been sent"}


CHECKS: Sequence[Callable[[Session], list[str]]] = (
    broken_audit_chain,
    missing_terms,
    overdue_programmes,
    statuses_against_dates,
    needs_without_their_revision,
    needs_against_their_history,
    pairings_against_decisions,
    merges_into_merged,
    failed_jobs,
    stuck_jobs,
    letters_not_sent,
)
