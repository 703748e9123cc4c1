"""Keeps the proposals of open needs up to date. The small jobs add; only a run supersedes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from app.audit import service as audit
from app.core.actor import Actor, Role
from app.needs.models import Need, NeedRevision, NeedStatus
from app.pairings import queries
from app.pairings.facts import facts_of
from app.pairings.models import Decision, Origin, Pairing, PairingStatus
from app.pairings.ranking import PROPOSALS, Ahead, Index, Ranking, Suggestion, stated
from app.pairings.service import explain, lock_needs, propose
from app.programmes.models import Programme

SYSTEM = Actor(Role.ADMIN, UUID(int=0), label="system")
NOTHING_AHEAD = Ahead()


@dataclass(frozen=True, slots=True)
class Stated:
    """An open need and what it says now."""

    need: Need
    revision: NeedRevision


@dataclass(slots=True)
class Tally:
    """What an update came to: pairs proposed newly or again, those that stand, some with a new score, the rest."""

    new: list[UUID] = field(default_factory=list)
    kept: int = 0
    rescored: list[UUID] = field(default_factory=list)
    superseded: list[UUID] = field(default_factory=list)

    @property
    def changed(self) -> dict[str, list[UUID]]:
        return {"proposed": self.new, "rescored": self.rescored, "superseded": self.superseded}


def propose_for_need(session: Session, ranking: Ranking, need_id: UUID) -> Tally:
    """Add the proposals that an open need lacks, at most ten; a need that is not open gets none."""
    index = ranking.current(session)
    tally = bring_up_to_date(session, index, open_needs(session, [need_id]), supersede=False)
    _note(session, session.get(Need, need_id), tally)
    return tally


def propose_programme(session: Session, ranking: Ranking, programme_id: UUID) -> Tally:
    """Add a programme to each open need for which it is among the ten best and above the floor."""
    index, tally = ranking.current(session), Tally()
    everyone = {str(one.need.id): one for one in open_needs(session)}
    asked = (stated(one.need.id, one.revision) for one in everyone.values())
    gaining = [
        (everyone[need.id], [found for found in [index.explain(need, programme_id)] if found])
        for need in index.gaining(asked, programme_id)
    ]
    lock_needs(session, [one.need.id for one, _ in gaining])
    known = _existing(session, [one.need.id for one, _ in gaining])
    for one, suggestions in gaining:
        _add(session, one, [each for each in suggestions if each.proposed], known, tally)
    session.flush()
    _note(session, session.get(Programme, programme_id), tally)
    return tally


def bring_up_to_date(
    session: Session, index: Index, needs: Sequence[Stated], supersede: bool, ahead: Ahead = NOTHING_AHEAD
) -> Tally:
    """Make the stored proposals of some open needs what the matcher proposes now.

    A pair that was decided on keeps its state; a rejected one comes back, marked, when a fact changed.
    """
    tally, ids = Tally(), [one.need.id for one in needs]
    lock_needs(session, ids)
    known = _existing(session, ids)
    given_up = _unreviewed(session, index, ids) if supersede else {}
    for one in needs:
        need = stated(one.need.id, one.revision)
        suggestions = index.propose(need, ahead.of(index, need))
        _add(session, one, suggestions, known, tally)
        for suggestion in suggestions:
            given_up.pop((one.need.id, UUID(suggestion.programme_id)), None)
    for pairing in given_up.values():
        pairing.status, pairing.version = PairingStatus.SUPERSEDED, pairing.version + 1
        tally.superseded.append(pairing.id)
    session.flush()
    return tally


def open_needs(
    session: Session, ids: Iterable[UUID] | None = None, after: UUID | None = None, limit: int | None = None
) -> list[Stated]:
    """Open needs in order of id with what they say now: all, those of `ids`, those after `after`."""
    current = (NeedRevision.need_id == Need.id) & (NeedRevision.number == Need.revision)
    statement = select(Need, NeedRevision).join(NeedRevision, current).where(Need.status == NeedStatus.OPEN)
    if ids is not None:
        statement = statement.where(Need.id.in_(ids))
    if after is not None:
        statement = statement.where(Need.id > after)
    loaded = statement.options(selectinload(NeedRevision.codes), joinedload(NeedRevision.members_of))
    return [Stated(row.Need, row.NeedRevision) for row in session.execute(loaded.order_by(Need.id).limit(limit))]


_Pairs = dict[tuple[UUID, UUID], Pairing]


def _existing(session: Session, need_ids: Sequence[UUID]) -> _Pairs:
    """The needs' pairs, read after their needs were locked."""
    statement = select(Pairing).where(Pairing.need_id.in_(need_ids)).execution_options(populate_existing=True)
    return {(pairing.need_id, pairing.programme_id): pairing for pairing in session.scalars(statement)}


def _unreviewed(session: Session, index: Index, need_ids: Sequence[UUID]) -> _Pairs:
    """The matcher's own proposals that a run may give up.

    Not those that an officer put back by reopening, nor those whose side closed: that is read, not stored.
    """
    decided = exists().where(Decision.pairing_id == Pairing.id)
    statement = select(Pairing).where(
        Pairing.need_id.in_(need_ids),
        Pairing.status == PairingStatus.PROPOSED,
        Pairing.origin == Origin.MATCHER,
        or_(~decided, Pairing.rejected_facts.is_not(None)),
        queries.sides_open(index.day),
    )
    return {(pairing.need_id, pairing.programme_id): pairing for pairing in session.scalars(statement)}


def _add(session: Session, one: Stated, suggestions: Sequence[Suggestion], known: _Pairs, tally: Tally) -> None:
    for suggestion in suggestions:
        programme_id = UUID(suggestion.programme_id)
        pairing = known.get((one.need.id, programme_id))
        if pairing is None:
            pairing = Pairing(need_id=one.need.id, programme_id=programme_id)
            propose(pairing, Origin.MATCHER, suggestion, one.revision.number)
            session.add(pairing)
            session.flush()
            tally.new.append(pairing.id)
        elif _returns(pairing, one.revision):
            pairing.changed_since_rejection = pairing.rejected_facts is not None
            propose(pairing, Origin.MATCHER, suggestion, one.revision.number)
            tally.new.append(pairing.id)
        else:
            tally.kept += 1
            if _refresh(pairing, suggestion, one.revision.number):
                tally.rescored.append(pairing.id)


def _returns(pairing: Pairing, revision: NeedRevision) -> bool:
    """Whether a pair that was set aside is a proposal again: never with the facts on which it was rejected."""
    set_aside = pairing.status in {PairingStatus.REJECTED, PairingStatus.SUPERSEDED}
    judged = pairing.rejected_facts
    return set_aside and (judged is None or judged != facts_of(revision, pairing.programme))


def _refresh(pairing: Pairing, suggestion: Suggestion, revision: int) -> bool:
    """Keep the present score of a proposal, if it is another one; say whether it is.

    What was decided keeps the reasons that it was decided on.
    """
    seen = (pairing.score, pairing.model, pairing.need_revision)
    if pairing.status is not PairingStatus.PROPOSED or seen == (suggestion.score, suggestion.model, revision):
        return False
    explain(pairing, suggestion, revision)
    return True


def _note(session: Session, subject: Need | Programme | None, tally: Tally) -> None:
    if subject is not None and (tally.new or tally.rescored):
        audit.record(session, SYSTEM, PROPOSALS, subject, after=tally.changed)
