"""The states of a pairing as a table: which judgement leads from where to where."""

from app.core.errors import Conflict
from app.pairings.models import Judgement as J
from app.pairings.models import PairingStatus as S

MOVES: dict[J, dict[S, S]] = {
    J.ACCEPT: {S.PROPOSED: S.ACCEPTED, S.DEFERRED: S.ACCEPTED},
    J.REJECT: {S.PROPOSED: S.REJECTED, S.DEFERRED: S.REJECTED},
    J.DEFER: {S.PROPOSED: S.DEFERRED},
    J.RETRACT: {S.ACCEPTED: S.RETRACTED, S.CONVEYED: S.RETRACTED},
    J.REOPEN: {S.REJECTED: S.PROPOSED, S.DEFERRED: S.PROPOSED, S.RETRACTED: S.PROPOSED},
}

# No judgement: what referring an accepted pair to its organization does.
CONVEY: dict[S, S] = {S.ACCEPTED: S.CONVEYED}


def moved(judgement: J, status: S) -> S:
    """The status that a judgement leads to. Raises Conflict where the table has no such move."""
    if target := MOVES[judgement].get(status):
        return target
    possible = ", ".join(allowed(status)) or "nothing more"
    raise Conflict(f"A pairing that is {status} cannot be decided by {judgement}; it allows {possible}")


def allowed(status: S) -> list[J]:
    """The judgements that a status allows."""
    return [judgement for judgement, moves in MOVES.items() if status in moves]
