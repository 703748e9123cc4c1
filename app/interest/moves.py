"""The states of an interest as a table: from where to where, and which side may make the move."""

import enum
from collections.abc import Mapping

from app.core.actor import Actor
from app.core.errors import Conflict, NotPermitted
from app.interest.models import InterestStatus as S


class Side(enum.StrEnum):
    DELEGATION = "delegation"
    OFFICER = "officer"


MOVES: Mapping[S, Mapping[S, Side]] = {
    S.OPEN: {S.ACKNOWLEDGED: Side.OFFICER, S.FULFILLED: Side.OFFICER, S.WITHDRAWN: Side.DELEGATION},
    S.ACKNOWLEDGED: {S.FULFILLED: Side.OFFICER, S.WITHDRAWN: Side.DELEGATION},
    S.WITHDRAWN: {},
    S.FULFILLED: {},
}
LIVE = tuple(status for status, moves in MOVES.items() if moves)


def side_of(actor: Actor) -> Side:
    return Side.OFFICER if actor.is_cted else Side.DELEGATION


def require_side(actor: Actor, status: S) -> None:
    """Raise NotPermitted for a status to which the actor's side never moves an interest, whichever it is."""
    sides = {moves[status] for moves in MOVES.values() if status in moves}
    if sides and side_of(actor) not in sides:
        raise NotPermitted(f"Only the {sides.pop()} makes an interest {status}")


def require_move(actor: Actor, before: S, after: S) -> None:
    """Raise Conflict where the table has no such move for the actor's side."""
    if MOVES[before].get(after) is not side_of(actor):
        possible = ", ".join(allowed(actor, before)) or "nothing more"
        raise Conflict(f"An interest that is {before} cannot become {after}; it can become {possible}")


def allowed(actor: Actor, status: S) -> list[S]:
    """The statuses that the actor's side may move an interest to."""
    return [after for after, side in MOVES[status].items() if side is side_of(actor)]
