"""What can be done to a need. Each function is one use case and leaves one audit event; only CTED calls them."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.core import jobs
from app.core.actor import Actor
from app.core.db import utc_now
from app.core.errors import Conflict, FieldError, Invalid
from app.core.model import new_ref
from app.needs import specificity
from app.needs.content import content_in, content_of
from app.needs.heads import facts_of, write_head
from app.needs.models import Need, NeedRevision, NeedStatus, NeedStatusChange, Outcome
from app.needs.releases import end_all
from app.needs.schemas import NeedIn, NeedMove, NeedPatch, SpecificityIn
from app.needs.writing import check_marks, write_revision
from app.practices import citing

MOVES: Mapping[NeedStatus, frozenset[NeedStatus]] = {
    NeedStatus.DRAFT: frozenset({NeedStatus.OPEN, NeedStatus.CLOSED}),
    NeedStatus.OPEN: frozenset({NeedStatus.ON_HOLD, NeedStatus.CLOSED}),
    NeedStatus.ON_HOLD: frozenset({NeedStatus.OPEN, NeedStatus.CLOSED}),
    NeedStatus.CLOSED: frozenset({NeedStatus.DRAFT}),
}


def create(session: Session, actor: Actor, values: NeedIn) -> Need:
    """Store a new need as a draft, answered for by whoever states it unless another officer is named.

    Raises Invalid for codes that do not exist, Conflict where its source's line was taken in before.
    """
    need = _new(session)
    need.responsible_id = actor.user_id
    write_head(session, actor, need, values)
    said = content_in(values, whole=True)
    said["clauses"] = citing.settled(session, said["clauses"])
    check_marks(said["unconfirmed"], said)
    _add(session, need)
    revision = write_revision(session, need, said, actor.user_id)
    audit.record(session, actor, "need.created", need, after={**facts_of(need), **content_of(revision)})
    _match(session, need)
    return need


def update(session: Session, actor: Actor, need: Need, values: NeedIn | NeedPatch) -> Need:
    """Change what was sent. What the need says is written as a whole new revision, if it says anything new."""
    head = facts_of(need)
    write_head(session, actor, need, values)
    was = content_of(newest(session, need))
    said = {**was, **content_in(values)}
    said["clauses"] = citing.settled(session, said["clauses"], was["clauses"])
    check_marks(said["unconfirmed"], said, was["unconfirmed"])
    if said != was:
        need.revision += 1
        said = content_of(write_revision(session, need, said, actor.user_id, was))
    before, after = _difference({**head, **was}, {**facts_of(need), **said})
    if after:
        need.changed_at = utc_now()
        audit.record(session, actor, "need.changed", need, before, after)
        _match(session, need)
    session.flush()
    return need


def confirm(session: Session, actor: Actor, need: Need, marks: list[str]) -> Need:
    """Confirm suggested codes, each as `themes:WPN-PSM`. Raises Invalid for one that awaits no confirmation."""
    waiting = newest(session, need).unconfirmed
    for n, mark in enumerate(marks):
        if mark not in waiting:
            raise Invalid.field(
                f"/{n}", f"{mark!r} awaits no confirmation; waiting: {', '.join(waiting) or 'none'}"
            )
    left = [mark for mark in waiting if mark not in marks]
    return update(session, actor, need, NeedPatch(unconfirmed=left))


def move(
    session: Session, actor: Actor, need: Need, wanted: NeedMove, threshold: float = specificity.THRESHOLD
) -> Need:
    """Change the status by MOVES. Closing as partly met drafts the residual need.

    Raises Conflict for a move that the table forbids, Invalid where the move needs an outcome or a reason.
    """
    if wanted.status not in MOVES[need.status]:
        possible = ", ".join(sorted(MOVES[need.status]))
        raise Conflict(f"A need that is {need.status} cannot become {wanted.status}; it can become {possible}")
    _check_move(session, need, wanted, threshold)
    before = {"status": need.status, "outcome": need.outcome}
    _set_status(session, need, wanted.status, wanted.outcome, wanted.reason)
    if wanted.status is NeedStatus.OPEN and wanted.override_reason:
        need.override_reason = wanted.override_reason
    session.flush()
    after = wanted.model_dump(exclude_none=True)
    audit.record(session, actor, f"need.{_SAID[wanted.status]}", need, before, after)
    _match(session, need)
    if wanted.outcome is Outcome.PARTLY_MET:
        _draft_residual(session, actor, need)
    return need


def merge(session: Session, actor: Actor, need: Need, into_ref: str) -> Need:
    """Close `need` as a duplicate of the one called `into_ref`; its releases end and never pass to the other.

    Raises Invalid where that is no other need, or one that was merged itself.
    """
    into = session.scalar(select(Need).where(Need.ref == into_ref))
    if into is None or into is need or into.merged_into_id:
        raise Invalid.field("/into", "Name another need, one that was not merged itself")
    if need.merged_into_id:
        raise Conflict(f"{need.ref} was merged already")
    end_all(session, actor, need)
    before = {"status": need.status, "outcome": need.outcome}
    need.merged_into_id = into.id
    _set_status(session, need, NeedStatus.CLOSED, Outcome.DUPLICATE, f"merged into {into.ref}")
    session.flush()
    after = {"status": need.status, "outcome": need.outcome, "merged_into": into.ref}
    audit.record(session, actor, "need.merged", need, before, after)
    _match(session, need)
    return need


def newest(session: Session, need: Need) -> NeedRevision:
    """What the need says now."""
    newest = (NeedRevision.need_id == need.id) & (NeedRevision.number == need.revision)
    return session.scalars(select(NeedRevision).where(newest)).one()


_SAID = {
    NeedStatus.OPEN: "opened",
    NeedStatus.ON_HOLD: "held",
    NeedStatus.CLOSED: "closed",
    NeedStatus.DRAFT: "reopened",
}


def _new(session: Session) -> Need:
    """A need under a free reference. A race for the same one is ended by the constraint: 409, try again."""
    now = utc_now()
    ref = new_ref("N", now.year)
    while session.scalar(select(Need.id).where(Need.ref == ref)):
        ref = new_ref("N", now.year)
    return Need(ref=ref, revision=1, status=NeedStatus.DRAFT, created_at=now, changed_at=now, illustrative=False)


def _add(session: Session, need: Need) -> None:
    session.add(need)
    session.flush()
    session.add(NeedStatusChange(need_id=need.id, status=need.status, at=need.created_at))


def _match(session: Session, need: Need) -> None:
    jobs.enqueue(session, "match.need", need_id=str(need.id))


def _difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    changed = [name for name in after if before.get(name) != after[name]]
    return {name: before.get(name) for name in changed}, {name: after[name] for name in changed}


def _check_move(session: Session, need: Need, wanted: NeedMove, threshold: float) -> None:
    if (wanted.status is NeedStatus.CLOSED) != (wanted.outcome is not None):
        possible = ", ".join(outcome for outcome in Outcome if outcome is not Outcome.DUPLICATE)
        raise Invalid.field("/outcome", f"Closing, and only closing, has an outcome: {possible}")
    if wanted.outcome is Outcome.DUPLICATE:
        raise Invalid.field(
            "/outcome", f"Close a duplicate with POST /api/v1/needs/{need.ref}/merge, naming the other"
        )
    if need.status is NeedStatus.CLOSED and not wanted.reason:
        raise Invalid.field("/reason", "Say why the need is reopened")
    if wanted.status is NeedStatus.OPEN and not wanted.override_reason:
        _check_specificity(session, need, threshold)


def _check_specificity(session: Session, need: Need, threshold: float) -> None:
    """Raises Invalid with what is missing where the need is too vague to be opened."""
    said = content_of(newest(session, need))
    kept = {name: said[name] for name in SpecificityIn.model_fields}
    checked = specificity.check(SpecificityIn.model_validate(kept), threshold)
    if checked.passes:
        return
    detail = f"Too vague to be opened: {checked.score:g} of {threshold:g}. Mend it, or give an override_reason"
    errors = [FieldError("/override_reason", f"{missing.rule}: {missing.hint}") for missing in checked.missing]
    raise Invalid(detail, errors)


def _set_status(
    session: Session, need: Need, status: NeedStatus, outcome: Outcome | None, reason: str | None
) -> None:
    now = utc_now()
    if status is NeedStatus.DRAFT:
        need.merged_into_id = need.override_reason = None  # it begins anew
    need.status, need.outcome, need.changed_at, need.shown_at = status, outcome, now, now
    session.add(NeedStatusChange(need_id=need.id, status=status, outcome=outcome, reason=reason, at=now))


def _draft_residual(session: Session, actor: Actor, closed: Need) -> Need:
    """What is left of a need that was met in part: a draft of its own, seen by nobody outside CTED."""
    need = _new(session)
    need.source, need.assessment_id, need.illustrative = closed.source, closed.assessment_id, closed.illustrative
    need.responsible_id, need.deputy_id, need.residual_of_id = closed.responsible_id, closed.deputy_id, closed.id
    _add(session, need)
    said = content_of(newest(session, closed))
    write_revision(session, need, said, actor.user_id, said)
    audit.record(session, actor, "need.created", need, after={**facts_of(need), **said, "residual_of": closed.ref})
    _match(session, need)
    return need
