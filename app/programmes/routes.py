from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from app.access.once import OnceDep
from app.access.permissions import Permission, Requires
from app.core.actor import Actor
from app.core.db import SessionDep
from app.core.errors import Stale
from app.core.http import IfMatch, NeedsMatch, honour_match, next_path, require_match, set_etag
from app.core.paging import set_link
from app.programmes import queries, service
from app.programmes.bulk import register_many
from app.programmes.models import Programme
from app.programmes.schemas import (
    Assurance,
    BulkIn,
    BulkOut,
    MergeIn,
    ProgrammeIn,
    ProgrammeListing,
    ProgrammeMove,
    ProgrammePage,
    ProgrammePatch,
    ProgrammeView,
    RowResult,
)
from app.programmes.service import Rules

router = APIRouter(prefix="/programmes", tags=["programmes"])
Reader = Annotated[Actor, Depends(Requires(Permission.PROGRAMME_READ))]
Writer = Annotated[Actor, Depends(Requires(Permission.PROGRAMME_WRITE))]


def _rules(request: Request) -> Rules:
    settings = request.app.state.settings
    return Rules(settings.assurance_days, settings.review_first_programmes)


RulesDep = Annotated[Rules, Depends(_rules)]


@router.get("", response_model=ProgrammePage)
def list_programmes(
    request: Request,
    response: Response,
    actor: Reader,
    session: SessionDep,
    wanted: Annotated[ProgrammeListing, Query()],
) -> ProgrammePage:
    """List the programmes that you may see, newest first unless sorted otherwise."""
    views, found = queries.page(session, actor, wanted, wanted.paging)
    set_link(response, next_path(request), found)
    counts = queries.facets(session, actor, wanted) if wanted.facets else None
    return ProgrammePage(items=views, next=found.next, total=found.total, facets=counts)


@router.post("", response_model=ProgrammeView, status_code=201)
def register_programme(
    if_match: IfMatch,
    response: Response,
    actor: Writer,
    session: SessionDep,
    values: ProgrammeIn,
    rules: RulesDep,
    once: OnceDep,
) -> ProgrammeView:
    """Register a programme, or update and re-assure the one with this `external_id` (200).

    By key it is active at once, from a signed-in browser a draft, unless `status` says otherwise.
    """

    def guard(existing: Programme | None) -> None:
        if existing is not None:
            honour_match(if_match, queries.view(actor, existing).etag)
        elif if_match is not None:
            raise Stale("There is no programme with this external_id that If-Match could name")

    def do() -> Programme:
        programme, is_new = service.register(session, actor, values, rules, guard=guard)
        response.status_code = 201 if is_new else 200
        return programme

    programme = once(response, do, _name, lambda refs: queries.get(session, actor, refs[0]))
    response.headers["Location"] = f"/api/v1/programmes/{programme.ref}"
    return _answer(response, actor, programme)


@router.post("/bulk", response_model=BulkOut)
def register_programmes(
    response: Response,
    actor: Writer,
    session: SessionDep,
    values: BulkIn,
    rules: RulesDep,
    once: OnceDep,
    atomic: bool = False,
) -> BulkOut:
    """Register up to 1,000 programmes, each as a POST of its own would; `atomic` keeps all of them or none."""
    response.status_code = 200
    return once(
        response,
        lambda: register_many(session, actor, values.items, rules, atomic),
        lambda done: [result.model_dump_json() for result in done.results],
        lambda kept: BulkOut.of([RowResult.model_validate_json(result) for result in kept]),
    )


@router.get("/{ref}", response_model=ProgrammeView)
def read_programme(response: Response, actor: Reader, session: SessionDep, ref: str) -> ProgrammeView:
    """Read one programme."""
    return _answer(response, actor, queries.get(session, actor, ref))


@router.patch("/{ref}", response_model=ProgrammeView)
def change_programme(
    if_match: NeedsMatch, response: Response, actor: Writer, session: SessionDep, ref: str, values: ProgrammePatch
) -> ProgrammeView:
    """Change a programme: absent fields are kept, null clears. Needs If-Match."""
    programme = queries.get(session, actor, ref)
    require_match(if_match, queries.view(actor, programme).etag)
    return _answer(response, actor, service.update(session, actor, programme, values))


@router.post("/{ref}/status", response_model=ProgrammeView)
def move_programme(
    if_match: NeedsMatch,
    response: Response,
    actor: Writer,
    session: SessionDep,
    ref: str,
    values: ProgrammeMove,
    rules: RulesDep,
    once: OnceDep,
) -> ProgrammeView:
    """Change the status: draft → active ⇄ suspended, any → ended, ended → active when extended. Needs If-Match."""

    def do() -> Programme:
        programme = queries.get(session, actor, ref)
        require_match(if_match, queries.view(actor, programme).etag)
        return service.move(session, actor, programme, values, rules)

    return _once(once, response, session, actor, do)


@router.post("/{ref}/assurance", response_model=ProgrammeView)
def assure_programme(
    if_match: IfMatch,
    response: Response,
    actor: Writer,
    session: SessionDep,
    ref: str,
    rules: RulesDep,
    once: OnceDep,
    values: Assurance | None = None,
) -> ProgrammeView:
    """Say that the record is right today: for the usual time, or until the day that is sent."""
    until = values.assured_until if values else None

    def do() -> Programme:
        programme = queries.get(session, actor, ref)
        honour_match(if_match, queries.view(actor, programme).etag)
        return service.assure(session, actor, programme, until, rules)

    return _once(once, response, session, actor, do)


@router.post("/{ref}/merge", response_model=ProgrammeView)
def merge_programme(
    if_match: IfMatch,
    response: Response,
    actor: Writer,
    session: SessionDep,
    ref: str,
    values: MergeIn,
    once: OnceDep,
) -> ProgrammeView:
    """End a programme as a duplicate of another one, which its references then lead to."""

    def do() -> Programme:
        programme = queries.get(session, actor, ref)
        honour_match(if_match, queries.view(actor, programme).etag)
        return service.merge(session, actor, programme, queries.to_merge_into(session, actor, values.into))

    return _once(once, response, session, actor, do)


def _once(
    once: OnceDep, response: Response, session: SessionDep, actor: Actor, do: Callable[[], Programme]
) -> ProgrammeView:
    response.status_code = 200
    programme = once(response, do, _name, lambda refs: queries.get(session, actor, refs[0]))
    return _answer(response, actor, programme)


def _name(programme: Programme) -> list[str]:
    return [programme.ref]


def _answer(response: Response, actor: Actor, programme: Programme) -> ProgrammeView:
    shown = queries.view(actor, programme)
    set_etag(response, shown.etag)
    return shown
