"""Practices over HTTP: what is published is open to everybody, officers open, publish and withdraw versions."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from app.access.authentication import OptionalActor
from app.access.once import OnceDep
from app.access.permissions import Permission, Requires
from app.core.actor import Actor
from app.core.db import SessionDep
from app.core.http import NeedsMatch, etag_of, require_match, set_etag
from app.practices import queries, service
from app.practices.models import PracticeVersion
from app.practices.schemas import (
    ClauseFilter,
    ClauseOut,
    Diff,
    Plan,
    PracticeIn,
    PracticeOut,
    Treatment,
    VersionIn,
    VersionMove,
    VersionOut,
)

router = APIRouter(prefix="/practices", tags=["practices"])
Writer = Annotated[Actor, Depends(Requires(Permission.PRACTICE_WRITE))]
Number = Annotated[int, Path(ge=1, le=100_000)]
Numbered = Annotated[int | None, Query(ge=1, le=100_000)]


@router.get("")
def list_practices(actor: OptionalActor, session: SessionDep) -> list[PracticeOut]:
    """The documents and their versions. Nobody has to sign in; who does sees consultations as well."""
    return queries.listed(session, actor)


@router.post("", status_code=201)
def create_practice(
    request: Request, response: Response, actor: Writer, session: SessionDep, values: PracticeIn, once: OnceDep
) -> PracticeOut:
    """Begin a document. Its text comes as a version."""
    response.status_code = 201
    practice = once(
        response,
        lambda: service.create(session, actor, values),
        lambda made: [made.ref],
        lambda kept: queries.load(session, actor, kept[0]),
    )
    response.headers["Location"] = f"{request.url.path}/{practice.ref}"
    return queries.get(session, actor, practice.ref)


@router.get("/{ref}")
def read_practice(actor: OptionalActor, session: SessionDep, ref: str) -> PracticeOut:
    """One document and its versions."""
    return queries.get(session, actor, ref)


@router.get("/{ref}/clauses")
def list_clauses(
    actor: OptionalActor, session: SessionDep, ref: str, wanted: Annotated[ClauseFilter, Query()]
) -> list[ClauseOut]:
    """The clauses of the current version, or of another that you may see, by theme, weapon category or stage."""
    return queries.clauses(session, actor, ref, wanted)


@router.get("/{ref}/clauses/{anchor}")
def read_clause(
    actor: OptionalActor, session: SessionDep, ref: str, anchor: str, version: Numbered = None
) -> ClauseOut:
    """One clause, as the current version or another one has it."""
    return queries.clause(session, actor, ref, anchor, version)


@router.get("/{ref}/diff")
def compare_versions(
    actor: OptionalActor,
    session: SessionDep,
    ref: str,
    after: Numbered = None,
    before: Numbered = None,
) -> Diff:
    """What changed, clause by clause, with the words marked.

    `after` is the current version unless said otherwise, `before` the one published before that.
    """
    return queries.difference(session, actor, ref, before, after)


@router.get("/{ref}/treatment")
def read_treatment(actor: OptionalActor, session: SessionDep, ref: str, version: Numbered = None) -> Treatment:
    """How each comment on a version was treated, published with it, without names."""
    return queries.treatment(session, actor, ref, version)


@router.get("/{ref}/versions/{number}")
def read_version(
    response: Response, actor: OptionalActor, session: SessionDep, ref: str, number: Number
) -> VersionOut:
    """One version, whole."""
    return _answer(response, queries.version(session, actor, ref, number))


@router.post("/{ref}/versions", status_code=201)
def open_version(
    request: Request,
    response: Response,
    actor: Writer,
    session: SessionDep,
    ref: str,
    values: VersionIn,
    once: OnceDep,
) -> VersionOut:
    """Take in a version as Markdown; it is then open for consultation. Ask `/plan` first what would be matched."""
    response.status_code = 201
    version = once(
        response,
        lambda: service.open_version(session, actor, queries.load(session, actor, ref), values),
        lambda made: [str(made.number)],
        lambda kept: queries.version(session, actor, ref, int(kept[0])),
    )
    response.headers["Location"] = f"{request.url.path}/{version.number}"
    return _answer(response, version)


@router.post("/{ref}/plan")
def plan_version(actor: Writer, session: SessionDep, ref: str, values: VersionIn) -> Plan:
    """Say which clause each heading of a file would be, and how that was found. Nothing is kept."""
    return service.plan(session, actor, queries.load(session, actor, ref), values.markdown)


@router.post("/{ref}/versions/{number}/status")
def move_version(
    if_match: NeedsMatch,
    response: Response,
    actor: Writer,
    session: SessionDep,
    ref: str,
    number: Number,
    wanted: VersionMove,
    once: OnceDep,
) -> VersionOut:
    """Publish a consultation version as the current one, or withdraw it. Needs If-Match."""

    def do() -> PracticeVersion:
        version = queries.version(session, actor, ref, number)
        require_match(if_match, etag_of(version.version))
        return service.move(session, actor, version, wanted)

    moved = once(
        response,
        do,
        lambda done: [str(done.number)],
        lambda kept: queries.version(session, actor, ref, int(kept[0])),
    )
    return _answer(response, moved)


def _answer(response: Response, version: PracticeVersion) -> VersionOut:
    shown = queries.version_view(version)
    set_etag(response, shown.etag)
    return shown
