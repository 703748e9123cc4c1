"""What officers do to pairings: decide, decide on several, store one of their own. Decisions are only added."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.core.actor import Actor
from app.core.db import utc_now
from app.core.errors import Conflict, DomainError, FieldError, Invalid, NotFound, Stale
from app.needs import queries as needs
from app.needs.models import Need, NeedRevision, NeedStatus
from app.pairings import queries
from app.pairings.facts import facts_of
from app.pairings.models import Decision, Judgement, Origin, Pairing, PairingStatus, Reason
from app.pairings.moves import CONVEY, moved
from app.pairings.ranking import Ranking, Suggestion, stated
from app.pairings.schemas import DecisionIn, DecisionOn, PairingIn
from app.programmes import queries as programmes
from app.programmes.models import Programme, ProgrammeKind

DEFERRED_FOR = timedelta(days=30)
Judge = Callable[[Session, Actor, Pairing, DecisionIn], Decision]
NEED_REASON = {Judgement.REJECT, Judgement.DEFER, Judgement.RETRACT}


def claim(session: Session, actor: Actor, pairing_id: UUID, etag: str) -> Pairing:
    """Lock a pairing, and its need before it, for a decision by somebody who read it as `etag`.

    Raises NotFound; Stale, saying what it has become, when it changed since. `etag` may be a list or "*".
    """
    pairing = queries.get(session, actor, pairing_id)
    lock_needs(session, [pairing.need_id])
    session.refresh(pairing, with_for_update={"of": Pairing})
    newest = queries.etag(pairing, queries.today())
    if etag.strip() != "*" and newest not in {tag.strip() for tag in etag.split(",")}:
        raise Stale(f"Somebody else decided meanwhile: {_became(session, actor, pairing)}", ETag=newest)
    return pairing


def decide(
    session: Session, actor: Actor, pairing: Pairing, values: DecisionIn, *, ends_line: bool = False
) -> Decision:
    """Add a judgement to a claimed pairing, and move it. Raises Invalid, Conflict.

    A conveyed pair is decided on by `app.referrals.service.decide`, which also ends its line (`ends_line`).
    """
    today = queries.today()
    before = queries.status_on(pairing, today)
    if before is PairingStatus.CONVEYED and not ends_line:
        raise Conflict("This pairing was conveyed: its referral line is ended with it")
    _check(session, pairing, values, today)
    after = moved(values.judgement, before)
    if after is PairingStatus.ACCEPTED and pairing.need.status is not NeedStatus.OPEN:
        raise Conflict(f"{pairing.need.ref} is {pairing.need.status}: only an open need's pairing is accepted")
    decision = _added(session, actor, pairing, values, today)
    pairing.status, pairing.deferred_until = after, decision.until_on
    pairing.rejected_facts = decision.facts if after is PairingStatus.REJECTED else None
    pairing.changed_since_rejection &= after is PairingStatus.DEFERRED
    pairing.version += 1
    session.flush()
    told = {"status": after, "number": decision.number, "reason": values.reason, "note": values.note}
    audit.record(session, actor, f"pairing.{values.judgement.value}", pairing, {"status": before}, told)
    return decision


def decide_several(
    session: Session, actor: Actor, need: Need, wanted: Sequence[DecisionOn], judge: Judge = decide
) -> list[tuple[Pairing, Decision]]:
    """Decide on several pairings of one need by `judge`: on all of them or, when one cannot be, on none.

    Raises what `claim` and `judge` raise, naming the place in the list.
    """
    if len({each.pairing for each in wanted}) < len(wanted):
        raise Invalid.field("/decisions", "Each pairing is decided on once")
    return [_one_of(session, actor, need, place, each, judge) for place, each in enumerate(wanted)]


def convey(session: Session, actor: Actor, pairing: Pairing) -> None:
    """Mark a locked, accepted pair as conveyed: from here its referral line tells its state. Raises Conflict."""
    if (after := CONVEY.get(pairing.status)) is None:
        raise Conflict(f"A pairing that is {pairing.status} cannot be conveyed; accept it first")
    before, pairing.status = pairing.status, after
    pairing.version += 1
    session.flush()
    audit.record(session, actor, "pairing.convey", pairing, {"status": before}, {"status": after})


def sides(session: Session, actor: Actor, values: PairingIn) -> tuple[Need, Programme]:
    """The need and the programme that a body names. Raises Invalid for one that does not exist."""
    pointer = "/need"
    try:
        need = needs.load(session, actor, values.need)
        pointer = "/programme"
        return need, programmes.get(session, actor, values.programme)
    except NotFound as error:
        raise Invalid.field(pointer, str(error)) from None


def store(
    session: Session,
    actor: Actor,
    ranking: Ranking,
    need: Need,
    programme: Programme,
    origin: Origin = Origin.OFFICER,
) -> tuple[Pairing, bool]:
    """Keep a pair of one's own whatever its score, with its present explanation; say whether it is new.

    One that exists is returned as it is, marked as a partner's where it waits for review and a partner offers
    it; a superseded one is proposed again. Raises Conflict for a fund.
    """
    if programme.kind is ProgrammeKind.FUND:
        raise Conflict(f"{programme.ref} is a fund: a way to pay, attached to a referral and never paired")
    lock_needs(session, [need.id])
    existing = session.scalar(
        select(Pairing).where(Pairing.need_id == need.id, Pairing.programme_id == programme.id)
    )
    if existing and existing.status is not PairingStatus.SUPERSEDED:
        if origin is Origin.PARTNER and existing.status in {PairingStatus.PROPOSED, PairingStatus.DEFERRED}:
            existing.origin = origin
        return existing, False
    pairing = existing or Pairing(need=need, programme=programme)
    before = {"status": existing.status} if existing else {}
    revision = newest_revision(session, need)
    suggestion = ranking.current(session).explain(stated(need.id, revision), programme.id)
    if suggestion is None:
        raise NotFound(f"{programme.ref} is being registered; ask again shortly")
    propose(pairing, origin, suggestion, revision.number)
    session.add(pairing)
    session.flush()
    audit.record(session, actor, "pairing.stored", pairing, before, {"status": pairing.status})
    return pairing, existing is None


def propose(pairing: Pairing, origin: Origin, suggestion: Suggestion, revision: int) -> None:
    """Make a pair, or one that was set aside, a proposal as of now."""
    pairing.origin, pairing.status, pairing.deferred_until = origin, PairingStatus.PROPOSED, None
    pairing.proposed_at = utc_now()
    pairing.version = (pairing.version or 0) + 1
    explain(pairing, suggestion, revision)


def explain(pairing: Pairing, suggestion: Suggestion, revision: int) -> None:
    """Keep a score with its reasons. The spans are left out: they point into texts that may change."""
    pairing.score, pairing.model, pairing.need_revision = suggestion.score, suggestion.model, revision
    pairing.contributions = [{name: getattr(part, name) for name in _KEPT} for part in suggestion.contributions]


_KEPT = ("kind", "feature", "label", "need", "programme", "weight", "sentence", "declared")


def newest_revision(session: Session, need: Need) -> NeedRevision:
    """What a need says now."""
    wanted = select(NeedRevision).where(NeedRevision.need_id == need.id, NeedRevision.number == need.revision)
    return session.scalars(wanted).one()


def lock_needs(session: Session, need_ids: Sequence[UUID]) -> None:
    """Take turns with whoever else proposes for, decides on, or closes these needs. Always before their pairs."""
    turn = select(Need.id).where(Need.id.in_(need_ids)).order_by(Need.id)
    session.execute(turn.with_for_update(key_share=True))


def _one_of(
    session: Session, actor: Actor, need: Need, place: int, wanted: DecisionOn, judge: Judge
) -> tuple[Pairing, Decision]:
    pointer = f"/decisions/{place}"
    try:
        pairing = claim(session, actor, wanted.pairing, wanted.etag)
        if pairing.need_id != need.id:
            raise Invalid.field("/pairing", f"This pairing is not one of {need.ref}")
        return pairing, judge(session, actor, pairing, wanted)
    except DomainError as error:
        named = [FieldError(pointer + each.pointer, each.message) for each in error.errors]
        raise type(error)(str(error), named or [FieldError(pointer, str(error))], **error.headers) from None


def _check(session: Session, pairing: Pairing, values: DecisionIn, today: date) -> None:
    if values.judgement in NEED_REASON and values.reason is None:
        codes = ", ".join(Reason)
        raise Invalid.field("/reason", f"To {values.judgement} needs a reason: one of {codes}")
    if values.until is not None and values.judgement is not Judgement.DEFER:
        raise Invalid.field("/until", "Only what is deferred has a day on which it is back")
    if values.until is not None and values.until <= today:
        raise Invalid.field("/until", f"It must be a day after today, {today}")
    if (values.reason is Reason.DUPLICATE_OF) != (values.duplicate_of is not None):
        raise Invalid.field("/duplicate_of", "The reason duplicate_of names a pairing, and no other reason does")
    if values.duplicate_of is not None:
        _check_duplicate(session, pairing, values.duplicate_of)


def _check_duplicate(session: Session, pairing: Pairing, other_id: UUID) -> None:
    other = session.get(Pairing, other_id)
    if other is None or other is pairing or other.need_id != pairing.need_id:
        raise Invalid.field("/duplicate_of", f"It must be another pairing of {pairing.need.ref}")


def _added(session: Session, actor: Actor, pairing: Pairing, values: DecisionIn, today: date) -> Decision:
    newest = select(func.max(Decision.number)).where(Decision.pairing_id == pairing.id)
    is_deferral = values.judgement is Judgement.DEFER
    decision = Decision(
        pairing_id=pairing.id,
        number=(session.scalar(newest) or 0) + 1,
        judgement=values.judgement,
        reason=values.reason,
        note=values.note,
        until_on=(values.until or today + DEFERRED_FOR) if is_deferral else None,
        duplicate_of_id=values.duplicate_of,
        facts=facts_of(newest_revision(session, pairing.need), pairing.programme),
        user_id=actor.user_id,
    )
    session.add(decision)
    session.flush()
    return decision


def _became(session: Session, actor: Actor, pairing: Pairing) -> str:
    status = f"it is {queries.status_on(pairing, queries.today())} now"
    made = queries.decisions(session, actor, pairing)
    if not made:
        return status
    reason = f" ({made[-1].reason})" if made[-1].reason else ""
    return f"{status}, by {made[-1].judgement}{reason} at {made[-1].at:%Y-%m-%d %H:%M} UTC"
