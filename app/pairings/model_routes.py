from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from app.access.once import OnceDep
from app.access.permissions import Permission, Requires
from app.core.actor import Actor
from app.core.db import SessionDep
from app.core.http import NeedsMatch, etag_of, next_path, require_match, set_etag
from app.core.paging import Page, PagingDep, set_link
from app.pairings import model_queries, model_service, suggesting
from app.pairings.model_candidates import ModelCandidate
from app.pairings.model_schemas import CandidateIn, CandidateOut, Disagreements, InForceOut
from app.pairings.routes import RankingDep
from app.pairings.schemas import ModelOut

router = APIRouter(prefix="/model", tags=["model"])
Reader = Annotated[Actor, Depends(Requires(Permission.MODEL_READ))]
Comparer = Annotated[Actor, Depends(Requires(Permission.CANDIDATE_READ))]
Manager = Annotated[Actor, Depends(Requires(Permission.MODEL_MANAGE))]


@router.get("")
def read_model(response: Response, actor: Reader, session: SessionDep, ranking: RankingDep) -> ModelOut:
    """Say what scores depend on besides the records: weights, floors and knowledge, named, with a fingerprint."""
    shown = suggesting.model_in_force(session, ranking)
    set_etag(response, etag_of(shown.name))
    return shown


@router.get("/candidates")
def list_candidates(
    request: Request,
    response: Response,
    actor: Comparer,
    session: SessionDep,
    ranking: RankingDep,
    paging: PagingDep,
) -> Page[CandidateOut]:
    """List the models learnt from decisions, the newest first, each with its figures on held-out decisions."""
    found = model_queries.page(session, actor, paging)
    set_link(response, next_path(request), found)
    items = model_service.shown(session, ranking, [row.ModelCandidate for row in found.rows])
    return Page(items=items, next=found.next, total=found.total)


@router.post("/candidates", status_code=201)
def train_candidate(
    response: Response,
    actor: Manager,
    session: SessionDep,
    ranking: RankingDep,
    values: CandidateIn,
    once: OnceDep,
) -> CandidateOut:
    """Learn a candidate from the stored decisions, beside the model in force: seconds, and nothing else changes.

    409 where too few decisions say something of the match, with how many are needed.
    """
    response.status_code = 201
    trained = once(
        response,
        lambda: model_service.train(session, actor, ranking, values),
        lambda candidate: [candidate.name],
        lambda kept: model_queries.get(session, actor, kept[0]),
    )
    return _shown(session, ranking, trained)


@router.get("/candidates/{name}")
def read_candidate(actor: Comparer, session: SessionDep, ranking: RankingDep, name: str) -> CandidateOut:
    """Read a candidate: weights beside those it was compared with, figures, officers, what it would change."""
    return _shown(session, ranking, model_queries.get(session, actor, name))


@router.get("/candidates/{name}/disagreements")
def compare_candidate(actor: Comparer, session: SessionDep, ranking: RankingDep, name: str) -> Disagreements:
    """Compare what a candidate would propose with what the model in force does, as records are now."""
    return model_service.disagreements(session, actor, ranking, model_queries.get(session, actor, name))


@router.post("/candidates/{name}/activate")
def activate_candidate(
    if_match: NeedsMatch,
    response: Response,
    actor: Manager,
    session: SessionDep,
    ranking: RankingDep,
    name: str,
    once: OnceDep,
) -> InForceOut:
    """Put a candidate in force, everywhere from now on. Needs If-Match with the ETag of the model in force."""

    def do() -> InForceOut:
        candidate = model_queries.get(session, actor, name)
        require_match(if_match, etag_of(ranking.in_force(session).name))
        return model_service.activate(session, actor, ranking, candidate)

    return _put_in_force(once, response, do)


@router.post("/installed/activate")
def activate_installed(
    if_match: NeedsMatch,
    response: Response,
    actor: Manager,
    session: SessionDep,
    ranking: RankingDep,
    once: OnceDep,
) -> InForceOut:
    """Go back to the model that came with this version. Needs If-Match with the ETag of the model in force."""

    def do() -> InForceOut:
        require_match(if_match, etag_of(ranking.in_force(session).name))
        return model_service.go_back(session, actor, ranking)

    return _put_in_force(once, response, do)


def _put_in_force(once: OnceDep, response: Response, do: Callable[[], InForceOut]) -> InForceOut:
    """A replay says what was put in force then: another one may be by now."""
    return once(
        response,
        do,
        lambda done: [done.model_dump_json()],
        lambda kept: InForceOut.model_validate_json(kept[0]),
    )


def _shown(session: SessionDep, ranking: RankingDep, candidate: ModelCandidate) -> CandidateOut:
    [shown] = model_service.shown(session, ranking, [candidate])
    return shown
