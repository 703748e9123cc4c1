"""Runs of the matcher: start one, and see how far it is without JavaScript."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from app.access.permissions import Permission, Requires
from app.core.actor import Actor
from app.core.paging import Paging
from app.pairings import queries, runs, suggesting
from app.pairings.routes import RankingDep
from app.web.forms import FormDep, attempt_once
from app.web.lists import PAGE_SIZE, next_path
from app.web.render import PageDep, go

router = APIRouter(prefix="/runs", include_in_schema=False)
Runner = Annotated[Actor, Depends(Requires(Permission.MATCH_RUN))]


@router.get("")
def list_page(page: PageDep, actor: Runner, ranking: RankingDep) -> Response:
    cursor = page.request.query_params.get("cursor", "")[:2000] or None
    found = queries.runs_page(page.session, actor, Paging(PAGE_SIZE, cursor))
    return page.show(
        "admin/runs.html",
        runs=[row.MatchRun for row in found.rows],
        next=next_path(page.request, found),
        model=suggesting.model_in_force(page.session, ranking),
    )


@router.post("")
def start(page: PageDep, form: FormDep, actor: Runner) -> Response:
    run = attempt_once(
        page.session, actor, form, lambda: str(runs.request(page.session, actor, form.text("full") == "yes").id)
    )
    return go(f"/runs/{run}", "run-started") if run else go("/runs")


@router.get("/{run_id}")
def run_page(page: PageDep, actor: Runner, run_id: UUID) -> Response:
    return page.show("admin/run.html", run=queries.run(page.session, actor, run_id))
