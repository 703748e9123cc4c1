"""The file on a State: for officers before a meeting, and in a form to hand over to that State."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from app.assessments.models import Assessment, AssessmentState
from app.assessments.queries import visible as visible_assessments
from app.core.actor import Actor
from app.core.db import utc_now
from app.core.documents import Document, Facts, Heading, Paragraph, Part, Table
from app.core.errors import NotFound
from app.core.fields import is_storable
from app.core.marking import CTED_ALONE, RECIPIENT_ALONE
from app.core.settings import Settings
from app.needs.models import Need, NeedStatus, Release
from app.portfolio.files import records
from app.portfolio.files.overdue import overdue
from app.portfolio.files.parts import bounded, day, short, spoken, titled
from app.portfolio.files.records import Stated
from app.referrals.models import Delivered, LineOutcome, ReferralLine, Side
from app.vocabularies.models import Term

NEEDS, REFERRALS, OVERDUE, OUTCOMES = 12, 8, 6, 6
HANDED_NEEDS, CONSENTS, ACCEPTED = 12, 12, 6


def for_officers(session: Session, actor: Actor, country: str, settings: Settings) -> Document:
    """Everything about the needs of a State on two pages. Raises NotFound for what is no State."""
    name, now = _name(session, country), utc_now()
    needs = records.needs_of(session, actor, country)
    ids = [need.id for need, _ in needs]
    lines = records.lines_of(session, actor, ids)
    seen = _seen_by(records.releases_of(session, actor, ids), needs, now)
    parts: list[Part] = [
        Facts(_facts(session, actor, country, needs, lines)),
        Heading("Needs by priority, and who may see each"),
        _needs(needs, seen, lines),
        Heading("Overdue"),
        _overdue(session, actor, country, needs, settings, now),
        Heading("Referrals"),
        _referrals(lines, settings.answer_months),
        Heading("Outcomes"),
        _outcomes(needs, lines),
    ]
    return Document(f"Meeting file: {name}", CTED_ALONE, "CTED", now.date(), parts)


def to_hand_over(session: Session, actor: Actor, country: str) -> Document:
    """What the State may be given: its own needs, what it consented to, and the assistance that it accepted.

    A need that it has together with other States is left out, for it says something of these; so is every draft,
    and whatever CTED keeps for itself: sources, notes, scores, proposals. Raises NotFound for what is no State.
    """
    name, now = _name(session, country), utc_now()
    own = records.needs_of(session, actor, country, alone=True)
    needs = [(need, revision) for need, revision in own if need.status is not NeedStatus.DRAFT]
    titles = {need.id: titled(need.ref, revision.title) for need, revision in needs}
    refs = {need.id: need.ref for need, _ in needs}
    releases = records.releases_of(session, actor, list(titles))
    consents = records.consented_alone(session, actor, releases, country)
    by_these = {release.id for release in consents}
    lines = [line for line in records.lines_of(session, actor, list(titles)) if line.release_id in by_these]
    parts: list[Part] = [
        Paragraph("Your needs as they are recorded, and your consent to show them. Please say what is not right."),
        Heading("Needs"),
        bounded(
            ("Need", "Priority", "Status"),
            [(titles[need.id], spoken(revision.priority or ""), _status(need)) for need, revision in needs],
            HANDED_NEEDS,
            "No need is recorded.",
        ),
        Heading("What you consented to"),
        bounded(
            ("Need", "Shown to", "What", "Your document", "From", "Until"),
            [_consent(release, refs[release.need_id]) for release in consents],
            CONSENTS,
            "You have consented to nothing yet: nobody outside CTED sees a need.",
        ),
        Heading("Assistance that you accepted"),
        _accepted(lines, refs),
    ]
    return Document(f"Needs of {name}", RECIPIENT_ALONE, name, now.date(), parts)


def shared_with_others(session: Session, actor: Actor, country: str) -> int:
    """How many needs the State has together with others: what the form to hand over leaves out."""
    every = records.needs_of(session, actor, country)
    return len(every) - len(records.needs_of(session, actor, country, alone=True))


def _name(session: Session, country: str) -> str:
    named = Term.kind == "country", Term.code == (country if is_storable(country) else "")
    labels = session.scalar(select(Term.labels).where(*named))
    if labels is None:
        raise NotFound("There is no such State; name one by its code, such as TG")
    return str(labels.get("en", country))


def _facts(
    session: Session, actor: Actor, country: str, needs: Sequence[Stated], lines: Sequence[ReferralLine]
) -> list[tuple[str, str]]:
    statuses = [need.status for need, _ in needs]
    counted = ", ".join(
        f"{statuses.count(status)} {spoken(status)}" for status in NeedStatus if status in statuses
    )
    under_way = sum(records.is_live(line) for line in lines)
    visits = _visits(actor, country).order_by(Assessment.created_at.desc())
    newest = session.scalars(visits.limit(3)).all()
    said = "; ".join(f"{one.ref}, {spoken(one.kind)}{_visited(one)}" for one in newest)
    return [
        ("Needs", counted or "none"),
        ("Referrals under way", str(under_way)),
        ("Assessments, the newest first", said or "none"),
    ]


def _visited(assessment: Assessment) -> str:
    return f" of {day(assessment.visit_from)}" if assessment.visit_from else ""


def _seen_by(releases: Sequence[Release], needs: Sequence[Stated], now: datetime) -> dict[UUID, str]:
    """Of each need, who sees it now and how much: of several releases to an audience the fullest."""
    heads = {need.id: need for need, _ in needs}
    found: dict[UUID, dict[str, str]] = {}
    for release in releases:
        if records.gives_sight(release, heads[release.need_id], now):
            shown = found.setdefault(release.need_id, {})
            name = records.audience(release)
            shown[name] = "full" if "full" in (shown.get(name), release.fields.value) else "summary"
    return {
        key: "; ".join(f"{name}: {how}" for name, how in sorted(shown.items())) for key, shown in found.items()
    }


def _needs(needs: Sequence[Stated], seen: dict[UUID, str], lines: Sequence[ReferralLine]) -> Table:
    by_need = records.by_need(lines)
    rows = [
        (
            titled(need.ref, revision.title),
            spoken(revision.priority or ""),
            spoken(need.status),
            short(seen.get(need.id, "nobody outside CTED")),
            ", ".join(one.referral.organization.ref for one in by_need.get(need.id, []) if records.is_live(one)),
        )
        for need, revision in needs
        if need.status is not NeedStatus.CLOSED
    ]
    columns = ("Need", "Priority", "Status", "Seen by", "Referred to")
    return bounded(columns, rows, NEEDS, "No need of this State is under way.")


def _overdue(
    session: Session, actor: Actor, country: str, needs: Sequence[Stated], settings: Settings, now: datetime
) -> Table:
    refs = {need.ref for need, _ in needs} | set(session.scalars(_visits(actor, country, Assessment.ref)))
    late = overdue(session, actor, refs, settings, now)
    rows = [(one.what, one.ref, day(one.due_on)) for one in late]
    return bounded(("What", "Of", "Was due"), rows, OVERDUE, "Nothing is overdue.")


def _visits(actor: Actor, country: str, *columns: Any) -> Select[Any]:
    """The assessments of a State."""
    of_state = select(AssessmentState.assessment_id).where(AssessmentState.code == country)
    own = visible_assessments(actor).where(Assessment.id.in_(of_state))
    return own.with_only_columns(*columns) if columns else own


def _referrals(lines: Sequence[ReferralLine], months: int) -> Table:
    rows = [
        (
            line.need.ref,
            line.referral.organization.ref,
            short(line.pairing.programme.title),
            spoken(line.status),
            day(line.conveyed_at),
            day(records.answer_due(line, months)),
        )
        for line in lines
    ]
    columns = ("Need", "Organization", "Programme", "Status", "Conveyed", "Answer due")
    return bounded(columns, rows, REFERRALS, "Nothing was referred yet.")


def _outcomes(needs: Sequence[Stated], lines: Sequence[ReferralLine]) -> Table:
    told = [
        (
            line.need.ref,
            line.referral.organization.ref,
            _reported(line, Side.ORGANIZATION),
            _reported(line, Side.STATE),
        )
        for line in lines
        if line.outcomes
    ]
    closed = [
        (need.ref, "", "", f"closed: {spoken(need.outcome)}")
        for need, _ in needs
        if need.status is NeedStatus.CLOSED
    ]
    columns = ("Need", "Organization", "The organization reports", "The State reports")
    return bounded(columns, told + closed, OUTCOMES, "No outcome is reported yet.")


def _reported(line: ReferralLine, side: Side) -> str:
    newest = _newest(line.outcomes, side)
    return spoken(newest) if newest else "not yet"


def _newest(outcomes: Sequence[LineOutcome], side: Side) -> Delivered | None:
    return next((one.outcome for one in reversed(outcomes) if one.side is side), None)


def _status(need: Need) -> str:
    return f"closed: {spoken(need.outcome)}" if need.outcome else spoken(need.status)


def _consent(release: Release, ref: str) -> tuple[str, ...]:
    until = (
        f"withdrawn {day(release.withdrawn_at)}" if release.withdrawn_at else day(release.ends_at) or "open end"
    )
    what = "summary" if release.fields.value == "summary" else "everything releasable"
    document = f"{short(release.reference)} ({spoken(release.basis)})"
    return ref, records.audience(release), what, document, day(release.starts_at), until


def _accepted(lines: Sequence[ReferralLine], refs: dict[UUID, str]) -> Table:
    rows = list(_acceptances(lines, refs))
    columns = ("Need", "Organization", "Accepted", "Status", "You reported")
    return bounded(columns, rows, ACCEPTED, "You have accepted no assistance yet.")


def _acceptances(lines: Sequence[ReferralLine], refs: dict[UUID, str]) -> Iterator[tuple[str, ...]]:
    for line in lines:
        if line.accepted_on:
            accepted = f"{day(line.accepted_on)}, {short(line.acceptance_reference or '')}"
            organization = line.referral.organization.ref
            yield refs[line.need_id], organization, accepted, spoken(line.status), _reported(line, Side.STATE)
