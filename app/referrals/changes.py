"""What each move of a line needs and changes besides the status: each function is one move, named in CHANGES."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.calendar import add_months
from app.core.db import utc_now
from app.core.errors import Conflict, Invalid
from app.needs import service as needs
from app.needs.models import BeneficiaryKind
from app.referrals import queries
from app.referrals.models import (
    DeclineReason,
    Diligence,
    LineAnswer,
    LineOutcome,
    Move,
    Part,
    ReferralLine,
    Side,
)
from app.referrals.schemas import DiligenceIn, MoveIn

SECURITY_FORCES = frozenset(
    {
        BeneficiaryKind.POLICE,
        BeneficiaryKind.BORDER_OR_CUSTOMS,
        BeneficiaryKind.MILITARY,
        BeneficiaryKind.INTELLIGENCE,
        BeneficiaryKind.PRISON,
    }
)


@dataclass(frozen=True, slots=True)
class Clocks:
    """When a line may end without the State's word: so long after the delivery, and after the inquiry."""

    inquiry_months: int = 12
    unconfirmed_days: int = 30


def newest_outcomes(line: ReferralLine) -> dict[Side, LineOutcome]:
    """What each side said last of how it went."""
    return {told.side: told for told in line.outcomes}


def unconfirmed_from(line: ReferralLine, reported_on: date, clocks: Clocks) -> date | None:
    """The day from which a line may be completed as not confirmed by the State; None before the inquiry."""
    if line.inquired_on is None:
        return None
    after_inquiry = line.inquired_on + timedelta(days=clocks.unconfirmed_days)
    return max(add_months(reported_on, clocks.inquiry_months), after_inquiry)


def keep_answer(session: Session, actor: Actor, line: ReferralLine, wanted: MoveIn) -> None:
    """Keep the move as it was made."""
    newest = select(func.max(LineAnswer.number)).where(LineAnswer.line_id == line.id)
    number = (session.scalar(newest) or 0) + 1
    line.answers.append(
        LineAnswer(
            number=number,
            move=wanted.move,
            by_officer=actor.is_cted,
            reason=line.decline_reason if wanted.move is Move.DECLINE else None,
            note=wanted.note,
            user_id=actor.user_id,
        )
    )


def _take_up(session: Session, actor: Actor, line: ReferralLine, wanted: MoveIn, clocks: Clocks) -> None:
    if wanted.part is Part.PART and not wanted.what:
        raise Invalid.field("/what", "Say which part is taken up")
    if wanted.diligence and wanted.diligence.result is Diligence.REFUSED:
        raise Invalid.field("/diligence", "Who refuses after due diligence declines, with that reason")
    line.part, line.what, line.from_on = wanted.part, wanted.what or "", wanted.from_on
    line.if_funded = bool(wanted.if_funded)
    line.answered_at = utc_now()
    _keep_diligence(line, wanted.diligence)
    keep_answer(session, actor, line, wanted)


def _decline(session: Session, actor: Actor, line: ReferralLine, wanted: MoveIn, clocks: Clocks) -> None:
    if wanted.reason not in set(DeclineReason):
        raise Invalid.field("/reason", f"To decline needs a reason: one of {', '.join(DeclineReason)}")
    line.decline_reason = DeclineReason(wanted.reason)
    line.answered_at = line.answered_at or utc_now()
    keep_answer(session, actor, line, wanted)


def _ask(session: Session, actor: Actor, line: ReferralLine, wanted: MoveIn, clocks: Clocks) -> None:
    line.question_at = line.question_at or utc_now()
    keep_answer(session, actor, line, wanted)


def _reply(session: Session, actor: Actor, line: ReferralLine, wanted: MoveIn, clocks: Clocks) -> None:
    if line.question_at is None:
        raise Conflict("No question of this line waits for an answer")
    line.question_at = None
    keep_answer(session, actor, line, wanted)


def _start(session: Session, actor: Actor, line: ReferralLine, wanted: MoveIn, clocks: Clocks) -> None:
    """Begin the delivery. Counterpart keeps that due diligence was done, and screens nobody itself."""
    assert wanted.accepted is not None
    on = _not_later(wanted.on, "/on")
    line.accepted_on = _not_later(wanted.accepted.on, "/accepted/on")
    line.acceptance_reference, line.started_on = wanted.accepted.reference, on
    _keep_diligence(line, wanted.diligence)
    if line.diligence is Diligence.REFUSED:
        raise Conflict("The provider refused after its due diligence: the line can be declined, and not started")
    kind = needs.newest(session, line.need).beneficiary_kind
    if kind in SECURITY_FORCES and line.diligence is None:
        message = f"The beneficiary is a security force ({kind}): the provider's due-diligence record is needed"
        raise Invalid.field("/diligence", message)
    keep_answer(session, actor, line, wanted)


def _report(session: Session, actor: Actor, line: ReferralLine, wanted: MoveIn, clocks: Clocks) -> None:
    assert wanted.outcome is not None
    own = Side.STATE if actor.is_cted else Side.ORGANIZATION
    if wanted.side is Side.STATE and not actor.is_cted:
        raise Invalid.field("/side", "An officer records what the State says; leave `side` out")
    newest = select(func.max(LineOutcome.number)).where(LineOutcome.line_id == line.id)
    told = LineOutcome(
        number=(session.scalar(newest) or 0) + 1,
        side=wanted.side or own,
        by_officer=actor.is_cted,
        outcome=wanted.outcome,
        note=wanted.note,
        user_id=actor.user_id,
    )
    line.outcomes.append(told)


def _inquire(session: Session, actor: Actor, line: ReferralLine, wanted: MoveIn, clocks: Clocks) -> None:
    reported = newest_outcomes(line).get(Side.ORGANIZATION)
    if reported is None:
        raise Conflict("The State is asked how it went once the organization has reported")
    line.inquired_on = _not_later(wanted.on, "/on")
    if line.inquired_on < reported.at.date():
        raise Invalid.field("/on", f"It cannot be before the organization's report, {reported.at:%Y-%m-%d}")
    keep_answer(session, actor, line, wanted)


def _complete(session: Session, actor: Actor, line: ReferralLine, wanted: MoveIn, clocks: Clocks) -> None:
    outcomes = newest_outcomes(line)
    if Side.ORGANIZATION not in outcomes:
        raise Conflict("It is completed once the organization has reported its outcome, and the State")
    line.confirmed = Side.STATE in outcomes
    if not line.confirmed:
        _check_unconfirmed(line, outcomes[Side.ORGANIZATION].at.date(), clocks)
    keep_answer(session, actor, line, wanted)


def _check_unconfirmed(line: ReferralLine, reported_on: date, clocks: Clocks) -> None:
    day = unconfirmed_from(line, reported_on, clocks)
    if day is None:
        raise Conflict("The State has not said how it went: report its outcome, or inquire first")
    if queries.today() < day:
        raise Conflict(f"The State has not answered; it can be completed as not confirmed by it from {day}")


def _keep_diligence(line: ReferralLine, told: DiligenceIn | None) -> None:
    if told is not None:
        line.diligence, line.diligence_reference = told.result, told.reference
        line.diligence_on = _not_later(told.on, "/diligence/on")


def _not_later(day: date | None, pointer: str) -> date:
    today = queries.today()
    if day is not None and day > today:
        raise Invalid.field(pointer, f"It cannot be after today, {today}")
    return day or today


CHANGES: Mapping[Move, Callable[[Session, Actor, ReferralLine, MoveIn, Clocks], None]] = {
    Move.TAKE_UP: _take_up,
    Move.DECLINE: _decline,
    Move.ASK: _ask,
    Move.ANSWER: _reply,
    Move.START: _start,
    Move.REPORT: _report,
    Move.INQUIRE: _inquire,
    Move.COMPLETE: _complete,
}
