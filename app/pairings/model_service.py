"""Trains candidate models from decisions, shows what they would change, and puts one in force: never by itself."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from app.audit import service as audit
from app.core.actor import Actor
from app.core.errors import Conflict
from app.needs.models import Need
from app.pairings import model_queries
from app.pairings.model_candidates import ModelCandidate, in_force
from app.pairings.model_schemas import (
    CandidateFigures,
    CandidateIn,
    CandidateOut,
    Change,
    Disagreement,
    Disagreements,
    Drift,
    HeldOut,
    InForceOut,
    OfficerOut,
)
from app.pairings.proposing import Stated, open_needs
from app.pairings.ranking import MODEL_CHANGED, Index, Model, Ranking, stated
from matching.learning import Example, Learned, Measure, TooFewDecisions, learn

COMPARED_NEEDS = 200
LISTED = 100


def train(session: Session, actor: Actor, ranking: Ranking, values: CandidateIn) -> ModelCandidate:
    """Learn from the decisions, and keep the outcome as a candidate beside the model in force.

    Raises Conflict where too few decisions say something of the match.
    """
    index = ranking.current(session)
    examples, left_out = _examples(session, actor, index)
    try:
        learned = learn(examples, index.model)
    except TooFewDecisions as error:
        raise Conflict(f"{error} (left out: {_counted(left_out)})") from None
    figures = _figures(learned, index.model, left_out)
    candidate = _candidate(session, actor, ranking, learned, figures)
    candidate.note = values.note
    candidate.disagreements = disagreements(session, actor, ranking, candidate).model_dump(mode="json")
    session.add(candidate)
    session.flush()
    told = {"weights": candidate.weights, "floor": candidate.floor, "decisions": learned.decisions}
    audit.record(session, actor, "model.trained", candidate, after=told)
    return candidate


def activate(session: Session, actor: Actor, ranking: Ranking, candidate: ModelCandidate) -> InForceOut:
    """Put a candidate in force: from the commit on, every process scores by it.

    Raises Conflict for one learnt with another glossary or taxonomy, because its figures no longer hold.
    """
    if candidate.knowledge_fingerprint != ranking.installed.knowledge_fingerprint:
        raise Conflict(f"The glossary or taxonomy changed since {candidate.name} was learnt; train a new one")
    before = ranking.in_force(session).name
    if not candidate.in_force:
        _take_out(session)
        candidate.in_force = True
        session.flush()
        told = {"in_force": before}, {"in_force": candidate.name}
        audit.record(session, actor, MODEL_CHANGED, candidate, *told)
    return InForceOut(name=candidate.name, before=before)


def go_back(session: Session, actor: Actor, ranking: Ranking) -> InForceOut:
    """Put the installed model back in force; nothing happens where it is."""
    before, installed = ranking.in_force(session).name, ranking.installed.name
    if taken_out := _take_out(session):
        told = {"in_force": before}, {"in_force": installed}
        audit.record(session, actor, MODEL_CHANGED, taken_out, *told)
    return InForceOut(name=installed, before=before)


def disagreements(session: Session, actor: Actor, ranking: Ranking, candidate: ModelCandidate) -> Disagreements:
    """The pairs of open needs, 200 of them at most, that would be proposed otherwise, as records are now."""
    index = ranking.current(session)
    other = index.under(ranking.learnt(candidate))
    needs = open_needs(session, limit=COMPARED_NEEDS)
    proposed, found = 0, list[_Differing]()
    for one in needs:
        count, differing = _differing(one, index, other)
        proposed, found = proposed + count, found + differing
    widest = sorted(
        found, key=lambda each: (-abs(each.candidate - each.present), each.need.ref, each.programme_id)
    )
    return Disagreements(
        needs=len(needs),
        proposed=proposed,
        gained=sum(each.change is Change.GAINED for each in found),
        lost=sum(each.change is Change.LOST for each in found),
        items=_listed(session, actor, widest[:LISTED]),
    )


def shown(session: Session, ranking: Ranking, candidates: Sequence[ModelCandidate]) -> list[CandidateOut]:
    """Candidates as admins read them."""
    trained_by, knowledge = model_queries.trainers(session, candidates), ranking.installed.knowledge_fingerprint
    return [
        CandidateOut(
            name=one.name,
            fingerprint=one.fingerprint,
            in_force=one.in_force,
            compared_with=one.compared_with,
            floor=one.floor,
            weights=one.weights,
            figures=CandidateFigures.model_validate(one.figures),
            disagreements=Disagreements.model_validate(one.disagreements),
            note=one.note,
            trained_at=one.trained_at,
            trained_by=trained_by.get(one.trained_by_id) if one.trained_by_id else None,
            outdated=one.knowledge_fingerprint != knowledge,
        )
        for one in candidates
    ]


class _Differing(NamedTuple):
    need: Need
    programme_id: UUID
    change: Change
    present: float
    candidate: float


def _examples(session: Session, actor: Actor, index: Index) -> tuple[list[Example], dict[str, int]]:
    decided, left_out = model_queries.decided(session, actor)
    measure = Measure(index.matcher.statistics, index.model, index.surroundings.invented)
    examples = [
        measure.example(
            stated(one.revision.need_id, one.revision),
            index.candidates[one.programme_id],
            one.officer,
            one.accepted,
        )
        for one in decided
    ]
    return examples, left_out


def _candidate(
    session: Session, actor: Actor, ranking: Ranking, learned: Learned, figures: CandidateFigures
) -> ModelCandidate:
    number = model_queries.next_number(session)
    name = f"{ranking.installed.name}-learned.{number}"
    model = ranking.installed.with_weights(name, learned.weights, learned.floor)
    return ModelCandidate(
        number=number,
        name=name,
        fingerprint=model.fingerprint,
        knowledge_fingerprint=model.knowledge_fingerprint,
        compared_with=ranking.in_force(session).name,
        weights=dict(learned.weights),
        floor=learned.floor,
        figures=figures.model_dump(mode="json"),
        trained_by_id=actor.user_id,
    )


def _figures(learned: Learned, present: Model, left_out: dict[str, int]) -> CandidateFigures:
    return CandidateFigures(
        decisions=learned.decisions,
        accepted=learned.accepted,
        left_out=left_out,
        spread=learned.spread,
        present=HeldOut.model_validate(learned.present),
        candidate=HeldOut.model_validate(learned.candidate),
        gain=learned.gain,
        gain_error=learned.gain_error,
        officers=[OfficerOut.model_validate(one) for one in learned.officers],
        drift=[
            Drift(group=group, present=before, candidate=after, change=after - before)
            for group, after in learned.weights.items()
            for before in [present.weights[group]]
        ],
    )


def _differing(one: Stated, index: Index, other: Index) -> tuple[int, list[_Differing]]:
    """How many programmes are proposed for a need now, and those that only one of two models proposes."""
    need = stated(one.need.id, one.revision)
    now, then = ({each.programme_id for each in models.propose(need)} for models in (index, other))
    differing = []
    for programme in map(UUID, now ^ then):
        before, after = index.explain(need, programme), other.explain(need, programme)
        if before and after:
            change = Change.LOST if str(programme) in now else Change.GAINED
            differing.append(_Differing(one.need, programme, change, before.score, after.score))
    return len(now), differing


def _listed(session: Session, actor: Actor, found: Sequence[_Differing]) -> list[Disagreement]:
    refs = model_queries.programme_refs(session, [each.programme_id for each in found])
    stored = model_queries.statuses(session, actor, [each.need.id for each in found])
    return [
        Disagreement(
            need=each.need.ref,
            programme=refs[each.programme_id],
            change=each.change,
            present=each.present,
            candidate=each.candidate,
            status=stored.get((each.need.id, each.programme_id)),
        )
        for each in found
    ]


def _take_out(session: Session) -> ModelCandidate | None:
    """Leave no learnt model in force; return the one that was."""
    taken_out = in_force(session)
    if taken_out is not None:
        taken_out.in_force = False
        session.flush()
    return taken_out


def _counted(left_out: dict[str, int]) -> str:
    return ", ".join(f"{count} {why}" for why, count in left_out.items()) or "none"
