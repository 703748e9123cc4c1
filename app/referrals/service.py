"""What each side does to the lines of a referral, and what a live line forbids or ends elsewhere.

Retracting a conveyed pairing and retracting its line are one act, and the end of an organization's last live line
for a need ends the release that served it; so decisions on pairings and closing and merging of needs are here.
"""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.core.actor import Actor
from app.core.db import utc_now
from app.core.errors import Conflict, Invalid, Stale
from app.needs import service as needs
from app.needs import specificity
from app.needs.models import Ending, Need, NeedStatus, Release, ReleaseFields
from app.needs.releases import withdraw
from app.needs.schemas import NeedMove
from app.pairings import service as pairings
from app.pairings.models import Decision, Judgement, Pairing, PairingStatus, Reason
from app.pairings.schemas import DecisionIn, DecisionOn
from app.referrals import queries
from app.referrals.changes import CHANGES, Clocks, keep_answer
from app.referrals.models import LIVE, LineStatus, Move, ReferralLine
from app.referrals.moves import check_fields, check_maker, moved
from app.referrals.schemas import MoveIn


def claim(session: Session, actor: Actor, referral_id: UUID, n: int, etag: str) -> ReferralLine:
    """Lock a line, and its need and pairing before it, for a move by somebody who read it as `etag`.

    `etag` is that of the line or of its referral, a list of them or "*". Raises NotFound; Stale, saying what the
    line has become, when it changed since.
    """
    referral = queries.get(session, actor, referral_id)
    line = queries.line_of(referral, n)
    pairings.lock_needs(session, [line.need_id])
    session.refresh(line.pairing, with_for_update={"of": Pairing})
    for one in referral.lines:
        session.refresh(one)
    newest = queries.line_etag(line)
    if etag.strip() != "*" and {newest, queries.etag(referral)}.isdisjoint(tag.strip() for tag in etag.split(",")):
        raise Stale(f"Somebody else changed this line meanwhile: it is {line.status} now", ETag=newest)
    return line


def move(
    session: Session, actor: Actor, line: ReferralLine, wanted: MoveIn, clocks: Clocks = Clocks()
) -> ReferralLine:
    """Make a move of a claimed line by MOVES, and keep what was said with it.

    Raises NotPermitted where officers alone make it, Invalid for what it lacks, Conflict where the table or a
    fact forbids it.
    """
    check_maker(actor, wanted.move)
    check_fields(wanted)
    before = line.status
    after = moved(wanted.move, before)
    if wanted.move is Move.RETRACT:
        decide(session, actor, line.pairing, _retraction(wanted))
        return line
    with session.no_autoflush:  # the database refuses a line that is changed by half
        CHANGES[wanted.move](session, actor, line, wanted, clocks)
        _pass_to(session, actor, line, after)
    session.flush()
    told = wanted.model_dump(exclude_unset=True, exclude={"move"})
    _record(session, actor, wanted.move, line, before, told)
    return line


def decide(session: Session, actor: Actor, pairing: Pairing, values: DecisionIn) -> Decision:
    """Judge a claimed pairing; to retract a conveyed one retracts its live line. Raises Invalid, Conflict."""
    line = queries.live_line_of(session, pairing.id) if values.judgement is Judgement.RETRACT else None
    decision = pairings.decide(session, actor, pairing, values, ends_line=True)
    if line is not None and pairing.status is PairingStatus.RETRACTED:
        before = line.status
        keep_answer(session, actor, line, MoveIn(move=Move.RETRACT, note=values.note))
        _pass_to(session, actor, line, LineStatus.RETRACTED)
        session.flush()
        _record(session, actor, Move.RETRACT, line, before, {"reason": values.reason, "note": values.note})
    return decision


def decide_several(
    session: Session, actor: Actor, need: Need, wanted: Sequence[DecisionOn]
) -> list[tuple[Pairing, Decision]]:
    """Decide on several pairings of one need, on all or on none; retractions end live lines, as `decide` says."""
    return pairings.decide_several(session, actor, need, wanted, decide)


def move_need(
    session: Session, actor: Actor, need: Need, wanted: NeedMove, threshold: float = specificity.THRESHOLD
) -> Need:
    """Change a need's status; one with a live line is not closed. Raises as `needs.service.move`, and Conflict."""
    if wanted.status is NeedStatus.CLOSED:
        _refuse_live(session, need, "closed")
    return needs.move(session, actor, need, wanted, threshold)


def merge_need(session: Session, actor: Actor, need: Need, into_ref: str) -> Need:
    """Merge a need into another; not while it has a live line. Raises as `needs.service.merge`, and Conflict."""
    _refuse_live(session, need, "merged")
    return needs.merge(session, actor, need, into_ref)


def _refuse_live(session: Session, need: Need, done: str) -> None:
    pairings.lock_needs(session, [need.id])
    if live := queries.live_lines_of_need(session, need):
        named = ", ".join(f"{line.referral_id} line {line.n} ({line.referral.organization.ref})" for line in live)
        raise Conflict(f"{need.ref} cannot be {done} while a line is live: referral {named}. End it first")


def _retraction(wanted: MoveIn) -> DecisionIn:
    if wanted.reason not in set(Reason) - {Reason.DUPLICATE_OF}:
        codes = ", ".join(reason for reason in Reason if reason is not Reason.DUPLICATE_OF)
        raise Invalid.field("/reason", f"To retract needs a reason: one of {codes}")
    return DecisionIn(judgement=Judgement.RETRACT, reason=Reason(wanted.reason), note=wanted.note)


def _pass_to(session: Session, actor: Actor, line: ReferralLine, status: LineStatus) -> None:
    """Set the status; the end of an organization's last live line for a need ends the release that served it."""
    was_live, line.status = line.status in LIVE, status
    if was_live and status not in LIVE:
        line.ended_at = utc_now()
        session.flush()
        if not queries.other_live_lines(session, line):
            _end_releases(session, actor, line)


def _end_releases(session: Session, actor: Actor, line: ReferralLine) -> None:
    """End what showed the need in full to this organization by name; what a group sees is not the referral's."""
    own = select(Release).where(
        Release.need_id == line.need_id,
        Release.organization_id == line.referral.organization_id,
        Release.fields == ReleaseFields.FULL,
        Release.withdrawn_at.is_(None),
    )
    for release in session.scalars(own):
        withdraw(session, actor, line.need, release, ending=Ending.REFERRAL)


def _record(
    session: Session,
    actor: Actor,
    made: Move,
    line: ReferralLine,
    before: LineStatus,
    told: Mapping[str, object],
) -> None:
    after = {"line": line.n, "need": line.need.ref, "status": line.status, **told}
    audit.record(session, actor, f"referral.{made.value}", line.referral, {"status": before}, after)
