"""Clauses of guidelines for a need: those that it cites, what became of them, and those that are most like it.

Likeness is the matcher's own, between what the reader is shown of the need and the clauses in force. Where a need
is, is no part of it: a guideline is for every State.
"""

import threading
from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.needs import queries as needs
from app.needs.models import NeedRevision
from app.needs.schemas import NeedFull, NeedOfficer, NeedView
from app.pairings.clause_schemas import Cites, ClausesOfNeed, LikeClause
from app.pairings.offers.similar import as_shown
from app.pairings.ranking import Model, Ranking
from app.pairings.schemas import ContributionOut
from app.practices import citing
from app.practices import queries as practices
from app.practices.schemas import CitationState, ClauseFilter, ClauseOut
from app.programmes import queries as programmes
from app.programmes.models import Programme
from matching import Matcher
from matching import Programme as Candidate

MOST = 5
_CITED_BY = 500


class ClauseShelf:
    """One process's matcher over the clauses in force; it is made anew when these, or the model, changed."""

    def __init__(self, ranking: Ranking) -> None:
        self._ranking = ranking
        self._lock = threading.Lock()
        self._made: tuple[object, Matcher] | None = None

    def current(self, session: Session, clauses: Sequence[ClauseOut]) -> Matcher:
        """The matcher over `clauses`, which are those in force."""
        model = self._ranking.in_force(session)
        wanted = model.name, model.fingerprint, tuple((one.id, one.version) for one in clauses)
        with self._lock:
            if self._made is None or self._made[0] != wanted:
                self._made = wanted, _matcher(clauses, model)
            return self._made[1]


def of_need(session: Session, actor: Actor, shelf: ClauseShelf, ref: str, limit: int = MOST) -> ClausesOfNeed:
    """The clauses of a need that the actor sees. Raises NotFound.

    What a summary shows has no citations, and is compared by the summary alone.
    """
    need = needs.get(session, actor, ref)
    cited = citing.citations(session, need.clauses) if isinstance(need, NeedFull | NeedOfficer) else []
    named = {one.clause for one in cited}
    similar = [one for one in _similar(session, shelf, need, limit + len(named)) if one.clause.id not in named]
    changed = [one for one in cited if one.state is not CitationState.AS_CITED]
    return ClausesOfNeed(need=need.ref, cited=cited, changed=changed, similar=similar[:limit])


def citing_practice(session: Session, actor: Actor, ref: str) -> list[Cites]:
    """The needs and programmes that cite a document, as far as the actor sees them; what changed comes first."""
    practice = practices.load(session, actor, ref)
    seen = needs.visible(actor).where(citing.cites(NeedRevision.clauses, practice.ref)).limit(_CITED_BY)
    offered = programmes.visible(actor).where(citing.cites(Programme.clauses, practice.ref)).limit(_CITED_BY)
    rows = [("need", need.ref, said.title, said.clauses) for need, said, *_ in session.execute(seen)]
    rows += [("programme", one.ref, one.title, one.clauses) for one in session.scalars(offered)]
    found = [
        Cites(kind=kind, ref=named, title=title, citation=citation)
        for kind, named, title, written in rows
        for citation in citing.citations(session, written)
        if citation.practice == practice.ref
    ]
    unchanged = CitationState.AS_CITED
    return sorted(found, key=lambda one: (one.citation.state is unchanged, one.citation.clause, one.ref))


def _similar(session: Session, shelf: ClauseShelf, need: NeedView, limit: int) -> list[LikeClause]:
    """The clauses in force that reach what the matcher asks of a text, best first."""
    clauses = _in_force(session)
    if not clauses:
        return []
    matcher = shelf.current(session, clauses)
    stated = replace(as_shown(need), recipient=None)
    by_id = {one.id: one for one in clauses}
    found = matcher.suggest(stated, limit)
    return [
        LikeClause(
            clause=by_id[one.programme_id],
            score=one.score,
            contributions=[ContributionOut.model_validate(part) for part in one.contributions],
        )
        for one in found
        if one.score >= matcher.model.floor_without_geography
    ]


def _in_force(session: Session) -> list[ClauseOut]:
    """What anybody can read, and says something: a heading over others alone is no clause to follow."""
    documents = [one.ref for one in practices.listed(session, None) if one.current]
    found = [one for ref in documents for one in practices.clauses(session, None, ref, ClauseFilter())]
    return [one for one in found if one.body]


def _matcher(clauses: Sequence[ClauseOut], model: Model) -> Matcher:
    return Matcher([_candidate(one) for one in clauses], model)


def _candidate(clause: ClauseOut) -> Candidate:
    return Candidate(
        id=clause.id,
        title=clause.title,
        summary=clause.body,
        themes=tuple(clause.themes),
        weapons=tuple(clause.weapons),
    )
