"""The states of a referral line as tables: which move leads from where to where, who makes it, what it says."""

from collections.abc import Mapping
from dataclasses import dataclass

from app.core.actor import Actor
from app.core.errors import Conflict, FieldError, Invalid, NotPermitted
from app.referrals.models import LIVE, Move, ReferralLine
from app.referrals.models import LineStatus as S
from app.referrals.models import Move as M
from app.referrals.schemas import MoveIn

STAY: Mapping[S, S] = {status: status for status in LIVE}
MOVES: Mapping[M, Mapping[S, S]] = {
    M.TAKE_UP: {S.CONVEYED: S.TAKEN_UP},
    M.DECLINE: {S.CONVEYED: S.DECLINED, S.TAKEN_UP: S.DECLINED, S.IN_DELIVERY: S.DECLINED},
    M.ASK: STAY,
    M.ANSWER: STAY,
    M.START: {S.TAKEN_UP: S.IN_DELIVERY},
    M.REPORT: {S.IN_DELIVERY: S.IN_DELIVERY},
    M.INQUIRE: {S.IN_DELIVERY: S.IN_DELIVERY},
    M.COMPLETE: {S.IN_DELIVERY: S.COMPLETED},
    M.RETRACT: {S.CONVEYED: S.RETRACTED, S.TAKEN_UP: S.RETRACTED, S.IN_DELIVERY: S.RETRACTED},
}
# These an officer alone makes. The others are the organization's, or an officer's who records what it wrote.
OFFICERS = frozenset({M.ANSWER, M.START, M.INQUIRE, M.COMPLETE, M.RETRACT})


@dataclass(frozen=True, slots=True)
class Takes:
    """The fields that a move needs, and those that it may have besides; every move may have a note."""

    needs: frozenset[str] = frozenset()
    may: frozenset[str] = frozenset()


FIELDS: Mapping[M, Takes] = {
    M.TAKE_UP: Takes(frozenset({"part"}), frozenset({"what", "from_on", "if_funded", "diligence"})),
    M.DECLINE: Takes(frozenset({"reason"})),
    M.ASK: Takes(frozenset({"note"})),
    M.ANSWER: Takes(frozenset({"note"})),
    M.START: Takes(frozenset({"accepted"}), frozenset({"on", "diligence"})),
    M.REPORT: Takes(frozenset({"outcome"}), frozenset({"side"})),
    M.INQUIRE: Takes(frozenset(), frozenset({"on"})),
    M.COMPLETE: Takes(),
    M.RETRACT: Takes(frozenset({"reason"})),
}


def moved(move: M, status: S) -> S:
    """The status that a move leads to. Raises Conflict where the table has no such move."""
    if target := MOVES[move].get(status):
        return target
    possible = ", ".join(other for other in Move if status in MOVES[other]) or "nothing more"
    raise Conflict(f"A line that is {status} has no move {move}; it allows {possible}")


def allowed(actor: Actor, line: ReferralLine) -> list[M]:
    """The moves that the actor may make of a line as it is."""
    return [
        move
        for move in Move
        if line.status in MOVES[move]
        and (actor.is_cted or move not in OFFICERS)
        and (move is not M.ANSWER or line.question_at is not None)
    ]


def check_maker(actor: Actor, move: M) -> None:
    """Raise NotPermitted where only officers make such a move."""
    if move in OFFICERS and not actor.is_cted:
        raise NotPermitted(f"Officers alone {move} a line of a referral")


def check_fields(wanted: MoveIn) -> None:
    """Raise Invalid for each field that the move lacks, and each that it does not take."""
    takes = FIELDS[wanted.move]
    given = {name for name in type(wanted).model_fields if getattr(wanted, name) not in (None, "")} - {"move"}
    missing = sorted(takes.needs - given)
    strange = sorted(given - takes.needs - takes.may - {"note"})
    errors = [FieldError(f"/{name}", f"To {wanted.move} needs {name}") for name in missing]
    errors += [FieldError(f"/{name}", f"To {wanted.move} takes no {name}") for name in strange]
    if errors:
        raise Invalid(errors[0].message, errors)
