from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from app.access.once import OnceDep
from app.access.permissions import Permission, Requires
from app.core.actor import Actor
from app.core.db import SessionDep
from app.core.http import next_path, set_etag
from app.core.paging import Page, PagingDep, set_link
from app.needs import queries as needs
from app.pairings import queries, runs, service, suggesting
from app.pairings.models import Pairing
from app.pairings.ranking import Ranking
from app.pairings.schemas import (
    Decisions,
    MatchRunIn,
    MatchRunOut,
    PairingFilter,
    PairingIn,
    PairingOut,
    SuggestionFilter,
    SuggestionIn,
    Suggestions,
)

router = APIRouter(tags=["pairings"])


def _ranking(request: Request) -> Ranking:
    ranking: Ranking = request.app.state.ranking
    return ranking


Reader = Annotated[Actor, Depends(Requires(Permission.PAIRING_READ))]
Judge = Annotated[Actor, Depends(Requires(Permission.PAIRING_DECIDE))]
Runner = Annotated[Actor, Depends(Requires(Permission.MATCH_RUN))]
RankingDep = Annotated[Ranking, Depends(_ranking)]
Wanted = Annotated[SuggestionFilter, Query()]


@router.get("/needs/{ref}/suggestions")
def suggest_for_need(
    actor: Reader, session: SessionDep, ranking: RankingDep, ref: str, wanted: Wanted
) -> Suggestions:
    """Rank programmes for a need, each score with the reasons that sum to it, and funds apart.

    `programme=P-…` explains that one alone, whatever its rank: why it is, or is not, proposed.
    """
    return suggesting.for_need(session, actor, ranking, needs.load(session, actor, ref), wanted)


@router.post("/suggestions")
def suggest_for_text(
    actor: Reader, session: SessionDep, ranking: RankingDep, values: SuggestionIn, wanted: Wanted
) -> Suggestions:
    """Rank programmes for a text that is not stored."""
    return suggesting.for_text(session, actor, ranking, values, wanted)


@router.get("/pairings")
def list_pairings(
    request: Request,
    response: Response,
    actor: Reader,
    session: SessionDep,
    paging: PagingDep,
    wanted: Annotated[PairingFilter, Query()],
) -> Page[PairingOut]:
    """List pairings, the highest score first. `status=proposed` alone is the queue: pairs with both sides open."""
    items, found = queries.page(session, actor, wanted, paging)
    set_link(response, next_path(request), found)
    return Page(items=items, next=found.next, total=found.total)


@router.post("/pairings", status_code=201)
def store_pairing(
    response: Response,
    actor: Judge,
    session: SessionDep,
    ranking: RankingDep,
    values: PairingIn,
    once: OnceDep,
) -> PairingOut:
    """Store a pair of your own, whatever its score: 200 with the one that exists; one superseded is proposed."""

    def do() -> Pairing:
        need, programme = service.sides(session, actor, values)
        pairing, is_new = service.store(session, actor, ranking, need, programme)
        response.status_code = 201 if is_new else 200
        return pairing

    def again(kept: list[str]) -> Pairing:
        return queries.get(session, actor, UUID(kept[0]))

    return _answer(session, response, once(response, do, lambda pairing: [str(pairing.id)], again))


@router.get("/pairings/{pairing_id}")
def read_pairing(response: Response, actor: Reader, session: SessionDep, pairing_id: UUID) -> PairingOut:
    """Read one pairing with the reasons for its score and the newest decision on it."""
    return _answer(session, response, queries.get(session, actor, pairing_id))


@router.get("/pairings/{pairing_id}/decisions")
def list_decisions(actor: Reader, session: SessionDep, pairing_id: UUID) -> Decisions:
    """List all judgements on a pairing, the oldest first."""
    return Decisions(items=queries.decisions(session, actor, queries.get(session, actor, pairing_id)))


@router.get("/match-runs")
def list_match_runs(
    request: Request, response: Response, actor: Reader, session: SessionDep, paging: PagingDep
) -> Page[MatchRunOut]:
    """List the runs of the matcher, the newest first."""
    found = queries.runs_page(session, actor, paging)
    set_link(response, next_path(request), found)
    items = [MatchRunOut.model_validate(row.MatchRun) for row in found.rows]
    return Page(items=items, next=found.next, total=found.total)


@router.post("/match-runs", status_code=202)
def start_match_run(
    request: Request, response: Response, actor: Runner, session: SessionDep, values: MatchRunIn, once: OnceDep
) -> MatchRunOut:
    """Ask for a run of the matcher over all open needs: a job, whose address tells how far it is."""
    response.status_code = 202
    started = once(
        response,
        lambda: runs.request(session, actor, values.full),
        lambda run: [str(run.id)],
        lambda kept: queries.run(session, actor, UUID(kept[0])),
    )
    response.headers["Location"] = f"{request.url.path}/{started.id}"
    return MatchRunOut.model_validate(started)


@router.get("/match-runs/{run_id}")
def read_match_run(actor: Reader, session: SessionDep, run_id: UUID) -> MatchRunOut:
    """Say how far a run of the matcher is, and what it found."""
    return MatchRunOut.model_validate(queries.run(session, actor, run_id))


def _answer(session: SessionDep, response: Response, pairing: Pairing) -> PairingOut:
    [shown] = queries.shown(session, [pairing], queries.today())
    set_etag(response, shown.etag)
    return shown
